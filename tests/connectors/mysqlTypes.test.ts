import { afterAll, expect, it } from 'vitest';
import { makeMysql } from '../../connectors/mysql.ts';
import { startMariadb } from '../mariadb.ts';
import { seeded } from '../randomness.ts';
import { mysqlContext } from './mysqlContext.ts';
import { type Value, valueKinds } from './mysqlValues.ts';
import { readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

const random = seeded('random tables');
const brief = (value: unknown): string => JSON.stringify(value ?? null).slice(0, 200);

if (mariadb !== null) {
  it('reads every value of random rows as it was written, across batches', async () => {
    const kinds = valueKinds.toSorted(() => random.next() - 0.5);
    const rowCount = 300;
    const written: (readonly (Value | null)[])[] = [];
    const client = await mariadb.connect();
    try {
      await client.query(`create database shop character set utf8mb4; use shop;
        set time_zone = '+00:00', sql_mode = '', names utf8mb4;
        create table random(id int primary key,
          ${kinds.map(({ sql }, index) => `\`c ${index}\` ${sql}`).join(', ')}) row_format = dynamic`);
      for (let id = 0; id < rowCount; id += 1) {
        const values = kinds.map((kind) => (random.chance(0.1) ? null : kind.make(random)));
        written.push(values);
        await client.query(
          `insert into random values (${id}, ${kinds.map(({ literal }) => literal ?? '?').join(', ')})`,
          values.map((value) => value?.written ?? null),
        );
      }
    } finally {
      await client.end();
    }

    const connector = makeMysql({ rows: 37, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
    const context = mysqlContext(mariadb);
    const [description] = await connector.discover(context);
    expect(description?.columns?.slice(1).map(({ type }) => type)).toEqual(
      kinds.map(({ type }) => type),
    );
    const { rows, batches } = await readSql(connector, context, wholeTable('shop.random'));
    expect(batches.length).toBe(Math.ceil(rowCount / 37));
    expect(rows.map((row) => Number(row['id']))).toEqual(written.map((_, id) => id));
    for (const [id, row] of rows.entries())
      for (const [index, kind] of kinds.entries()) {
        const read = row[`c ${index}`] as string | null;
        const meant = written[id]?.[index]?.read ?? null;
        const { equal = (a: string, b: string) => a === b } = kind;
        const fits = read === null || meant === null ? read === meant : equal(read, meant);
        if (!fits)
          expect({ id, kind: kind.sql, read: brief(read) }).toEqual({
            id,
            kind: kind.sql,
            read: brief(meant),
          });
        expect(fits, `${kind.sql} in row ${id}`).toBe(true);
      }
  });
}
