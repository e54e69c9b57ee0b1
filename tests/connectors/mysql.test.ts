import { afterAll } from 'vitest';
import { makeMysql } from '../../connectors/mysql.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { mariadbHost, startMariadb } from '../mariadb.ts';
import { describeConnector } from './conformance.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

if (mariadb !== null) {
  const password = 'reader-canary-2f60aa';
  await mariadb.execute(`
    create database shop; create database closed; create table closed.salaries(id int primary key);
    create user reader@'%' identified by '${password}'; grant select on shop.* to reader@'%';
    create table shop.orders(id int primary key, label varchar(40),
      changed_at timestamp(6) not null default '2024-05-01 12:00:00');
    use shop; set time_zone = '+00:00';
    insert into shop.orders select seq, concat('order ', seq), timestamp '2024-05-01 00:00:00' + interval seq div 3 microsecond
      from seq_1_to_13`);
  const identify = (row: Readonly<Record<string, unknown>>): string =>
    `${row['id']} ${row['label']} ${row['changed_at']}`;
  const rows = async (where: string): Promise<readonly string[]> =>
    (
      await mariadb.execute(
        `set time_zone = '+00:00'; select id, label, changed_at from shop.orders where ${where}`,
      )
    ).map(([id, label, changedAt]) => `${id} ${label} ${changedAt}+00`);

  describeConnector({
    connector: makeMysql({ rows: 4, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 }) as Connector,
    config: {
      host: mariadbHost,
      port: mariadb.port,
      schemas: ['shop'],
      sslmode: 'verify-full',
      ca: mariadb.certificates.authority.certificate,
    },
    credentials: { user: 'reader', password },
    surroundings: () => ({ resolveHost: async () => mariadb.host }),
    stream: { name: 'shop.orders', primaryKey: ['id'], cursorField: 'changed_at', columns: null },
    identify,
    expected: await rows('true'),
    add: async () => {
      await mariadb.execute(`use shop; set time_zone = '+00:00';
        insert into shop.orders select seq, concat('order ', seq), '2024-05-02' from seq_100_to_109`);
      return rows('id >= 100');
    },
    openConnections: async () => {
      const [row] = await mariadb.execute(
        `select count(*) from information_schema.processlist where user = 'reader'`,
      );
      return Number(row?.[0]);
    },
    cannotBe: {
      source_throttled:
        'the protocol has no answer that asks to wait: a server that is full refuses the connection',
      source_not_found: 'a database that is missing is told like one that may not be seen',
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
        title: 'a database without permission',
        config: { schemas: ['closed'] },
        stream: 'closed.salaries',
        code: 'source_forbidden',
        says: /Grant/,
      },
      {
        title: 'a missing database',
        config: { schemas: ['shop', 'Shop'] },
        stream: 'Shop.orders',
        code: 'source_forbidden',
        says: /Shop/,
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
        config: { ca: mariadb.certificates.stranger.certificate },
        code: 'invalid_config',
        says: /certificate/,
      },
    ],
  });
}
