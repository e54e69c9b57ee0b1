import { afterAll, expect, it } from 'vitest';
import { makeMysqlIdentity } from '../../connectors/mysql_identity.ts';
import type { Connector, Context } from '../../shared/connectors/connector.ts';
import { mariadbHost, startMariadb } from '../mariadb.ts';
import { describeConnector } from './conformance.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

const connector = makeMysqlIdentity({
  rows: 4,
  bytes: 2 ** 20,
  seconds: 30,
  unorderedBytes: 0,
}) as Connector;

if (mariadb !== null) {
  const password = 'reader-canary-77d1aa';
  await mariadb.execute(`
    create database shop; create database closed; create table closed.people(id int primary key, mail varchar(99));
    create user reader@'%' identified by '${password}'; grant select on shop.* to reader@'%';
    use shop; set time_zone = '+00:00';
    create table people(user_id int primary key, mail varchar(99) not null, full_name varchar(99),
      changed_at timestamp(6) not null default '2024-05-01 12:00:00', shoe_size int);
    insert into people select seq, concat('p', seq, '@example.com'), concat('Person ', seq),
      timestamp '2024-05-01 00:00:00' + interval seq div 3 microsecond, 40 from seq_1_to_13`);
  const config = {
    host: mariadbHost,
    port: mariadb.port,
    sslmode: 'disable',
    schema: 'shop',
    table: 'people',
    key: 'user_id',
    email: 'mail',
    name: 'full_name',
    cursor: 'changed_at',
  };
  const surroundings = () => ({ resolveHost: async () => mariadb.host });
  const rows = async (where: string): Promise<readonly string[]> =>
    (
      await mariadb.execute(
        `set time_zone = '+00:00'; select user_id, mail, full_name, changed_at from shop.people where ${where}`,
      )
    ).map(([id, email, name, at]) => `${id} ${email} ${name} ${at}+00`);

  describeConnector({
    connector,
    config,
    credentials: { user: 'reader', password },
    surroundings,
    stream: { name: 'people', primaryKey: ['id'], cursorField: 'changed_at', columns: null },
    identify: (row) =>
      `${row['id']} ${row['email']} ${row['name']} ${row['changed_at']}${'shoe_size' in row ? ' ?' : ''}`,
    expected: await rows('true'),
    add: async () => {
      await mariadb.execute(`use shop; set time_zone = '+00:00';
        insert into people select seq, concat('p', seq), 'New', '2024-05-02', 1 from seq_100_to_109`);
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
        title: 'a database without permission',
        config: { schema: 'closed' },
        code: 'source_forbidden',
        says: /Grant/,
      },
      {
        title: 'a missing table',
        config: { table: 'nobody' },
        code: 'source_not_found',
        says: /nobody/,
      },
      { title: 'a missing column', config: { key: 'uid' }, code: 'invalid_config', says: /uid/ },
      {
        title: 'a port where nobody listens',
        config: { port: 1 },
        code: 'source_unreachable',
        says: /Nothing listens/,
      },
    ],
  });

  it('refuses a column that cannot be a cursor, and offers no cursor where none is named', async () => {
    const context = (over: object): Context<unknown, unknown> => ({
      config: connector.config.parse({ ...config, ...over }),
      credentials: { user: 'reader', password },
      fetch: () => Promise.reject(new Error('no HTTP here')),
      now: () => new Date(),
      sleep: async () => {},
      signal: new AbortController().signal,
      log: { info() {}, warn() {}, error() {}, redact() {} } as never,
      ...surroundings(),
    });
    expect(await connector.check(context({ cursor: 'full_name', name: undefined }))).toMatchObject({
      ok: false,
      code: 'invalid_config',
      message: expect.stringMatching(/cannot be a cursor/),
    });
    const [people] = await connector.discover(context({ cursor: undefined }));
    expect(people).toMatchObject({
      name: 'people',
      primaryKey: ['id'],
      cursorFields: [],
      modes: ['full_refresh', 'full_refresh_append'],
    });
    expect(people?.columns?.map(({ name }) => name)).toEqual(['id', 'email', 'name']);
  });
}

it('takes plain names only', () => {
  const parses = (name: string): boolean =>
    connector.config.safeParse({
      host: 'db.example.com',
      schema: 'shop',
      table: name,
      key: 'id',
      email: 'mail',
    }).success;
  for (const name of ['people', '2fast', 'a$b', 'x'.repeat(64)]) expect(parses(name)).toBe(true);
  for (const name of ['a`b', '123', 'a b', 'a.b', '', 'ä', 'x'.repeat(65)])
    expect(parses(name), name).toBe(false);
});
