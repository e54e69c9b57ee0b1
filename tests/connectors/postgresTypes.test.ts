import { afterAll, expect, it } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import { startPostgres } from '../postgres.ts';
import { seeded } from '../randomness.ts';
import { postgresContext, readAll, requestOf } from './postgresContext.ts';
import { type ValueKind, valueKinds } from './postgresValues.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const random = seeded('random tables');

/** JSON text becomes an array of the column's type on its way in. */
const literal = ({ sql }: ValueKind, index: number): string =>
  sql.endsWith('[]')
    ? `(select array_agg(x::${sql.slice(0, -2)}) from json_array_elements_text($${index}::json) x)`
    : `$${index}::${sql}`;

const brief = (value: string | null | undefined): string =>
  `${value?.length} characters: ${JSON.stringify(value ?? null).slice(0, 200)}`;

for (const [table, transfer] of [
  ['random_copied', 'auto'],
  ['random_fetched', 'cursor'],
] as const)
  it(`reads every value of random rows as it was written, across batches (${transfer})`, async () => {
    const kinds = valueKinds.toSorted(() => random.next() - 0.5);
    const client = await postgres.connect();
    const written: (readonly (string | null)[])[] = [];
    try {
      await client.query(
        `create table ${table}(id int primary key, ${kinds.map(({ sql }, index) => `"c ${index}" ${sql}`).join(', ')})`,
      );
      await client.query('begin');
      for (let id = 0; id < 400; id += 1) {
        const values = kinds.map((kind) => (random.chance(0.1) ? null : kind.make(random)));
        written.push(values);
        await client.query(
          `insert into ${table} values (${id}, ${kinds.map((kind, index) => literal(kind, index + 1)).join(', ')})`,
          values,
        );
      }
      await client.query('commit');
    } finally {
      await client.end();
    }

    const connector = makePostgres({ rows: 37, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
    const context = postgresContext(postgres, { config: { transfer } });
    const [description] = (await connector.discover(context)).filter(
      ({ name }) => name === `public.${table}`,
    );
    expect(description?.columns?.slice(1).map(({ type }) => type)).toEqual(
      kinds.map(({ type }) => type),
    );
    const { rows, batches } = await readAll(connector, context, requestOf(`public.${table}`));
    expect(batches.length).toBe(Math.ceil(400 / 37));
    expect(rows.map((row) => Number(row['id']))).toEqual(written.map((_, id) => id));
    for (const [id, row] of rows.entries())
      for (const [index, kind] of kinds.entries()) {
        const read = row[`c ${index}`] as string | null;
        const value = written[id]?.[index] ?? null;
        const fits = read === null || value === null ? read === value : kind.equal(read, value);
        if (!fits)
          expect({ id, kind: kind.sql, read: brief(read) }).toEqual({
            id,
            kind: kind.sql,
            read: brief(value),
          });
        expect(fits, `${kind.sql} in row ${id}`).toBe(true);
      }
  });
