import { afterAll } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { postgresHost, startPostgres } from '../postgres.ts';
import { describeConnector } from './conformance.ts';
import type { Surroundings } from './connectorExample.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const password = 'reader-canary-93b1c0';
await postgres.execute(`
  create role reader login password '${password}';
  create schema closed; create table closed.salaries(id int primary key);
  grant usage on schema closed to reader`);

const small = { rows: 4, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 };
const surroundings = (): Surroundings => ({
  resolveHost: async () => postgres.host,
});

for (const transfer of ['auto', 'cursor'] as const) {
  const table = `orders_${transfer}`;
  await postgres.execute(`
    create table ${table}(
      id int primary key, label text, changed_at timestamptz not null default '2024-05-01 12:00Z');
    insert into ${table} select i, 'order ' || i, '2024-05-01Z'::timestamptz + i / 3 * interval '1 microsecond'
      from generate_series(1, 13) i;
    grant select on ${table} to reader`);
  const identify = (row: Readonly<Record<string, unknown>>): string =>
    `${row['id']} ${row['label']} ${row['changed_at']}`;
  const rows = async (where: string): Promise<readonly string[]> => {
    const { rows } = await postgres
      .execute(
        `set time zone 'UTC'; select id, label, changed_at::text from ${table} where ${where}`,
      )
      .then((results) => (Array.isArray(results) ? results.at(-1) : results));
    return rows.map(identify);
  };
  describeConnector({
    title: transfer,
    connector: makePostgres(small) as Connector,
    config: {
      host: postgresHost,
      port: postgres.port,
      database: 'postgres',
      sslmode: 'verify-full',
      ca: postgres.certificates.authority.certificate,
      transfer,
    },
    credentials: { user: 'reader', password },
    surroundings,
    stream: {
      name: `public.${table}`,
      primaryKey: ['id'],
      cursorField: 'changed_at',
      columns: null,
    },
    identify,
    expected: await rows('true'),
    add: async () => {
      await postgres.execute(`insert into ${table}
        select i, 'order ' || i, '2024-05-02Z' from generate_series(100, 109) i`);
      return rows('id >= 100');
    },
    openConnections: async () => {
      const { rows } = await postgres.execute(
        `select count(*)::int as n from pg_stat_activity where usename = 'reader'`,
      );
      return rows[0].n;
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
        title: 'an unknown user',
        credentials: { user: 'nobody_here' },
        code: 'invalid_credentials',
        says: /user/,
      },
      {
        title: 'a schema without permission',
        config: { schemas: ['closed'] },
        stream: 'closed.salaries',
        code: 'source_forbidden',
        says: /Grant/,
      },
      {
        title: 'a missing database',
        config: { database: 'nowhere' },
        code: 'source_not_found',
        says: /nowhere/,
      },
      {
        title: 'a port where nobody listens',
        config: { port: 1 },
        code: 'source_unreachable',
        says: /Nothing listens/,
      },
      {
        title: 'a private address',
        surroundings: () => ({
          resolveHost: async () => {
            throw new HeadgateError('address_refused', 'a private address is not allowed');
          },
        }),
        code: 'address_refused',
        says: /private/,
      },
      {
        title: 'a certificate of another authority',
        config: { ca: postgres.certificates.stranger.certificate },
        code: 'invalid_config',
        says: /certificate/,
      },
    ],
  });
}
