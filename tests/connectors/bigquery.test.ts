import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type {
  BigqueryConfig,
  BigqueryCredentials,
} from '../../connectors/bigquery/bigqueryConfig.ts';
import { makeBigquery } from '../../connectors/bigquery.ts';
import { makeBigqueryIdentity } from '../../connectors/bigquery_identity.ts';
import type { Connector, Context } from '../../shared/connectors/connector.ts';
import type { Json } from '../../shared/json.ts';
import { startBigquery } from '../simulators/bigquery.ts';
import { unlikeRecorded } from '../simulators/likeRecorded.ts';
import { vendorFile } from '../simulators/vendorFiles.ts';
import { describeConnector } from './conformance.ts';
import { numbersOf, readSql, wholeTable } from './readSql.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import {
  expectHeldToDescription,
  restContext,
  surroundingsOf,
  unreachable,
} from './restExample.ts';

const bigquery = await startBigquery();
const tokens = await openAccessTokens(bigquery);
afterAll(async () => {
  expectHeldToDescription(bigquery);
  await bigquery[Symbol.asyncDispose]();
  await tokens[Symbol.asyncDispose]();
});

const { warehouse, credentials, project } = bigquery;
await bigquery.createDataset('shop');
await bigquery.createDataset('closed');
bigquery.close('closed');
const makePeople = async (name: string): Promise<string> => {
  const table = await bigquery.createTable('shop', name, [
    { name: 'user_id', type: 'INTEGER', mode: 'REQUIRED' },
    { name: 'mail', type: 'STRING' },
    { name: 'full_name', type: 'STRING' },
    { name: 'changed_at', type: 'TIMESTAMP', mode: 'REQUIRED' },
  ]);
  await warehouse.run(`insert into ${table} select i, 'p' || i || '@example.com', 'Person ' || i,
    timestamptz '2024-05-01 00:00:00+00' + (i // 3) * interval 1 microsecond from range(1, 14) r(i)`);
  return table;
};
const [people, members] = [await makePeople('people'), await makePeople('members')];
bigquery.limitPages(3);

const limits = { rows: 4, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 };
const connector = makeBigquery(limits) as Connector;
const config = { project, schemas: ['shop'] };
const surroundings = () => ({ ...surroundingsOf(bigquery), accessToken: tokens.accessToken() });
const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

const rowsOf = async (table: string, names: string, where: string): Promise<readonly string[]> =>
  (
    await warehouse.rows(
      `select ${names}, replace(changed_at::varchar, '+00', '') from ${table} where ${where}`,
    )
  ).map((row) => `${row.join(' ')}+00`);
const add = async (table: string, names: string): Promise<readonly string[]> => {
  await warehouse.run(`insert into ${table} select i, 'p' || i, 'New',
    timestamptz '2024-05-02 00:00:00+00' from range(100, 110) r(i)`);
  return rowsOf(table, names, 'user_id >= 100');
};
const refusals = [
  {
    title: 'a key that Google does not know',
    credentials: { privateKey: stranger },
    code: 'invalid_credentials',
    says: /invalid_grant/,
  },
  {
    title: 'another location',
    config: { location: 'US' },
    code: 'source_not_found',
    says: /location/,
  },
  {
    title: 'an address that does not answer',
    surroundings: () => ({
      ...unreachable(bigquery),
      accessToken: async () => ({ token: 'nobody', answer: {} }),
    }),
    code: 'source_unreachable',
    says: /answer/,
  },
] as const;

