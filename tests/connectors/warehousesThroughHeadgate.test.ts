import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../shared/json.ts';
import { type Api, ApiProblem } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { startMariadb } from '../mariadb.ts';
import { startPostgres } from '../postgres.ts';
import { startBigquery } from '../simulators/bigquery.ts';
import { shiftedClock } from '../simulators/clock.ts';
import { startSnowflake } from '../simulators/snowflake.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { type Watch, watchHeadgate } from '../watchHeadgate.ts';
import { runIntoEchoes } from './failingRuns.ts';

const clock = shiftedClock();
const bigquery = await startBigquery(clock);
const snowflake = await startSnowflake(clock);
const postgres = await startPostgres();
const mariadb = await startMariadb();
const simulators = [bigquery, snowflake];

/** A table of people in some database, as Headgate sees it. */
interface Subject {
  readonly connector: string;
  readonly stream: string;
  readonly config: Readonly<Record<string, Json>>;
  readonly credentials: Readonly<Record<string, Json>>;
  /** Table columns of key, e-mail address and name. */
  readonly columns: readonly [string, string, string];
  readonly cursorField?: string;
  /** Runs SQL that all of the databases understand; `people` is the table. */
  run(sql: (people: string) => string): Promise<void>;
}

const own = ['user_id', 'mail', 'full_name'] as const;
const landed = ['id', 'email', 'name'] as const;
const identity = { key: 'user_id', email: 'mail', name: 'full_name', cursor: 'changed_at' };

const shop = await (async () => {
  await bigquery.createDataset('shop');
  return bigquery.createTable('shop', 'people', [
    { name: 'user_id', type: 'INTEGER', mode: 'REQUIRED' },
    { name: 'mail', type: 'STRING' },
    { name: 'full_name', type: 'STRING' },
    { name: 'changed_at', type: 'TIMESTAMP' },
  ]);
})();
await snowflake.createSchema('PUBLIC');
const flakes = await snowflake.createTable('PUBLIC', 'PEOPLE', [
  { name: 'USER_ID', type: 'NUMBER(9,0)', required: true },
  { name: 'MAIL', type: 'VARCHAR' },
  { name: 'FULL_NAME', type: 'VARCHAR' },
  { name: 'CHANGED_AT', type: 'TIMESTAMP_NTZ' },
]);
const inSnowflake = {
  account: snowflake.account,
  database: snowflake.database,
  warehouse: 'READING',
};
const bigqueryRun: Subject['run'] = (sql) => bigquery.warehouse.run(sql(shop));
const postgresPassword = 'reader-canary-0c7d11';
await postgres.execute(`create role reader login password '${postgresPassword}';
  create table people(user_id int primary key, mail text, full_name text, changed_at timestamptz);
  grant select on people to reader`);

const subjects: readonly Subject[] = [
  {
    connector: 'bigquery',
    stream: 'shop.people',
    config: { project: bigquery.project, schemas: ['shop'] },
    credentials: bigquery.credentials,
    columns: own,
    run: async () => {},
  },
  {
    connector: 'bigquery_identity',
    stream: 'people',
    config: { project: bigquery.project, schema: 'shop', table: 'people', ...identity },
    credentials: bigquery.credentials,
    columns: landed,
    run: bigqueryRun,
  },
  {
    connector: 'snowflake',
    stream: 'PUBLIC.PEOPLE',
    config: inSnowflake,
    credentials: snowflake.credentials,
    columns: own,
    cursorField: 'CHANGED_AT',
    run: async () => {},
  },
  {
    connector: 'snowflake_identity',
    stream: 'people',
    config: {
      ...inSnowflake,
      schema: 'PUBLIC',
      table: 'PEOPLE',
      key: 'USER_ID',
      email: 'MAIL',
      name: 'FULL_NAME',
      cursor: 'CHANGED_AT',
    },
    credentials: { accessToken: snowflake.accessToken },
    columns: landed,
    cursorField: 'CHANGED_AT',
    run: (sql) => snowflake.warehouse.run(sql(flakes)),
  },
  {
    connector: 'postgres_identity',
    stream: 'people',
    config: {
      host: postgres.host,
      port: postgres.port,
      database: 'postgres',
      sslmode: 'disable',
      schema: 'public',
      table: 'people',
      ...identity,
    },
    credentials: { user: 'reader', password: postgresPassword },
    columns: landed,
    run: async (sql) => {
      await postgres.execute(sql('people'));
    },
  },
  ...(mariadb === null
    ? []
    : [
        {
          connector: 'mysql_identity',
          stream: 'people',
          config: {
            host: mariadb.host,
            port: mariadb.port,
            sslmode: 'require',
            schema: 'shop',
            table: 'people',
            ...identity,
          },
          credentials: { user: mariadb.user, password: mariadb.password },
          columns: landed,
          run: async (sql) => {
            await mariadb.execute(`set time_zone = '+00:00'; ${sql('shop.people')}`);
          },
        } satisfies Subject,
      ]),
];
if (mariadb !== null)
  await mariadb.execute(`create database shop; create table shop.people(user_id int primary key,
    mail varchar(99), full_name varchar(99), changed_at datetime(6))`);

let headgate: RunningHeadgate;
let watch: Watch;
let api: Api;

