import { afterAll, it } from 'vitest';
import { type MariadbServer, startMariadb } from '../mariadb.ts';
import { seeded } from '../randomness.ts';
import { startHeadgate } from '../startHeadgate.ts';
import { compareEndToEnd, type ExpectedRows } from './endToEnd.ts';
import { valueKinds } from './mysqlValues.ts';

const mariadb = await startMariadb();
const headgate = mariadb === null ? null : await startHeadgate();
afterAll(async () => {
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

if (mariadb !== null && headgate !== null) {
  it('becomes an Iceberg table in which every value of every type is what the source has', async () => {
    await compareEndToEnd(headgate, sourceOf(mariadb, 'kinds'), await fill(mariadb));
  }, 120_000);
}