describeConnector({
  connector,
  config,
  credentials,
  surroundings,
  stream: {
    name: 'shop.people',
    primaryKey: ['user_id'],
    cursorField: 'changed_at',
    columns: null,
  },
  identify: (row) => `${row['user_id']} ${row['mail']} ${row['full_name']} ${row['changed_at']}`,
  expected: await rowsOf(people, 'user_id, mail, full_name', 'true'),
  add: () => add(people, 'user_id, mail, full_name'),
  refusals: [
    ...refusals,
    {
      title: 'a dataset without permission',
      config: { schemas: ['closed'] },
      stream: 'closed.people',
      code: 'source_forbidden',
      says: /Data Viewer/,
    },
    {
      title: 'a missing dataset',
      config: { schemas: ['shop', 'gone'] },
      stream: 'gone.people',
      code: 'source_not_found',
      says: /gone/,
    },
  ],
  // It says nothing, and counts by the second; what stands before Google's services may say when.
  paced: { source: bigquery, says: ['nothing', 'seconds', 'date'], perSeconds: 1 },
});

describeConnector({
  connector: makeBigqueryIdentity(limits) as Connector,
  config: {
    project,
    schema: 'shop',
    table: 'members',
    key: 'user_id',
    email: 'mail',
    cursor: 'changed_at',
  },
  credentials,
  surroundings,
  stream: { name: 'people', primaryKey: ['id'], cursorField: 'changed_at', columns: null },
  identify: (row) => `${row['id']} ${row['email']} ${row['changed_at']}`,
  expected: await rowsOf(members, 'user_id, mail', 'true'),
  add: () => add(members, 'user_id, mail'),
  paced: { source: bigquery, says: ['nothing'], perSeconds: 1 },
  refusals: [
    ...refusals,
    { title: 'a missing table', config: { table: 'gone' }, code: 'source_not_found', says: /gone/ },
    {
      title: 'a dataset without permission',
      config: { schema: 'closed' },
      code: 'source_forbidden',
      says: /may not read|Data Viewer/,
    },
  ],
});