beforeAll(async () => {
  const values = Array.from(
    { length: 50 },
    (_, index) =>
      `(${index}, 'p${index}@example.com', 'Person ${index}', '2024-05-01 00:00:0${index % 10}')`,
  );
  for (const { run } of subjects)
    await run((people) => `insert into ${people} values ${values.join(', ')}`);
  const origins = Object.assign({}, ...simulators.map((each) => each.origins)) as object;
  headgate = await startHeadgate({
    functionEnvironment: { VENDOR_ORIGINS: JSON.stringify(origins) },
  });
  watch = await watchHeadgate(headgate);
  api = watch.api;
});

afterAll(async () => {
  await watch?.[Symbol.asyncDispose]();
  await headgate?.[Symbol.asyncDispose]();
  for (const each of simulators) await each[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
});

const source = ({
  connector,
  config,
  credentials,
  stream,
  columns,
  cursorField = 'changed_at',
}: Subject) => ({
  key: connector,
  name: connector,
  connector,
  config,
  credentials,
  status: 'active',
  streams: {
    [stream]: {
      syncMode: 'incremental',
      // As the source spells it.
      primaryKey: [connector === 'snowflake' ? 'USER_ID' : columns[0]],
      cursorField,
    },
  },
});

async function peopleOf({ connector, stream, columns }: Subject): Promise<readonly string[]> {
  const table = await api.call<LakeTable>('GET', `/v1/sources/${connector}/tables/${stream}`);
  const rows = await lakeReader(headgate.awsEndpoint).query(
    table,
    `select ${columns.map((name) => `"${name}"`).join(` || ' ' || `)} as person from t order by "${columns[0]}"`,
  );
  return rows.map(({ person }) => String(person));
}

for (const subject of subjects)
  describe(`${subject.connector} through Headgate`, () => {
    const { connector, stream } = subject;

    it('becomes a table that holds the people', async () => {
      await api.call('POST', '/v1/sources', source(subject));
      const run = await api.runToEnd(connector);
      expect(run).toMatchObject({ status: 'succeeded', result: 'loaded', error: null });
      expect(run.counts).toMatchObject({ read: 50, written: 50 });
      expect(await peopleOf(subject)).toEqual(
        Array.from({ length: 50 }, (_, id) => `${id} p${id}@example.com Person ${id}`),
      );
      const preview = await api.call<{ total: number }>(
        'GET',
        `/v1/sources/${connector}/preview?limit=5&stream=${stream}`,
      );
      expect(preview).toMatchObject({ total: 50 });
    });
  });

describe('incremental runs through Headgate', () => {
  it('replace people who changed by their key, and load each new one once', async () => {
    for (const { run } of subjects) {
      await run(
        (people) =>
          `update ${people} set full_name = 'Changed', changed_at = '2024-05-02 00:00:00' where user_id = 7`,
      );
      await run(
        (people) =>
          `insert into ${people} values (50, 'p50@example.com', 'Person 50', '2024-05-02 00:00:00')`,
      );
    }
    const wanted = Array.from(
      { length: 51 },
      (_, id) => `${id} p${id}@example.com ${id === 7 ? 'Changed' : `Person ${id}`}`,
    );
    await Promise.all(
      subjects.map(async (subject) => {
        const { connector } = subject;
        const run = await api.runToEnd(connector);
        expect(run, connector).toMatchObject({ status: 'succeeded', result: 'loaded' });
        expect(await peopleOf(subject), connector).toEqual(wanted);
        await api.runToEnd(connector);
        expect(await peopleOf(subject), connector).toEqual(wanted);
        await api.call('POST', `/v1/sources/${connector}/test`);
        await api.call('GET', `/v1/sources/${connector}/schema`);
      }),
    );
  });

  it('are refused to a source whose table is not there, when it is registered', async () => {
    for (const subject of subjects.filter(({ connector }) => connector.endsWith('_identity'))) {
      const { config } = subject;
      const refused = await api
        .call('POST', '/v1/sources', {
          ...source(subject),
          key: `${subject.connector}-wrong`,
          config: { ...config, table: 'nobody' },
        })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ApiProblem);
      expect((refused as ApiProblem).body, subject.connector).toMatchObject({ status: 400 });
    }
  });
});

it('keeps every credential and token to itself, also of runs that are refused and told again', async () => {
  const inWarehouses = subjects.filter(({ connector }) => /bigquery|snowflake/.test(connector));
  const failed = await runIntoEchoes(
    watch,
    simulators,
    inWarehouses.map(({ connector }) => connector),
  );
  const wrong = 'wrong-canary/pass+word=51';
  for (const { connector, credentials } of subjects.filter(
    (subject) => !inWarehouses.includes(subject),
  )) {
    await api.call('PUT', `/v1/sources/${connector}/credentials?verify=false`, {
      credentials: { ...credentials, password: wrong },
    });
    expect(await api.runToEnd(connector)).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_credentials' },
    });
  }
  const secrets = [
    wrong,
    ...subjects.flatMap(({ credentials }) =>
      Object.entries(credentials).flatMap(([name, value]) =>
        /key|password|secret|token/i.test(name) ? [String(value)] : [],
      ),
    ),
    ...bigquery.oauth.issued,
  ];
  expect(secrets.length).toBeGreaterThan(5);
  expect(await watch.findLeaks(secrets, failed)).toEqual([]);
  for (const simulator of simulators) expect([...simulator.problems]).toEqual([]);
}, 240_000);
