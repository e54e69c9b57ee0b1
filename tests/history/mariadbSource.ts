import type { Connection } from 'mysql2/promise';
import { makeMysql } from '../../connectors/mysql.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startMariadb } from '../mariadb.ts';
import type { Item, SourceDatabase, Writer } from './sourceDatabase.ts';

/** Sessions of tests are in UTC, so that a moment's text is the moment. */
const instant = (micros: string | null): string =>
  micros === null
    ? 'null'
    : `timestamp'${new Date(Number(BigInt(micros) / 1000n)).toISOString().slice(0, 19).replace('T', ' ')}.${(BigInt(micros) % 1_000_000n).toString().padStart(6, '0')}'`;
const literal = (text: string | null): string =>
  text === null ? 'null' : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const writerOn = (connection: Connection): Writer => ({
  insert: async (items) => {
    const rows = items.map(
      ({ id, at, n, word, amount }) =>
        `(${id}, ${instant(at)}, ${n ?? 'null'}, ${literal(word)}, ${amount ?? 'null'})`,
    );
    await connection.query(`insert into items values ${rows.join(', ')}`);
  },
  update: async ({ id, at, n, word, amount }) => {
    await connection.query(
      `update items set at = ${instant(at)}, n = ${n ?? 'null'}, word = ${literal(word)}, amount = ${amount ?? 'null'} where id = ${id}`,
    );
  },
  remove: async (id) => {
    await connection.query(`delete from items where id = ${id}`);
  },
});

/**
 * MariaDB as Headgate's reader sees it: each of its sessions begins at the test's time, so that no test waits for a
 * clock. null, after a test that says so, where the machine has none.
 */
export async function mariadbSource(): Promise<SourceDatabase | null> {
  const server = await startMariadb();
  if (server === null) return null;
  const open = async (): Promise<Connection> => {
    const connection = await server.connect();
    await connection.query("use shop; set time_zone = '+00:00'");
    return connection;
  };
  await server.execute(`create database shop character set utf8mb4 collate utf8mb4_bin;
    create user reader@'%' identified by 'reader-canary';
    grant select on shop.* to reader@'%'`);
  const connection = await open();
  return {
    name: 'mysql',
    stream: 'shop.items',
    host: server.host,
    config: {
      host: 'db.headgate.test',
      port: server.port,
      schemas: ['shop'],
      sslmode: 'disable',
    },
    credentials: { user: 'reader', password: 'reader-canary' },
    connector: (rows) =>
      makeMysql({ rows, bytes: 1 << 20, seconds: 3600, unorderedBytes: 0 }) as Connector,
    createTable: async ({ keyed, dated }) => {
      await connection.query(`drop table if exists items;
        create table items(id bigint ${keyed ? 'primary key' : 'not null'}, at timestamp(6) ${dated ? 'not null' : 'null'}, n bigint,
          word text, amount decimal(12, 3), index (at))`);
    },
    setClock: async (at) => {
      await connection.query(
        `set global init_connect = 'set timestamp = ${(at.getTime() / 1000).toFixed(3)}'`,
      );
    },
    writer: writerOn(connection),
    begin: async () => {
      const own = await open();
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
      const [rows] = await connection.query(
        `select cast(id as char), cast(cast(unix_timestamp(at) * 1000000 as signed) as char), cast(n as char), word,
           cast(amount as char) from items`,
      );
      return (rows as unknown as (readonly (string | null)[])[]).map(
        ([id, at, n, word, amount]): Item => ({
          id: id ?? '',
          at: at ?? null,
          n: n ?? null,
          word: word ?? null,
          amount: amount ?? null,
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await connection.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
