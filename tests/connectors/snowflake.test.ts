import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type {
  SnowflakeConfig,
  SnowflakeCredentials,
} from '../../connectors/snowflake/snowflakeConfig.ts';
import { makeSnowflake } from '../../connectors/snowflake.ts';
import { makeSnowflakeIdentity } from '../../connectors/snowflake_identity.ts';
import type { Connector, Context } from '../../shared/connectors/connector.ts';
import { startSnowflake } from '../simulators/snowflake.ts';
import { describeConnector } from './conformance.ts';
import { readBatch } from './readBatch.ts';
import { numbersOf, readSql, wholeTable } from './readSql.ts';
import {
  answering,
  expectHeldToDescription,
  restContext,
  surroundingsOf,
  unreachable,
} from './restExample.ts';

const snowflake = await startSnowflake();
afterAll(async () => {
  expectHeldToDescription(snowflake);
  await snowflake[Symbol.asyncDispose]();
});

const { warehouse, credentials, account, database } = snowflake;
await snowflake.createSchema('PUBLIC');
const makePeople = async (name: string): Promise<string> => {
  const table = await snowflake.createTable(
    'PUBLIC',
    name,
    [
      { name: 'USER_ID', type: 'NUMBER(38,0)', required: true },
      { name: 'MAIL', type: 'VARCHAR' },
      { name: 'FULL_NAME', type: 'VARCHAR' },
      { name: 'CHANGED_AT', type: 'TIMESTAMP_TZ', required: true },
    ],
    ['USER_ID'],
  );
  await warehouse.run(`insert into ${table} select i, 'p' || i || '@example.com', 'Person ' || i,
    timestamptz '2024-05-01 00:00:00+00' + (i // 3) * interval 1 microsecond from range(1, 14) r(i)`);
  return table;
};
const [people, members] = [await makePeople('PEOPLE'), await makePeople('MEMBERS')];
await makePeople('SALARIES');
snowflake.close('SALARIES');
snowflake.limitParts(3);

const limits = { rows: 4, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 };
const connector = makeSnowflake(limits) as Connector;
const config = { account, database, warehouse: 'READING' };
const surroundings = () => surroundingsOf(snowflake);
const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: {
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'canary-passphrase-7a',
  },
}).privateKey;

const rowsOf = async (table: string, names: string, where: string): Promise<readonly string[]> =>
  (
    await warehouse.rows(
      `select ${names}, replace("CHANGED_AT"::varchar, '+00', '') from ${table} where ${where}`,
    )
  ).map((row) => `${row.join(' ')}+00`);
const add = async (table: string, names: string): Promise<readonly string[]> => {
  await warehouse.run(`insert into ${table} select i, 'p' || i, 'New',
    timestamptz '2024-05-02 00:00:00+00' from range(100, 110) r(i)`);
  return rowsOf(table, names, '"USER_ID" >= 100');
};
const refusals = [
  {
    title: 'a key that Snowflake does not have',
    credentials: { privateKey: stranger, privateKeyPassphrase: 'canary-passphrase-7a' },
    code: 'invalid_credentials',
    says: /public key/,
  },
  {
    title: 'a wrong passphrase',
    credentials: { privateKey: stranger, privateKeyPassphrase: 'canary-wrong-1b' },
    code: 'invalid_credentials',
    says: /passphrase/,
  },
  {
    title: 'a warehouse that is not there',
    config: { warehouse: 'NOTHING' },
    code: 'invalid_config',
    says: /warehouse/,
  },
  {
    title: 'a role without privileges',
    surroundings: answering(
      snowflake,
      {
        status: 422,
        body: {
          code: '003001',
          sqlState: '42501',
          message: 'SQL access control error: Insufficient privileges to operate on database',
        },
      },
      '/api/v2/statements',
      surroundings,
    ),
    code: 'source_forbidden',
    says: /Grant the role/,
  },
  {
    title: 'an address that does not answer',
    surroundings: () => unreachable(snowflake),
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
    name: 'PUBLIC.PEOPLE',
    primaryKey: ['USER_ID'],
    cursorField: 'CHANGED_AT',
    columns: null,
  },
  identify: (row) => `${row['USER_ID']} ${row['MAIL']} ${row['FULL_NAME']} ${row['CHANGED_AT']}`,
  expected: await rowsOf(people, '"USER_ID", "MAIL", "FULL_NAME"', 'true'),
  add: () => add(people, '"USER_ID", "MAIL", "FULL_NAME"'),
  refusals: [
    ...refusals,
    {
      title: 'a missing schema',
      config: { schemas: ['PUBLIC', 'Public'] },
      stream: 'Public.PEOPLE',
      code: 'source_not_found',
      says: /capitals count/,
    },
  ],
  paced: { source: snowflake, says: ['seconds', 'date'] },
});

