import { describe, expect, it } from 'vitest';
import shopifyCustomers from '../../connectors/shopify_customers.ts';
import { type Connector, ParkUntil } from '../../shared/connectors/connector.ts';
import { createLog } from '../../shared/log.ts';
import { type ShopifyCustomer, startShopify } from '../simulators/shopify.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';

const shopify = await startShopify();
const tokens = await openAccessTokens(shopify);

const connector = shopifyCustomers as Connector;
const config = { shop: 'acme.myshopify.com' };
const credentials = { accessToken: shopify.token };
const stream = { name: 'customers', primaryKey: ['id'], cursorField: 'updatedAt' };
const context = (over: object = {}) =>
  restContext(connector, shopify, { config, credentials, ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  ['id', 'firstName', 'email', 'updatedAt', 'amountSpent'].map((name) => row[name] ?? '').join(' ');
const told = (customer: ShopifyCustomer): string =>
  identify({ ...customer, amountSpent: customer.spent });

for (let index = 0; index < 420; index += 1) {
  shopify.create({ email: index % 2 === 0 ? `person${index}@example.com` : null });
  if (index % 4 === 0) shopify.clock.advance(1000);
}
shopify.clock.advance(3_600_000);

shopify.define('loyalty', 'points', 'number_integer');
shopify.define('loyalty', 'since', 'date');
shopify.define('custom.v1', 'ratio-of-returns', 'number_decimal');
shopify.define('custom.v1', 'note', 'single_line_text_field');

describeRestConnector({
  connector,
  simulator: shopify,
  config,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => shopify.customers().map(told),
  path: '/graphql.json',
  add: async () => {
    // All of one second, more than a page.
    const added = Array.from({ length: 400 }, () => shopify.create());
    shopify.clock.advance(3_600_000);
    return added.map(told);
  },
  refusals: [
    {
      title: 'a wrong token',
      credentials: { accessToken: 'shpat_canary_wrong' },
      code: 'invalid_credentials',
      says: /access token/,
    },
    {
      title: 'a shop that is not there',
      config: { shop: 'gone.myshopify.com' },
      credentials: { accessToken: 'shpat_canary_of_a_shop_that_is_gone' },
      code: 'source_not_found',
      says: /address of the shop/,
    },
    {
      title: 'an app without the scope',
      answer: {
        status: 403,
        body: { errors: '[API] This action requires merchant approval for read_customers scope.' },
      },
      code: 'source_forbidden',
      says: /Give the app the scope read_customers/,
    },
  ],
  leadElsewhere: {
    shop: [
      'acme.example',
      'acme.myshopify.com.evil.example',
      'evil.example/acme.myshopify.com',
      'acme.myshopify.com@evil.example',
      'a.b.myshopify.com',
    ],
  },
  ownFields: {
    make: () =>
      shopify.create({
        orders: 3,
        spent: '1234.50',
        metafields: {
          'loyalty.points': '9007199254740993',
          'loyalty.since': '2024-02-29',
          'custom.v1.ratio-of-returns': '0.125',
        },
      }).id,
    types: {
      metafield_loyalty_points: 'long',
      metafield_loyalty_since: 'date',
      'metafield_custom.v1_ratio-of-returns': 'decimal(38, 9)',
      'metafield_custom.v1_note': 'string',
      amountSpent: 'decimal(38, 6)',
      numberOfOrders: 'long',
    },
    row: {
      metafield_loyalty_points: '9007199254740993',
      metafield_loyalty_since: '2024-02-29',
      'metafield_custom.v1_ratio-of-returns': '0.125',
      amountSpent: '1234.50',
      amountSpentCurrency: 'EUR',
      numberOfOrders: '3',
      tags: '["vip"]',
    },
  },
  changes: {
    ids: () => shopify.customers().map(({ id }) => id),
    mark: (id: string, email) => shopify.update(id, { email }),
    field: 'email',
  },
  signIn: shopify,
});

describe('Shopify customers', () => {
  it('waits for the cost of its queries as long as Shopify says inside an answer of success', async () => {
    shopify.setBucket(1000, 100);
    const before = shopify.clock.now().getTime();
    const { rows } = await readAll(connector, context(), stream);
    expect(rows.map(identify).sort()).toEqual(shopify.customers().map(told).sort());
    expect(shopify.clock.now().getTime() - before).toBeGreaterThan(20_000);
    expect(shopify.impatient()).toBe(0);
    // One that does not wait is noticed.
    const hasty = context({ sleep: async () => shopify.clock.advance(500) });
    await readAll(connector, hasty, stream).catch(() => undefined);
    expect(shopify.impatient()).toBeGreaterThan(0);
    // A bucket that fills slowly is not slept for.
    shopify.setBucket(1000, 20);
    await expect(readAll(connector, context(), stream)).rejects.toBeInstanceOf(ParkUntil);
    shopify.setBucket(20_000, 1000);
  });

  it('takes exactly its window out of a filter that goes by whole days', async () => {
    shopify.clock.advance(3_600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    shopify.clock.advance(600_000);
    const [first, second] = shopify.customers();
    shopify.update(first!.id, { email: 'first@example.com' });
    shopify.clock.advance(600_000);
    shopify.update(second!.id, { email: 'too-young@example.com' });
    const early = await readAll(connector, context(), stream, checkpoint);
    expect(early.rows.map(({ email }) => email)).toEqual(['first@example.com']);
    shopify.clock.advance(600_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map(({ email }) => email)).toEqual(['too-young@example.com']);
  });

  it('loses none when customers change while they are read', async () => {
    const start = await readAll(connector, context(), { ...stream, columns: ['email'] });
    shopify.clock.advance(3_600_000);
    for (const { id } of shopify.customers()) shopify.update(id, { email: 'mass@example.com' });
    shopify.clock.advance(120_000);
    let pages = 0;
    shopify.onRequest(() => {
      pages += 1;
      shopify.update(shopify.customers()[pages]!.id, { email: `again${pages}@example.com` });
    });
    const first = await readAll(
      connector,
      context(),
      { ...stream, columns: ['email'] },
      start.checkpoint,
    );
    shopify.onRequest(null);
    shopify.clock.advance(120_000);
    const second = await readAll(
      connector,
      context(),
      { ...stream, columns: ['email'] },
      first.checkpoint,
    );
    const table = new Map([...first.rows, ...second.rows].map((row) => [row['id'], row['email']]));
    for (const { id, email } of shopify.customers())
      expect([id, table.get(id)]).toEqual([id, email]);
  });

  it('tells what Shopify denies inside an answer of success', async () => {
    for (const [code, meaning] of [
      ['ACCESS_DENIED', 'source_forbidden'],
      ['SHOP_INACTIVE', 'source_forbidden'],
      ['INTERNAL_SERVER_ERROR', 'source_unreachable'],
    ] as const) {
      shopify.refuseWith(code);
      expect(await connector.check(context())).toMatchObject({ ok: false, code: meaning });
      await expect(readAll(connector, context(), stream)).rejects.toMatchObject({ code: meaning });
    }
    shopify.refuseWith(null);
  });

  it('says in the log when Shopify answers with another version than was asked for', async () => {
    const lines: string[] = [];
    shopify.fail(
      {
        kind: 'answer',
        answer: {
          headers: { 'x-shopify-api-version': '2026-10' },
          body: { data: { customers: { nodes: [] } } },
        },
      },
      1,
    );
    await connector.check(context({ log: createLog((line) => lines.push(line)) }));
    expect(lines.join()).toContain('another version');
  });
});
