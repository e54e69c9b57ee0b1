import type pg from 'pg';
import { makePostgres } from '../../connectors/postgres.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startPostgres } from '../postgres.ts';
import type { Item, SourceDatabase, Writer } from './sourceDatabase.ts';

const instant = (micros: string | null): string | null =>
  micros === null ? null : `timestamptz 'epoch' + interval '${micros} microseconds'`;
const literal = (text: string | null): string =>
  text === null ? 'null' : `'${text.replaceAll("'", "''")}'`;
const tuple = ({ id, at, n, word, amount }: Item): string =>
  `(${id}, ${instant(at) ?? 'null'}, ${n ?? 'null'}, ${literal(word)}, ${amount ?? 'null'})`;

const writerOn = (client: pg.Client): Writer => ({
  insert: async (items) => {
    await client.query(`insert into items values ${items.map(tuple).join(', ')}`);
  },
  update: async (item) => {
    await client.query(
      `update items set (id, at, n, word, amount) = ${tuple(item)} where id = ${item.id}`,
    );
  },
  remove: async (id) => {
    await client.query(`delete from items where id = ${id}`);
  },
});

/**
 * PostgreSQL as Headgate's reader sees it: its role finds a `transaction_timestamp` of the test's before the
 * system's own, so that no test waits for a clock.
 */
export async function postgresSource(): Promise<SourceDatabase> {
  const server = await startPostgres();
  const client = await server.connect();
  await client.query(`
    create schema clock;
    create table clock.face (at timestamptz not null);
    insert into clock.face values ('2026-03-01T00:00:00Z');
    create function clock.transaction_timestamp() returns timestamptz stable language sql
      as 'select at from clock.face';
    create role reader login password 'reader-canary';
    alter role reader set search_path = clock, pg_catalog, public;
    grant usage on schema clock to reader;
    grant select on clock.face to reader;
    alter default privileges in schema public grant select on tables to reader;`);
  return {
    name: 'postgres',
    stream: 'public.items',
    host: server.host,
    config: {
      host: 'db.headgate.test',
      port: server.port,
      database: 'postgres',
      sslmode: 'disable',
    },
    credentials: { user: 'reader', password: 'reader-canary' },
    connector: (rows) =>
      makePostgres({ rows, bytes: 1 << 20, seconds: 3600, unorderedBytes: 0 }) as Connector,
    createTable: async ({ keyed, dated }) => {
      await client.query(`drop table if exists items;
        create table items (id int8 ${keyed ? 'primary key' : 'not null'}, at timestamptz ${dated ? 'not null' : ''}, n int8,
          word text, amount numeric(12, 3));
        create index on items (at)`);
    },
    setClock: async (at) => {
      await client.query('update clock.face set at = $1', [at]);
    },
    writer: writerOn(client),
    begin: async () => {
      const own = await server.connect();
      await own.query('begin');
      return {
        ...writerOn(own),
        commit: async () => {
          await own.query('commit');
          await own.end();
        },
      };
    },
    items: async () => {
      const { rows } = await client.query<Item>(
        `select id::text, (extract(epoch from at) * 1000000)::int8::text as at, n::text, word, amount::text
         from items`,
      );
      return rows;
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
