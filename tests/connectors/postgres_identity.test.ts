import { afterAll, expect, it } from 'vitest';
import { makePostgresIdentity } from '../../connectors/postgres_identity.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { postgresHost, startPostgres } from '../postgres.ts';
import { describeConnector } from './conformance.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const password = 'reader-canary-11c7e2';
await postgres.execute(`
  create role reader login password '${password}';
  create table people(user_id int primary key, mail text not null, full_name text, city text,
    changed_at timestamptz not null default '2024-05-01 12:00Z', shoe_size int);
  insert into people select i, 'p' || i || '@example.com', 'Person ' || i, 'Bonn',
    '2024-05-01Z'::timestamptz + i / 3 * interval '1 microsecond', 40 from generate_series(1, 13) i;
  create table secret_people(user_id int primary key, mail text);
  grant select on people to reader`);
const config = {
  host: postgresHost,
  port: postgres.port,
  database: 'postgres',
  sslmode: 'disable',
  schema: 'public',
  table: 'people',
  key: 'user_id',
  email: 'mail',
  name: 'full_name',
  cursor: 'changed_at',
  columns: ['city'],
};
const connector = makePostgresIdentity({
  rows: 4,
  bytes: 2 ** 20,
  seconds: 30,
  unorderedBytes: 0,
}) as Connector;
const identify = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(row).sort());
const rows = async (where: string): Promise<readonly string[]> => {
  const results =
    await postgres.execute(`set time zone 'UTC'; select user_id::text as id, mail as email,
    full_name as name, city, changed_at::text from people where ${where}`);
  return (Array.isArray(results) ? results.at(-1) : results).rows.map(identify);
};

describeConnector({
  connector,
  config,
  credentials: { user: 'reader', password },
  surroundings: () => ({ resolveHost: async () => postgres.host }),
  stream: { name: 'people', primaryKey: ['id'], cursorField: 'changed_at', columns: null },
  identify,
  expected: await rows('true'),
  add: async () => {
    await postgres.execute(`insert into people select i, 'p' || i, null, null, '2024-05-02Z', 1
      from generate_series(100, 109) i`);
    return rows('user_id >= 100');
  },
  cannotBe: {
    source_throttled:
      'the protocol has no answer that asks to wait: a server that is full refuses the connection',
  },
  refusals: [
    {
      title: 'a wrong password',
      credentials: { password: 'wrong-canary-5ab' },
      code: 'invalid_credentials',
      says: /password/,
    },
    {
      title: 'a table without permission',
      config: { table: 'secret_people', name: undefined, cursor: undefined, columns: [] },
      stream: 'people',
      code: 'source_forbidden',
      says: /Grant SELECT/,
    },
    {
      title: 'a missing table',
      config: { table: 'nobody' },
      code: 'source_not_found',
      says: /nobody/,
    },
    {
      title: 'a missing column',
      config: { email: 'Mail' },
      code: 'invalid_config',
      says: /no column Mail/,
    },
    {
      title: 'a port where nobody listens',
      config: { port: 1 },
      code: 'source_unreachable',
      says: /Nothing listens/,
    },
  ],
});

it('takes plain names only, and columns that land under names of their own', () => {
  const parses = (over: object): boolean =>
    connector.config.safeParse({ ...config, ...over }).success;
  expect(parses({})).toBe(true);
  for (const name of ['people; drop table x', 'people"', '1people', 'a.b', '', 'é', 'a'.repeat(64)])
    for (const field of ['schema', 'table', 'key', 'email', 'name', 'cursor'])
      expect(parses({ [field]: name }), `${field} ${name}`).toBe(false);
  expect(parses({ columns: ['city', 'id'] })).toBe(false);
  expect(parses({ columns: ['Email'] })).toBe(false);
  expect(parses({ name: 'mail' })).toBe(false);
  expect(parses({ schemas: ['public'] })).toBe(false);
  expect(parses({ cursor: 'user_id' })).toBe(true);
});
