import { afterAll, describe, expect, it } from 'vitest';
import type { Api } from '../api.ts';
import { type MariadbServer, startMariadb } from '../mariadb.ts';
import { seeded } from '../randomness.ts';
import { startHeadgate } from '../startHeadgate.ts';
import { watchHeadgate } from '../watchHeadgate.ts';
import { compareEndToEnd, type ExpectedRows } from './endToEnd.ts';
import { valueKinds } from './mysqlValues.ts';

const mariadb = await startMariadb();
const headgate = mariadb === null ? null : await startHeadgate();
const watch = headgate === null ? null : await watchHeadgate(headgate);
afterAll(async () => {
  await watch?.[Symbol.asyncDispose]();
  await headgate?.[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
});

const sourceOf = (
  server: MariadbServer,
  key: string,
): { key: string; [field: string]: unknown } => ({
  key,
  connector: 'mysql',
  config: { host: server.host, port: server.port, schemas: ['shop'], sslmode: 'require' },
  credentials: { user: server.user, password: server.password },
});

async function fill(server: MariadbServer): Promise<ExpectedRows> {
  const random = seeded('end to end');
  const client = await server.connect();
  try {
    await client.query(`create database shop character set utf8mb4; use shop; set time_zone = '+00:00', sql_mode = '', names utf8mb4;
      create table kinds(id int primary key, ${valueKinds.map(({ sql }, index) => `c${index} ${sql}`).join(', ')})`);
    const rows: (readonly (string | null)[])[] = [];
    for (let id = 1; id <= 200; id += 1) {
      const values = valueKinds.map((kind) => (random.chance(0.1) ? null : kind.make(random)));
      rows.push([`${id}`, ...values.map((value) => value?.read ?? null)]);
      await client.query(
        `insert into kinds values (${id}, ${valueKinds.map(({ literal }) => literal ?? '?').join(', ')})`,
        values.map((value) => value?.written ?? null),
      );
    }
    return {
      stream: 'shop.kinds',
      columns: [
        { name: 'id', type: 'int' },
        ...valueKinds.map(({ type }, index) => ({ name: `c${index}`, type })),
      ],
      rows,
    };
  } finally {
    await client.end();
  }
}

async function followsByCursor(api: Api, server: MariadbServer): Promise<void> {
  await server.execute(`use shop; create table events(id bigint unsigned primary key auto_increment, at timestamp(6) not null, word varchar(9));
    insert into events(at, word) select '2024-05-01 12:00:00', 'one' from seq_1_to_5`);
  await api.call('POST', '/v1/sources', {
    ...sourceOf(server, 'events'),
    name: 'events',
    status: 'active',
    streams: {
      'shop.events': { syncMode: 'incremental', primaryKey: ['id'], cursorField: 'at' },
    },
  });
  expect(await api.runToEnd('events')).toMatchObject({ result: 'loaded', counts: { written: 5 } });
  await server.execute(`use shop; update events set word = 'two', at = '2024-05-01 12:00:01' where id = 3;
    insert into events(at, word) values ('2024-05-01 12:00:00', 'late')`);
  expect(await api.runToEnd('events')).toMatchObject({ status: 'succeeded', result: 'loaded' });
  // Reads the overlap again, in which nothing is new.
  expect(await api.runToEnd('events')).toMatchObject({ result: 'nothing_new' });
  const { rows } = await api.call<{ rows: { id: string; word: string }[] }>(
    'GET',
    '/v1/sources/events/preview?stream=shop.events',
  );
  expect(rows.map(({ id, word }) => `${id} ${word}`).sort()).toEqual(
    ['1 one', '2 one', '3 two', '4 one', '5 one', '8 late'].sort(),
  );
}

if (mariadb !== null && headgate !== null && watch !== null) {
  describe('mysql through Headgate', () => {
    it('becomes a table in which every value of every type is what the source has', async () => {
      await compareEndToEnd(headgate, sourceOf(mariadb, 'kinds'), await fill(mariadb));
    });
  });

  it('follows changes by a cursor, each row once', async () => {
    await followsByCursor(watch.api, mariadb);
  });

  it('keeps passwords to itself, also of a run that is refused', async () => {
    const { api } = watch;
    const wrong = 'wrong-canary/pass+word=19';
    await api.call('PUT', '/v1/sources/events/credentials?verify=false', {
      credentials: { user: mariadb.user, password: wrong },
    });
    const failed = await api.runToEnd('events');
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'invalid_credentials' } });
    await api.call('POST', '/v1/sources/events/test');
    expect(await watch.findLeaks([mariadb.password, wrong], failed.id)).toEqual([]);
  });
}