describe('BigQuery', () => {
  const context = (over: object = {}) =>
    restContext(connector, bigquery, {
      credentials,
      accessToken: tokens.accessToken(),
      ...over,
      config: { ...config, ...(over as { config?: object }).config },
    }) as Context<BigqueryConfig, BigqueryCredentials>;
  const sql = makeBigquery(limits);
  const incremental = (name: string, cursorField: string) =>
    wholeTable(name, { mode: 'incremental', primaryKey: ['id'], cursorField });

  it('reads every type to the last digit, lists and structures as JSON', async () => {
    const address = [
      { name: 'city', type: 'STRING' },
      { name: 'zip', type: 'INTEGER' },
    ];
    const kinds = await bigquery.createTable('shop', 'kinds', [
      { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
      { name: 'f', type: 'FLOAT' },
      { name: 'b', type: 'BOOLEAN' },
      { name: 'y', type: 'BYTES' },
      { name: 'd', type: 'DATE' },
      { name: 'dt', type: 'DATETIME' },
      { name: 'ts', type: 'TIMESTAMP' },
      { name: 't', type: 'TIME' },
      { name: 'n', type: 'NUMERIC' },
      { name: 'n12', type: 'NUMERIC', precision: '12', scale: '2' },
      { name: 'big', type: 'BIGNUMERIC' },
      { name: 'j', type: 'JSON' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      { name: 'address', type: 'RECORD', fields: address },
      { name: 'addresses', type: 'RECORD', mode: 'REPEATED', fields: address },
    ]);
    const structure = JSON.stringify({ f: [{ v: 'Bonn "am Rhein"' }, { v: '9007199254740993' }] });
    await warehouse.run(`insert into ${kinds} values
      (9223372036854775807, 'NaN', true, '\\x00\\xFF'::blob, '0001-01-01', '9999-12-31 23:59:59.999999',
       '1969-12-31 23:59:59.999999+00', '23:59:59.5', 12345678901234567890.123456789, -0.50,
       '1234567890123456789012345678901234567890.5', '{"a":1.10}', '[{"v":"a,b"},{"v":"c"}]', '${structure}', '[{"v":${structure}}]'),
      (-1, 1.5, false, ''::blob, '2024-02-29', '2024-02-29 00:00:00', '2024-02-29 12:00:00+00', '00:00:00', 1, 2.5,
       '3', 'null', '[]', null, '[]'),
      (3, null, null, null, null, null, null, null, null, null, null, null, '[]', null, '[]')`);
    const { rows } = await readSql(sql, context(), wholeTable('shop.kinds'));
    const [first, second, third] = rows;
    expect(first).toEqual({
      id: '9223372036854775807',
      f: 'NaN',
      b: 't',
      y: '\\x00ff',
      d: '0001-01-01',
      dt: '9999-12-31 23:59:59.999999',
      ts: '1969-12-31 23:59:59.999999+00',
      t: '23:59:59.5',
      n: '12345678901234567890.123456789',
      n12: '-0.5',
      big: '1234567890123456789012345678901234567890.5',
      j: '{"a":1.10}',
      tags: '["a,b","c"]',
      address: '{"city":"Bonn \\"am Rhein\\"","zip":9007199254740993}',
      addresses: '[{"city":"Bonn \\"am Rhein\\"","zip":9007199254740993}]',
    });
    expect(second).toMatchObject({ b: 'f', y: '\\x', tags: '[]', address: null, j: 'null' });
    expect(third).toMatchObject({ id: '3', f: null, ts: null, tags: '[]' });
    const types = (await sql.discover(context())).find(
      ({ name }) => name === 'shop.kinds',
    )?.columns;
    expect(types?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id long',
      'f double',
      'b boolean',
      'y binary',
      'd date',
      'dt timestamp',
      'ts timestamptz',
      't string',
      'n decimal(38, 9)',
      'n12 decimal(12, 2)',
      'big string',
      'j string',
      'tags string',
      'address string',
      'addresses string',
    ]);
  });

  it('goes on in the result of one query, though the table has changed meanwhile', async () => {
    const table = await bigquery.createTable('shop', 'moving', [{ name: 'id', type: 'INTEGER' }]);
    await warehouse.run(`insert into ${table} select i from range(1, 14) r(i)`);
    const before = bigquery.queries().length;
    const whole = await readSql(sql, context(), wholeTable('shop.moving'));
    expect(whole.batches.length).toBeGreaterThan(3);
    await warehouse.run(`delete from ${table} where id > 5`);
    const [first = null] = whole.checkpoints;
    expect(first).toMatchObject({ consistency: 'snapshot' });
    const rest = await readSql(sql, context(), wholeTable('shop.moving'), first);
    expect([...numbersOf({ rows: whole.batches[0] ?? [] }), ...numbersOf(rest)]).toEqual(
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
    expect(bigquery.queries().length - before, 'queries of both reads').toBe(1);
    bigquery.forgetResults();
    await expect(readSql(sql, context(), wholeTable('shop.moving'), first)).rejects.toMatchObject({
      code: 'cursor_expired',
    });
  });

  it('refuses to go on in a result whose columns are not those of the table any more', async () => {
    await bigquery.createTable('shop', 'wider', [{ name: 'id', type: 'INTEGER' }]);
    await warehouse.run(`insert into "${project}"."shop"."wider" select i from range(1, 14) r(i)`);
    const [first = null] = (await readSql(sql, context(), wholeTable('shop.wider'))).checkpoints;
    await warehouse.run(`drop table "${project}"."shop"."wider"`);
    await bigquery.createTable('shop', 'wider', [
      { name: 'id', type: 'INTEGER' },
      { name: 'more', type: 'STRING' },
    ]);
    await expect(readSql(sql, context(), wholeTable('shop.wider'), first)).rejects.toMatchObject({
      code: 'cursor_expired',
      message: expect.stringMatching(/columns/),
    });
  });

  it('waits for a query that takes long, in this invocation and in the next', async () => {
    const before = bigquery.queries().length;
    bigquery.slow(10);
    const read = readSql(sql, context(), wholeTable('shop.moving'));
    bigquery.slow(10);
    const { rows, checkpoints } = await read;
    expect(numbersOf({ rows })).toEqual([1, 2, 3, 4, 5]);
    const waiting = checkpoints.filter(({ at }) => at?.result?.place.includes('/w'));
    expect(waiting.length).toBeGreaterThanOrEqual(2);
    expect(new Set(waiting.map((each) => JSON.stringify(each))).size, 'each moves').toBe(
      waiting.length,
    );
    const resumed = await readSql(sql, context(), wholeTable('shop.moving'), waiting[0] ?? null);
    expect(numbersOf(resumed)).toEqual([1, 2, 3, 4, 5]);
    expect(bigquery.queries().length - before).toBe(1);
    bigquery.slow(0);
  });

  it('reads a backfill by local days, and rows without a cursor value with every incremental read', async () => {
    const table = await bigquery.createTable('shop', 'local', [
      { name: 'id', type: 'INTEGER' },
      { name: 'at', type: 'DATETIME' },
    ]);
    await warehouse.run(`insert into ${table} values (1, '2024-05-01 00:30:00'), (2, '2024-05-02 01:30:00'),
      (3, '2024-05-02 03:00:00'), (4, null)`);
    const berlin = { config: { timeZone: 'Europe/Berlin' } };
    const window = { from: '2024-04-30T22:30:00Z', to: '2024-05-02T00:00:00Z' };
    const filled = await readSql(sql, context(berlin), {
      ...incremental('shop.local', 'at'),
      window,
    });
    expect(numbersOf(filled)).toEqual([1, 2]);
    const whole = await readSql(sql, context(berlin), incremental('shop.local', 'at'));
    expect(numbersOf(whole)).toEqual([1, 2, 3, 4]);
    const again = await readSql(sql, context(berlin), incremental('shop.local', 'at'), whole.last);
    expect(numbersOf(again)).toEqual([3, 4]);
  });

  it('refuses a query that would cost more than is allowed, before it runs', async () => {
    const before = bigquery.queries().length;
    const cheap = context({ config: { maximumBytesBilled: 10 * 2 ** 20 } });
    await expect(readSql(sql, cheap, wholeTable('shop.moving'))).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(/20971520 bytes/),
    });
    expect(bigquery.queries().length).toBe(before);
  });

  it('says what to do when the quota of the day is used up, and retries what passes', async () => {
    const answer = (status: number, reason: string) => ({
      kind: 'answer' as const,
      answer: {
        status,
        body: { error: { code: status, message: 'No.', errors: [{ reason, message: 'No.' }] } },
      },
    });
    bigquery.fail(answer(403, 'quotaExceeded'), 1, '/queries/');
    await expect(readSql(sql, context(), wholeTable('shop.moving'))).rejects.toMatchObject({
      code: 'source_quota_exhausted',
    });
    bigquery.fail(answer(403, 'rateLimitExceeded'), 2, '/queries/');
    bigquery.fail(answer(503, 'backendError'), 2, '/jobs');
    bigquery.fail({ kind: 'hangUp' }, 1, '/jobs');
    const { rows } = await readSql(sql, context(), wholeTable('shop.moving'));
    expect(numbersOf({ rows })).toEqual([1, 2, 3, 4, 5]);
    bigquery.forgive();
  });

  it('is spoken to as the recorded answers of BigQuery are', async () => {
    const recorded = vendorFile('fixtures/bigquery__getQueryResults.json') as { body: Json } | null;
    if (recorded === null) return;
    const last = bigquery.requests.findLast(({ path }) => path.includes('/queries/'));
    const answer = await bigquery.ask(
      `${last?.path}?location=EU&startIndex=0&formatOptions.useInt64Timestamp=true`,
    );
    expect(
      unlikeRecorded(answer, recorded.body).filter((each) => !each.startsWith('.pageToken')),
    ).toEqual([]);
  });
});
