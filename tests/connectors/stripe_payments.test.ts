import { describe, expect, it } from 'vitest';
import stripePayments from '../../connectors/stripe_payments.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type StripeKind, startStripe } from '../simulators/stripe.ts';
import { describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';
import { stripeRefusals } from './stripeRefusals.ts';

const stripe = await startStripe();

const connector = stripePayments as Connector;
const credentials = { apiKey: stripe.key };
const kinds: readonly StripeKind[] = [
  'balance_transactions',
  'payment_intents',
  'refunds',
  // Last, because it adds more.
  'charges',
];
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['amount']} ${row['status']} ${row['created']}`;
const told = (kind: StripeKind): readonly string[] =>
  stripe
    .payments(kind)
    .map((each) => identify({ ...each, created: new Date(each.created * 1000).toISOString() }));
const context = (apiKey = stripe.key) =>
  restContext(connector, stripe, { credentials: { apiKey } });
const streamOf = (name: StripeKind) => ({ name, primaryKey: ['id'] });

for (let index = 0; index < 230; index += 1) {
  stripe.refund(stripe.pay(1000 + index).charge);
  // Some of the same second.
  if (index % 3 === 0) stripe.clock.advance(1000);
}
stripe.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: stripe,
  credentials,
  // Those of balances come again for ten days.
  stream: streamOf('charges'),
  identify,
  expected: () => told('charges'),
  path: '/v1/',
  also: kinds
    .filter((kind) => kind !== 'charges')
    .map((kind) => ({
      title: kind,
      stream: {
        ...streamOf(kind),
        ...(kind === 'balance_transactions' ? { cursorField: 'created' } : {}),
      },
      expected: () => told(kind),
    })),
  add: async () => {
    const before = new Set(told('charges'));
    for (let index = 0; index < 230; index += 1) stripe.pay(5000 + index);
    stripe.clock.advance(3_600_000);
    return told('charges').filter((each) => !before.has(each));
  },
  refusals: [
    {
      title: 'a key without permission',
      answer: {
        status: 403,
        body: { error: { type: 'invalid_request_error', message: 'rak_charge_read' } },
      },
      code: 'source_forbidden',
      says: /rak_charge_read.*read permission/,
    },
    ...stripeRefusals,
  ],
  recorded: kinds.map((kind) => ({
    file: `stripe__${kind.slice(0, -1)}`,
    ask: `/v1/${kind}?limit=1`,
    simulatedAt: 'data.0',
  })),
  forgets: () => stripe.clock.advance(31 * 86_400_000),
});

describe('Stripe payments', () => {
  it('reads a charge again when it was refunded, and the refund', async () => {
    const charges = await readAll(connector, context(), streamOf('charges'));
    const refunds = await readAll(connector, context(), streamOf('refunds'));
    const old = stripe.payments('charges').findLast(({ refunded }) => refunded === false)!.id;
    const { charge } = stripe.pay(777);
    const ids = [stripe.refund(charge), stripe.refund(old)];
    stripe.clock.advance(60_000);
    const changed = await readAll(connector, context(), streamOf('charges'), charges.checkpoint);
    expect(changed.rows.map(({ id, refunded }) => [id, refunded]).sort()).toEqual(
      [
        [charge, true],
        [old, true],
      ].sort(),
    );
    const fresh = await readAll(connector, context(), streamOf('refunds'), refunds.checkpoint);
    expect(fresh.rows.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it('reads balance transactions again until their money is available', async () => {
    const before = await readAll(connector, context(), streamOf('balance_transactions'));
    const { transaction } = stripe.pay(900);
    stripe.clock.advance(86_400_000);
    const made = await readAll(
      connector,
      context(),
      streamOf('balance_transactions'),
      before.checkpoint,
    );
    expect(made.rows.find(({ id }) => id === transaction)).toMatchObject({ status: 'pending' });
    stripe.clock.advance(7 * 86_400_000);
    stripe.settle(transaction);
    const settled = await readAll(
      connector,
      context(),
      streamOf('balance_transactions'),
      made.checkpoint,
    );
    expect(settled.rows.find(({ id }) => id === transaction)).toMatchObject({
      status: 'available',
    });
  });

  it('keeps out the secret with which anybody could pay', async () => {
    const whole = await readAll(connector, context(), streamOf('payment_intents'));
    stripe.pay(500);
    stripe.clock.advance(60_000);
    const later = await readAll(
      connector,
      context(),
      streamOf('payment_intents'),
      whole.checkpoint,
    );
    expect(later.rows).toHaveLength(1);
    expect(JSON.stringify([whole.rows, later.rows])).not.toContain('pi_canary_secret');
  });

  it('keeps amounts as whole numbers of the smallest unit', async () => {
    const { rows } = await readAll(connector, context(), streamOf('charges'));
    expect(rows.every(({ amount }) => Number.isInteger(amount))).toBe(true);
    const streams = await connector.discover(context());
    for (const { columns } of streams)
      expect(columns?.find(({ name }) => name === 'amount')?.type).toBe('long');
  });

  it('says which permission a restricted key lacks', async () => {
    expect(await connector.check(context(stripe.keyWithoutEvents))).toMatchObject({
      ok: false,
      code: 'source_forbidden',
      message: expect.stringContaining('balance transactions and events'),
    });
  });
});
