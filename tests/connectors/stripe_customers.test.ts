import { describe, expect, it } from 'vitest';
import stripeCustomers from '../../connectors/stripe_customers.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startStripe } from '../simulators/stripe.ts';
import { describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';
import { stripeRefusals } from './stripeRefusals.ts';

const stripe = await startStripe();

const connector = stripeCustomers as Connector;
const credentials = { apiKey: stripe.key };
const stream = { name: 'customers', primaryKey: ['id'] };
const context = (apiKey = stripe.key) =>
  restContext(connector, stripe, { credentials: { apiKey } });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['email']} ${row['balance']} ${row['metadata']} ${row['created']}`;

for (let index = 0; index < 250; index += 1) {
  stripe.create({
    email: `person${index}@example.com`,
    balance: index,
    metadata: { n: `${index}` },
  });
  // Some of the same second.
  if (index % 3 === 0) stripe.clock.advance(1000);
}
stripe.clock.advance(3_600_000);
const told = (customer: { [name: string]: unknown }): string =>
  identify({
    ...customer,
    metadata: JSON.stringify(customer['metadata']),
    created: new Date(Number(customer['created']) * 1000).toISOString(),
  });

describeRestConnector({
  connector,
  simulator: stripe,
  credentials,
  stream,
  identify,
  expected: () => stripe.customers().map(told),
  path: '/v1/',
  add: async () => {
    const added = Array.from({ length: 230 }, (_, index) =>
      stripe.create({ email: `late${index}@example.com` }),
    );
    stripe.clock.advance(3_600_000);
    return added.map(told);
  },
  remove: () => {
    const gone = stripe.customers().slice(3, 40);
    for (const { id } of gone) stripe.remove(id);
    stripe.clock.advance(3_600_000);
    return gone.map(({ id }) => id);
  },
  refusals: [
    {
      title: 'a key without permission',
      answer: {
        status: 403,
        body: {
          error: { type: 'invalid_request_error', message: 'The key lacks rak_customer_read.' },
        },
      },
      code: 'source_forbidden',
      says: /rak_customer_read.*read permission/,
    },
    ...stripeRefusals,
  ],
  recorded: [
    { file: 'stripe__customer', ask: '/v1/customers?limit=1', simulatedAt: 'data.0' },
    { file: 'stripe__event', ask: '/v1/events?limit=1', simulatedAt: 'data.0', except: ['data'] },
  ],
  ownFields: {
    make: () =>
      stripe.create({
        balance: -9_007_199_254_740_991,
        brand_new: { a: [1] },
      }).id,
    types: { balance: 'long', created: 'timestamptz' },
    row: {
      balance: -9_007_199_254_740_991,
      created: expect.stringMatching(/^2026-.*Z$/),
      other_fields: '{"brand_new":{"a":[1]}}',
    },
  },
  changes: {
    ids: () => stripe.customers().map(({ id }) => id),
    mark: (id: string, email) => stripe.update(id, { email }),
    field: 'email',
    atOnce: true,
  },
  forgets: () => stripe.clock.advance(31 * 86_400_000),
});

describe('Stripe customers', () => {
  it('reads what events tell of as it is now, once, and what was deleted as a tombstone', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first, second, third] = stripe.customers();
    stripe.update(first!.id, { email: 'one@example.com' });
    stripe.update(first!.id, { email: 'two@example.com', metadata: { vip: 'yes' } });
    stripe.update(second!.id, { email: 'gone@example.com' });
    stripe.remove(second!.id);
    const fresh = stripe.create({ email: 'new@example.com' });
    stripe.remove(third!.id);
    stripe.clock.advance(60_000);
    const changes = await readAll(connector, context(), stream, checkpoint);
    expect(changes.rows.map(({ id, email, metadata }) => [id, email, metadata]).sort()).toEqual(
      [
        [first!.id, 'two@example.com', '{"vip":"yes"}'],
        [fresh.id, 'new@example.com', '{}'],
      ].sort(),
    );
    expect(changes.tombstones.map(({ id }) => id).sort()).toEqual([second!.id, third!.id].sort());
    // Events of the overlap come again; they are known.
    stripe.clock.advance(60_000);
    const again = await readAll(connector, context(), stream, changes.checkpoint);
    expect([again.rows, again.tombstones]).toEqual([[], []]);
  });

  it('misses nothing that happens while the list is read', async () => {
    let pages = 0;
    const happened: string[] = [];
    stripe.onRequest(({ path }) => {
      if (path !== '/v1/customers') return;
      pages += 1;
      if (pages > 3) return;
      stripe.clock.advance(1000);
      happened.push(stripe.create({ email: `while${pages}@example.com` }).id);
      stripe.update(stripe.customers()[50 * pages]!.id, { description: `changed ${pages}` });
    });
    const whole = await readAll(connector, context(), stream);
    stripe.onRequest(null);
    stripe.clock.advance(60_000);
    const after = await readAll(connector, context(), stream, whole.checkpoint);
    const table = new Map([...whole.rows, ...after.rows].map((row) => [row['id'], identify(row)]));
    expect([...table.values()].sort()).toEqual(stripe.customers().map(told).sort());
    expect(happened.every((id) => table.has(id))).toBe(true);
  });

  it('goes on by time when the customer at the end of a page is gone', async () => {
    for (let index = 0; index < 150; index += 1) {
      stripe.create();
      stripe.clock.advance(1000);
    }
    let removed = '';
    let pages = 0;
    const { rows } = await readAll(connector, context(), stream, null, (batch) => {
      pages += 1;
      const last = batch.body.kind === 'records' ? batch.body.records.at(-1) : undefined;
      if (pages !== 1 || last === undefined) return;
      removed = String(last['id']);
      stripe.remove(removed);
    });
    const ids = new Set(rows.map(({ id }) => String(id)));
    expect(ids.has(removed)).toBe(true);
    expect([...ids].filter((id) => id !== removed).sort()).toEqual(
      stripe
        .customers()
        .map(({ id }) => id)
        .sort(),
    );
    expect(rows.length).toBeLessThan(stripe.customers().length + 10);
  });

  it('names the permission that a restricted key lacks, and not the key', async () => {
    const apiKey = stripe.keyWithoutEvents;
    const result = await connector.check(context(apiKey));
    expect(result).toMatchObject({ ok: false, code: 'source_forbidden' });
    expect(result.message).toContain('read permission for customers and events');
    expect(result.message).not.toContain(apiKey);
  });

  it('reads only the columns asked for, and the key', async () => {
    const { rows } = await readAll(connector, context(), { ...stream, columns: ['email'] });
    expect([...new Set(rows.flatMap((row) => Object.keys(row)))].sort()).toEqual(['email', 'id']);
  });
});
