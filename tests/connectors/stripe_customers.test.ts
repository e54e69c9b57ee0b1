import { afterAll } from 'vitest';
import stripeCustomers from '../../connectors/stripe_customers.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startStripe } from '../simulators/stripe.ts';
import { describeConnector } from './conformance.ts';
import { expectHeldToDescription, surroundingsOf } from './restExample.ts';

const stripe = await startStripe();
afterAll(async () => {
  expectHeldToDescription(stripe);
  await stripe[Symbol.asyncDispose]();
});

const credentials = { apiKey: stripe.key };
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

describeConnector({
  connector: stripeCustomers as Connector,
  config: {},
  credentials,
  surroundings: () => surroundingsOf(stripe),
  stream: { name: 'customers', primaryKey: ['id'], cursorField: null, columns: null },
  identify,
  expected: stripe.customers().map(told),
  add: async () => {
    const added = Array.from({ length: 230 }, (_, index) =>
      stripe.create({ email: `late${index}@example.com` }),
    );
    stripe.clock.advance(3_600_000);
    return added.map(told);
  },
  refusals: [
    {
      title: 'a wrong key',
      credentials: { apiKey: 'rk_live_canaryWrong3' },
      code: 'invalid_credentials',
      says: /Make a new key/,
    },
    {
      title: 'a connected account that is not there',
      config: { accountId: 'acct_gone' },
      code: 'source_not_found',
      says: /No such account/,
    },
    {
      title: 'an API that does not answer',
      surroundings: () => ({
        ...surroundingsOf(stripe),
        fetch: surroundingsOf(stripe, { 'https://api.stripe.com': 'http://127.0.0.1:9' }).fetch,
      }),
      code: 'source_unreachable',
      says: /answer/,
    },
  ],
  throttled: () => surroundingsOf(stripe),
});