describeConnector({
  connector: makeSnowflakeIdentity(limits) as Connector,
  config: {
    ...config,
    schema: 'PUBLIC',
    table: 'MEMBERS',
    key: 'USER_ID',
    email: 'MAIL',
    cursor: 'CHANGED_AT',
  },
  credentials,
  surroundings,
  stream: { name: 'people', primaryKey: ['id'], cursorField: 'CHANGED_AT', columns: null },
  identify: (row) => `${row['id']} ${row['email']} ${row['CHANGED_AT']}`,
  expected: await rowsOf(members, '"USER_ID", "MAIL"', 'true'),
  add: () => add(members, '"USER_ID", "MAIL"'),
  paced: { source: snowflake, says: ['seconds'] },
  refusals: [
    ...refusals,
    {
      title: 'a missing table',
      config: { table: 'members' },
      code: 'source_not_found',
      says: /members/,
    },
  ],
});

describe('Snowflake', () => {
  const context = (over: { config?: object; credentials?: object } = {}) =>
    restContext(connector, snowflake, {
      credentials: over.credentials ?? credentials,
      config: { ...config, ...over.config },
    }) as Context<SnowflakeConfig, SnowflakeCredentials>;
  const sql = makeSnowflake(limits);
  const incremental = (name: string, cursorField: string) =>
    wholeTable(name, { mode: 'incremental', primaryKey: ['ID'], cursorField });

  it('signs in with either kind of token, too', async () => {
    for (const given of [
      { accessToken: snowflake.accessToken },
      { oauthToken: snowflake.oauthToken },
      { user: credentials.user, privateKey: credentials.privateKey.replaceAll('\n', '\\n') },
    ])
      expect(await sql.check(context({ credentials: given }))).toMatchObject({ ok: true });
    for (const given of [{ accessToken: 'old' }, { oauthToken: 'old' }, { user: 'nobody' }])
      expect(await sql.check(context({ credentials: given }))).toMatchObject({
        ok: false,
        code: 'invalid_credentials',
      });
  });

  it('names a table that the role may not read', async () => {
    await expect(readSql(sql, context(), wholeTable('PUBLIC.SALARIES'))).rejects.toMatchObject({
      code: 'source_forbidden',
      message: expect.stringMatching(/Grant/),
    });
  });

  it('reads every type to the last digit', async () => {
    const kinds = await snowflake.createTable('PUBLIC', 'KINDS', [
      { name: 'ID', type: 'NUMBER(9,0)', required: true },
      { name: 'N38', type: 'NUMBER(38,0)' },
      { name: 'N12', type: 'NUMBER(12,2)' },
      { name: 'F', type: 'FLOAT' },
      { name: 'B', type: 'BOOLEAN' },
      { name: 'Y', type: 'BINARY' },
      { name: 'D', type: 'DATE' },
      { name: 'T', type: 'TIME' },
      { name: 'NTZ', type: 'TIMESTAMP_NTZ' },
      { name: 'LTZ', type: 'TIMESTAMP_LTZ' },
      { name: 'TZ', type: 'TIMESTAMP_TZ' },
      { name: 'V', type: 'VARIANT' },
    ]);
    await warehouse.run(`insert into ${kinds} values
      (1, 12345678901234567890123456789012345678, -0.50, 'inf', true, '\\x00\\xFF'::blob, '0001-01-01', '23:59:59.5',
       '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', '2024-05-01 12:00:00.000001+00', '{"a":1.10}'),
      (2, null, null, null, null, null, null, null, null, null, null, null)`);
    const { rows } = await readSql(sql, context(), wholeTable('PUBLIC.KINDS'));
    expect(rows).toEqual([
      {
        ID: '1',
        N38: '12345678901234567890123456789012345678',
        N12: '-0.50',
        F: 'Infinity',
        B: 't',
        Y: '\\x00ff',
        D: '0001-01-01',
        T: '23:59:59.500000',
        NTZ: '9999-12-31 23:59:59.999999',
        LTZ: '1969-12-31 23:59:59.999999+00',
        TZ: '2024-05-01 12:00:00.000001+00',
        V: '{"a":1.10}',
      },
      Object.fromEntries(
        Object.keys(rows[0] ?? {}).map((name) => [name, name === 'ID' ? '2' : null]),
      ),
    ]);
    const described = (await sql.discover(context())).find(({ name }) => name === 'PUBLIC.KINDS');
    expect(described?.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'ID int',
      'N38 decimal(38, 0)',
      'N12 decimal(12, 2)',
      'F double',
      'B boolean',
      'Y binary',
      'D date',
      'T string',
      'NTZ timestamp',
      'LTZ timestamptz',
      'TZ timestamptz',
      'V string',
    ]);
  });

  it('goes on in the result of one statement, though the table has changed meanwhile', async () => {
    const table = await snowflake.createTable('PUBLIC', 'MOVING', [
      { name: 'ID', type: 'NUMBER(9,0)' },
    ]);
    await warehouse.run(`insert into ${table} select i from range(1, 14) r(i)`);
    const selects = () => snowflake.statements().filter((each) => each.includes('"MOVING"')).length;
    const whole = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'));
    expect(whole.batches.length).toBeGreaterThan(3);
    await warehouse.run(`delete from ${table} where "ID" > 5`);
    const [first = null] = whole.checkpoints;
    expect(first).toMatchObject({ consistency: 'snapshot' });
    const rest = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'), first);
    expect([
      ...numbersOf({ rows: whole.batches[0] ?? [] }, 'ID'),
      ...numbersOf(rest, 'ID'),
    ]).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
    expect(selects(), 'statements of both reads').toBe(1);
    snowflake.forgetResults();
    await expect(readSql(sql, context(), wholeTable('PUBLIC.MOVING'), first)).rejects.toMatchObject(
      {
        code: 'cursor_expired',
      },
    );
  });

  it('waits for a statement that takes long, in this invocation and in the next', async () => {
    const before = snowflake.statements().filter((each) => each.includes('"MOVING"')).length;
    snowflake.slow(12);
    const { rows, checkpoints } = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'));
    expect(numbersOf({ rows }, 'ID')).toEqual([1, 2, 3, 4, 5]);
    const waiting = checkpoints.filter(({ at }) => at?.result?.place.includes('/w'));
    expect(waiting.length).toBeGreaterThanOrEqual(2);
    expect(new Set(waiting.map((each) => JSON.stringify(each))).size).toBe(waiting.length);
    const resumed = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'), waiting[0] ?? null);
    expect(numbersOf(resumed, 'ID')).toEqual([1, 2, 3, 4, 5]);
    const after = snowflake.statements().filter((each) => each.includes('"MOVING"')).length;
    expect(after - before).toBe(1);
    snowflake.slow(0);
  });

  it('waits for a slow statement of an incremental read in the same way, and for the same rows', async () => {
    const table = await snowflake.createTable('PUBLIC', 'SLOWLY', [
      { name: 'ID', type: 'NUMBER(9,0)', required: true },
      { name: 'AT', type: 'TIMESTAMP_NTZ' },
    ]);
    await warehouse.run(`insert into ${table} values (1, '2024-05-01 00:00:00')`);
    const slowly = incremental('PUBLIC.SLOWLY', 'AT');
    for (const request of [slowly, { ...slowly, primaryKey: [] }]) {
      const { last } = await readSql(sql, context(), request);
      const at = snowflake.clock.now().toISOString().replace('T', ' ').replace('Z', '');
      await warehouse.run(
        `insert into ${table} select 1 + count(*), timestamp '${at}' from ${table}`,
      );
      snowflake.clock.advance(7_200_000);
      const count = (): number =>
        snowflake.statements().filter((each) => /"SLOWLY".*where/is.test(each)).length;
      snowflake.slow(12);
      const { rows, checkpoints } = await readSql(sql, context(), request, last);
      const waiting = checkpoints.filter(({ at }) => at?.result?.place.includes('/w'));
      expect(waiting.length).toBeGreaterThanOrEqual(2);
      const before = count();
      const resumed = await readSql(sql, context(), request, waiting[0] ?? null);
      expect(numbersOf(resumed, 'ID')).toEqual(numbersOf({ rows }, 'ID'));
      expect(rows.length).toBeGreaterThanOrEqual(1);
      // That for rows without a time, and not the one that was waited for.
      expect(count() - before).toBe(1);
      snowflake.slow(0);
      const fast = await readSql(sql, context(), request, last);
      expect(numbersOf(fast, 'ID')).toEqual(numbersOf({ rows }, 'ID'));
    }
  });

  it('binds the values of a backfill in their order, by local time', async () => {
    const table = await snowflake.createTable('PUBLIC', 'LOCAL', [
      { name: 'ID', type: 'NUMBER(9,0)' },
      { name: 'AT', type: 'TIMESTAMP_NTZ' },
    ]);
    await warehouse.run(`insert into ${table} values (1, '2024-05-01 00:30:00'), (2, '2024-05-02 01:30:00'),
      (3, '2024-05-02 03:00:00'), (4, null)`);
    const berlin = { config: { timeZone: 'Europe/Berlin' } };
    const filled = await readSql(sql, context(berlin), {
      ...incremental('PUBLIC.LOCAL', 'AT'),
      window: { from: '2024-04-30T22:30:00Z', to: '2024-05-02T00:00:00Z' },
    });
    expect(numbersOf(filled, 'ID')).toEqual([1, 2]);
    const whole = await readSql(sql, context(berlin), incremental('PUBLIC.LOCAL', 'AT'));
    expect(numbersOf(whole, 'ID')).toEqual([1, 2, 3, 4]);
    const again = await readSql(
      sql,
      context(berlin),
      incremental('PUBLIC.LOCAL', 'AT'),
      whole.last,
    );
    expect(numbersOf(again, 'ID')).toEqual([3, 4]);
  });

  it('reads a part of a result that is longer than a page may be, also when it breaks off', async () => {
    const table = await snowflake.createTable('PUBLIC', 'LONG', [
      { name: 'ID', type: 'NUMBER(9,0)' },
      { name: 'TEXT', type: 'VARCHAR' },
    ]);
    // The first part is short, the second one has 70 MB.
    await warehouse.run(`insert into ${table} select i, case when i < 70 then 'short'
      else repeat('x', 1048576) end from range(140) r(i)`);
    snowflake.limitParts(70);
    const before = snowflake.requests.length;
    let broken = 0;
    snowflake.onRequest(({ query }) => {
      if (query.get('partition') !== '1' || broken > 0) return;
      broken += 1;
      snowflake.fail({ kind: 'brokenOff' }, 1, '/api/v2/statements/');
    });
    const lengths: number[] = [];
    for await (const batch of sql.read(context(), wholeTable('PUBLIC.LONG'), null))
      for (const row of await readBatch(batch, null)) lengths.push(String(row['TEXT']).length);
    snowflake.onRequest(null);
    snowflake.limitParts(3);
    expect(broken).toBe(1);
    expect(lengths).toHaveLength(140);
    expect(lengths.filter((length) => length === 1_048_576)).toHaveLength(70);
    const asked = snowflake.requests.slice(before).map(({ query }) => query.get('partition'));
    expect(asked.filter((part) => part === '1')).toHaveLength(2);
  });

  it('obeys a request to slow down, and asks again when the service stumbles', async () => {
    snowflake.throttle({ requests: 2, perSeconds: 5 });
    const slow = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'));
    expect(numbersOf(slow, 'ID')).toEqual([1, 2, 3, 4, 5]);
    expect(snowflake.violations()).toBe(0);
    snowflake.throttle(null);
    snowflake.fail({ kind: 'status', status: 503 }, 2);
    snowflake.fail({ kind: 'hangUp' }, 1);
    snowflake.fail({ kind: 'truncated' }, 1);
    const again = await readSql(sql, context(), wholeTable('PUBLIC.MOVING'));
    expect(numbersOf(again, 'ID')).toEqual([1, 2, 3, 4, 5]);
  });
});
