import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import restApi from '../../connectors/rest_api.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { type ApiOrder, startRestApi } from '../simulators/restApi.ts';
import { describeConnector } from './conformance.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { readAll, restContext, surroundingsOf, unreachable } from './restExample.ts';
import { describeRestFaults } from './restFaults.ts';

const source = await startRestApi();
const tokens = await openAccessTokens(source);
afterAll(async () => {
  expect(source.problems).toEqual([]);
  await source[Symbol.asyncDispose]();
  await tokens[Symbol.asyncDispose]();
});

const connector = restApi as Connector;
const columns = [
  { name: 'id', type: 'long' },
  { name: 'updated_at', type: 'timestamptz' },
  { name: 'status', type: 'string' },
  { name: 'total', type: 'decimal(12,2)' },
  { name: 'customer', type: 'string', from: 'customer.name' },
];
const orders = {
  name: 'orders',
  path: '/orders',
  records: 'data.orders',
  paging: { kind: 'page', to: { name: 'page' } },
  pageSize: { to: { name: 'per_page' }, records: 50 },
  primaryKey: ['id'],
  columns,
  cursor: {
    field: 'updated_at',
    from: { name: 'updated_from' },
    to: { name: 'updated_to' },
    order: 'ascending',
  },
};
const config = {
  baseUrl: 'https://api.example.com/v2',
  auth: { kind: 'header', name: 'x-api-key', prefix: 'Key ' },
  limit: { requests: 500, perSeconds: 1 },
  errorMessage: 'error.message',
  streams: [orders],
};
const credentials = { token: source.token };
const stream = { name: 'orders', primaryKey: ['id'], cursorField: 'updated_at' };
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['status']} ${row['updated_at']} ${row['customer']}`;
const told = ({ customer, ...order }: ApiOrder): string =>
  identify({ ...order, customer: customer.name });
const contextOf = (over: object = {}, given: Readonly<Record<string, unknown>> = credentials) =>
  restContext(connector, source, {
    config: { ...config, ...over },
    credentials: given,
    accessToken: tokens.accessToken(),
  });

for (let index = 0; index < 120; index += 1) {
  source.create();
  if (index % 7 === 0) source.clock.advance(1500);
}
source.clock.advance(3_600_000);

describeConnector({
  connector,
  config,
  credentials,
  surroundings: () => surroundingsOf(source),
  stream: { ...stream, columns: null },
  identify,
  expected: source.orders().map(told),
  add: async () => {
    // One moment for all.
    const added = Array.from({ length: 130 }, () => source.create({ status: 'late' }));
    source.clock.advance(3_600_000);
    return added.map(told);
  },
  refusals: [
    {
      title: 'a wrong token',
      credentials: { token: 'canary-wrong-token' },
      code: 'invalid_credentials',
      says: /Check the credentials/,
    },
    {
      title: 'a list that this token may not read',
      config: { streams: [{ ...orders, path: '/private' }] },
      code: 'source_forbidden',
      says: /permission/,
    },
    {
      title: 'a path that is not there',
      config: { streams: [{ ...orders, path: '/orders/0/lines' }] },
      code: 'source_not_found',
      says: /names in the configuration/,
    },
    {
      title: 'an API that does not answer',
      surroundings: () => unreachable(source),
      code: 'source_unreachable',
      says: /answer/,
    },
  ],
  throttled: () => surroundingsOf(source),
});

describeRestFaults({
  connector,
  simulator: source,
  config,
  credentials,
  stream,
  identify,
  expected: () => source.orders().map(told),
  path: '/orders',
});

describe('a REST API of a configuration', () => {
  const all = (): readonly number[] =>
    source
      .orders()
      .map(({ id }) => id)
      .sort((left, right) => left - right);
  const lists = {
    'a token': {
      path: '/team/by-token',
      records: 'items',
      paging: { kind: 'token', next: 'meta.next', to: { name: 'after' } },
    },
    'an address': {
      path: '/by-address',
      records: '@list',
      paging: { kind: 'nextUrl', next: 'next' },
    },
    'a Link header': { path: '/by-link', paging: { kind: 'linkHeader' } },
    'an offset in the body': {
      path: '/search',
      method: 'POST',
      body: { filter: 'all' },
      records: 'hits',
      paging: { kind: 'offset', to: { in: 'body', name: 'page.offset' } },
      pageSize: { to: { in: 'body', name: 'page.limit' }, records: 30 },
    },
    'the last key': {
      path: '/after-key',
      records: 'orders',
      paging: { kind: 'lastKey', key: 'id', to: { name: 'after_id' }, more: 'has_more' },
    },
  };
  for (const [what, list] of Object.entries(lists))
    it(`is paged by ${what}`, async () => {
      const streams = [{ name: 'orders', primaryKey: ['id'], ...list }];
      const headers = { 'x-team': { secret: 'team' } };
      const given = { ...credentials, secrets: { team: source.team } };
      const context = contextOf({ streams, headers }, given);
      const { rows, batches } = await readAll(connector, context, {
        ...stream,
        mode: 'full_refresh',
      });
      expect(batches).toBeGreaterThan(3);
      expect(rows.map(({ id }) => id).sort((left, right) => Number(left) - Number(right))).toEqual(
        all(),
      );
      // Without declared columns records are as they came.
      expect(rows[0]).toMatchObject({ customer: { name: expect.any(String) }, tags: ['a', 'b'] });
    });

  it('signs in as the configuration says', async () => {
    const ways = [
      [{ kind: 'bearer' }, credentials],
      [{ kind: 'basic' }, { username: 'ada', password: source.token }],
      [{ kind: 'query', name: 'api_key' }, credentials],
      [
        {
          kind: 'oauth',
          grant: 'client_credentials',
          tokenUrl: 'https://api.example.com/oauth/token',
        },
        source.client,
      ],
    ] as const;
    for (const [auth, given] of ways)
      expect(await connector.check(contextOf({ auth }, given))).toMatchObject({ ok: true });
    expect(source.oauth.issued.length).toBeGreaterThan(0);
    expect(await connector.check(contextOf({ auth: { kind: 'none' } }, {}))).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
    });
  });

  it('says which secret is missing, and sends nothing without it', async () => {
    const before = source.requests.length;
    const headers = { 'x-team': { secret: 'team' } };
    expect(await connector.check(contextOf({ headers }))).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
      message: expect.stringContaining('secrets.team'),
    });
    expect(source.requests.length).toBe(before);
  });

  it('reads the children of each parent, with its key beside them', async () => {
    const lines = {
      name: 'lines',
      path: '/orders/{parent}/lines',
      records: 'lines',
      primaryKey: ['order_id', 'line'],
      parent: { stream: 'orders', key: 'id', column: 'order_id' },
    };
    const context = contextOf({ streams: [orders, lines] });
    const { rows } = await readAll(connector, context, {
      name: 'lines',
      primaryKey: ['order_id', 'line'],
      mode: 'full_refresh',
    });
    expect(rows).toHaveLength(2 * all().length);
    expect(rows.every(({ order_id, sku }) => sku === `S${order_id}`)).toBe(true);
  });

  it('shows what it comes to in a dry run: the first records of each stream', async () => {
    const plain = { name: 'plain', path: '/by-link' };
    const before = source.requests.length;
    const result = await connector.check(contextOf({ streams: [orders, plain] }));
    if (!result.ok) throw new Error(result.message);
    expect(result.sample?.map((each) => each.stream)).toEqual(['orders', 'plain']);
    const [first, second] = result.sample ?? [];
    expect(first?.records).toHaveLength(3);
    expect(Object.keys(first?.records[0] ?? {})).toEqual([
      ...columns.map(({ name }) => name),
      'other_fields',
    ]);
    expect(second?.records[0]).toMatchObject({ customer: { name: expect.any(String) } });
    expect(source.requests.length - before).toBe(2);
  });

  it('refuses addresses inside the network, of the API and of its token endpoint', async () => {
    for (const address of [
      'http://169.254.169.254/latest',
      'https://127.0.0.1:8443',
      'https://[::1]/',
      'https://10.0.0.7/api',
    ]) {
      const guarded = createFetch({ allow: [] });
      const hostile = restContext(connector, source, {
        config: { ...config, baseUrl: address },
        credentials,
        fetch: guarded,
      });
      expect(await connector.check(hostile)).toMatchObject({ ok: false, code: 'address_refused' });
      await expect(readAll(connector, hostile, stream)).rejects.toBeInstanceOf(HeadgateError);
    }
  });

  it('follows no address of another origin', async () => {
    source.fail(
      {
        kind: 'changed',
        change: (body) => ({ ...(body as object), next: 'https://evil.example/' }),
      },
      1,
      '/by-address',
    );
    const streams = [{ name: 'orders', primaryKey: ['id'], ...lists['an address'] }];
    await expect(readAll(connector, contextOf({ streams }), stream)).rejects.toMatchObject({
      code: 'source_answer_invalid',
    });
  });

  const wrong: readonly (readonly [string, object, string])[] = [
    ['an address with credentials in it', { baseUrl: 'https://a:b@api.example.com' }, 'baseUrl'],
    ['an address that is no web address', { baseUrl: 'file:///etc/passwd' }, 'baseUrl'],
    ['an address with a query', { baseUrl: 'https://api.example.com/?a=1' }, 'baseUrl'],
    [
      'a credential in a header',
      { headers: { Authorization: 'Bearer x' } },
      'headers.Authorization',
    ],
    ['a header that ends', { headers: { 'x-a': 'b\r\nx-c: d' } }, 'headers.x-a'],
    ['no stream', { streams: [] }, 'streams'],
    ['two streams of a name', { streams: [orders, orders] }, 'streams.1.name'],
    ['a path with a query', { streams: [{ ...orders, path: '/a?b=c' }] }, 'streams.0.path'],
    ['a path that leads out', { streams: [{ ...orders, path: '/../admin' }] }, 'streams.0.path'],
    [
      'a path without a slash',
      { streams: [{ ...orders, path: '@evil.example' }] },
      'streams.0.path',
    ],
    [
      'a key that is no column',
      { streams: [{ ...orders, primaryKey: ['x'] }] },
      'streams.0.primaryKey.0',
    ],
    [
      'a cursor without a column',
      { streams: [{ ...orders, cursor: { ...orders.cursor, field: 'x' } }] },
      'streams.0.cursor.field',
    ],
    [
      'a type there is not',
      { streams: [{ ...orders, columns: [{ name: 'id', type: 'money' }] }] },
      'streams.0.columns.0.type',
    ],
    [
      'a page without a size',
      { streams: [{ ...orders, pageSize: undefined }] },
      'streams.0.pageSize',
    ],
    [
      'a kind of paging there is not',
      { streams: [{ ...orders, paging: { kind: 'magic' } }] },
      'streams.0.paging.kind',
    ],
    [
      'a parent there is not',
      {
        streams: [
          {
            ...orders,
            cursor: undefined,
            path: '/{parent}',
            parent: { stream: 'x', key: 'id', column: 'p' },
          },
        ],
      },
      'streams.0.parent.stream',
    ],
  ];
  for (const [what, change, place] of wrong)
    it(`refuses ${what} at ${place}`, () => {
      const parsed = connector.config.safeParse({ ...config, ...change });
      expect(parsed.success).toBe(false);
      expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toContain(place);
    });
});

it('takes the examples of its page as they are', async () => {
  const text = await readFile('docs/connectors/rest_api.notes.md', 'utf8');
  const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, json = '']) => JSON.parse(json) as { config: unknown; credentials: unknown },
  );
  expect(examples).toHaveLength(2);
  for (const { config: shown, credentials: given } of examples) {
    expect(connector.config.parse(shown)).toBeTruthy();
    expect(connector.credentials.parse(given)).toBeTruthy();
  }
});
