import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import { seeded } from '../../randomness.ts';
import { MergeTable } from './mergeTable.ts';

/** Between the columns that matter lie others, larger than what is fetched rather than asked for apart. */
const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'big_1', type: 'string' },
  { id: 3, name: 'changed', type: 'long' },
  { id: 4, name: 'big_2', type: 'string' },
  { id: 5, name: '_deleted', type: 'boolean' },
  { id: 6, name: 'big_3', type: 'string' },
];
const rule = {
  kind: 'upsert',
  key: ['id'],
  cursor: 'changed',
  onDelete: 'tombstone',
} as const;
const big = (column: number): string =>
  Array.from({ length: 8 }, (_, part) => `hash(i * 100 + ${column * 10 + part})`).join(' || ');
const rows = (from: number, to: number, changed = '0', first = 1): string =>
  `SELECT i AS id, ${big(first)} AS big_1, ${changed} AS changed, ${big(2)} AS big_2, false AS _deleted, ${big(3)} AS big_3
   FROM range(${from}, ${to}) t(i)`;

/** The same keys and cursors with another value. */
const changed = (from: number, to: number): string => rows(from, to, '0', 4);

interface Chunk {
  readonly column: string;
  readonly group: number;
  readonly from: number;
  readonly to: number;
}

async function chunksOf(table: MergeTable, path: string): Promise<readonly Chunk[]> {
  const found = await table.sql(
    `SELECT path_in_schema AS name, row_group_id AS "group", total_compressed_size AS size,
       coalesce(dictionary_page_offset, data_page_offset) AS "from"
     FROM parquet_metadata('${table.localPath(path)}')`,
  );
  return found.map((row) => ({
    column: String(row['name']),
    group: Number(row['group']),
    from: Number(row['from']),
    to: Number(row['from']) + Number(row['size']),
  }));
}

/** The chunks of which a merge read at least half. */
async function chunksRead(table: MergeTable, path: string): Promise<readonly Chunk[]> {
  const reads = table.reads.filter((read) => read.path === path);
  return (await chunksOf(table, path)).filter(({ from, to }) => {
    const covered = reads.reduce(
      (sum, read) => sum + Math.max(0, Math.min(to, read.to) - Math.max(from, read.from)),
      0,
    );
    return covered * 2 > to - from;
  });
}
const columnsRead = async (table: MergeTable, path: string): Promise<ReadonlySet<string>> =>
  new Set((await chunksRead(table, path)).map(({ column }) => column));

describe('a merge', () => {
  it('fetches footers, keys and cursors, and no other column', async () => {
    await using table = await MergeTable.open();
    const file = await table.add(await table.write(rows(0, 10_000, 'i'), schema));
    const adds = [await table.write(rows(5_000, 5_100, '5050'), schema)];
    const merged = await table.merge({ rule, schema, adds }, () => new Set());
    expect(merged).toMatchObject({ superseded: 51, deduplicated: 49 });
    expect(await columnsRead(table, file.path)).toEqual(new Set(['id', 'changed']));
    const read = table.reads.reduce((sum, { from, to }) => sum + to - from, 0);
    expect(merged.bytesRead).toBe(read);
    expect(read).toBeLessThan(file.bytes / 10);
  });

  it('leaves cursors unread where no row of the table can be newer', async () => {
    await using table = await MergeTable.open();
    const older = await table.add(await table.write(rows(0, 10_000, '10 + i % 2'), schema));
    const newer = await table.add(await table.write(rows(10_000, 20_000, '11 + i % 2'), schema));
    const adds = [await table.write(rows(9_900, 10_100, '11'), schema)];
    const merged = await table.merge({ rule, schema, adds }, () => new Set());
    expect(merged).toMatchObject({ superseded: 150, deduplicated: 50 });
    expect(await columnsRead(table, older.path)).toEqual(new Set(['id']));
    expect(await columnsRead(table, newer.path)).toEqual(new Set(['id', 'changed']));
  });

  it('fetches nothing of files whose keys are all others', async () => {
    await using table = await MergeTable.open();
    const files = [];
    for (const from of [0, 1_000, 2_000])
      files.push(await table.add(await table.write(rows(from, from + 900), schema)));
    const adds = [
      await table.write(`${changed(100, 110)} UNION ALL ${changed(2_800, 2_810)}`, schema),
    ];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged.superseded).toBe(20);
    const read = new Set(table.reads.map(({ path }) => path));
    expect(files.map(({ path }) => read.has(path))).toEqual([true, false, true]);
  });

  it('fetches only row groups that may hold one of the keys', async () => {
    await using table = await MergeTable.open();
    const file = await table.add(
      await table.write(rows(0, 40_960), schema, { rowGroupSize: 2_048 }),
    );
    const adds = [
      await table.write(
        `${changed(5_000, 5_010)} UNION ALL ${changed(20_470, 20_490)} UNION ALL ${changed(40_000, 40_001)}`,
        schema,
      ),
    ];
    const merged = await table.merge({ rule, schema, adds }, () => new Set());
    expect(merged.superseded).toBe(31);
    const groups = (await chunksRead(table, file.path)).map(({ group }) => group);
    // Whole rows of these, too: with the same cursors, they may all be there already.
    expect([...new Set(groups)]).toEqual([2, 9, 10, 19]);
    const [deletes] = merged.deletes;
    const positions = await table.sql(`SELECT pos FROM '${table.localPath(deletes?.path ?? '')}'`);
    expect(positions.map(({ pos }) => Number(pos))).toEqual([
      ...Array.from({ length: 10 }, (_, index) => 5_000 + index),
      ...Array.from({ length: 20 }, (_, index) => 20_470 + index),
      40_000,
    ]);
  });

  it('keeps files apart of which it fetched different parts', async () => {
    await using table = await MergeTable.open();
    const files = [];
    for (const from of [0, 8_192, 16_384])
      files.push(
        await table.add(
          await table.write(rows(from, from + 8_192), schema, { rowGroupSize: 2_048 }),
        ),
      );
    const wanted = [7, 8_191, 8_192 + 2_048, 16_384, 16_384 + 2_048, 16_384 + 4_096, 24_575];
    const adds = [
      await table.write(wanted.map((key) => changed(key, key + 1)).join(' UNION ALL '), schema),
    ];
    const merged = await table.merge({ rule, schema, adds }, () => new Set());
    const positions = await Promise.all(
      merged.deletes.map(async ({ path }) =>
        (await table.sql(`SELECT pos FROM '${table.localPath(path)}'`)).map(({ pos }) =>
          Number(pos),
        ),
      ),
    );
    expect(merged.deletes.map(({ deletesFrom }) => deletesFrom)).toEqual(
      files.map(({ path }) => path),
    );
    expect(positions).toEqual([[7, 8_191], [2_048], [0, 2_048, 4_096, 8_191]]);
  });

  it('fetches nothing of files whose keys are all null, unless a new one is', async () => {
    await using table = await MergeTable.open();
    const fields = schema.slice(0, 1);
    const file = await table.add(await table.write('SELECT NULL AS id FROM range(9)', fields));
    const merge = async (id: string): Promise<number> => {
      const adds = [await table.write(`SELECT ${id} AS id`, fields)];
      return (await table.merge({ rule: { ...rule, cursor: null }, schema: fields, adds }))
        .superseded;
    };
    expect(await merge('1')).toBe(0);
    expect(table.reads.some(({ path }) => path === file.path)).toBe(false);
    expect(await merge('NULL')).toBe(9);
  });

  it('finds NaN, which lies outside of all bounds', async () => {
    await using table = await MergeTable.open();
    const fields: readonly Field[] = [{ id: 1, name: 'id', type: 'double' }];
    // DuckDB's statistics mention a NaN of the last row group only.
    const file = await table.write(
      "SELECT CASE i WHEN 5 THEN 'NaN'::DOUBLE ELSE i END AS id FROM range(8192) t(i)",
      fields,
      { rowGroupSize: 2_048 },
    );
    expect(file.upperBounds[1]).toBeDefined();
    await table.add(file);
    const adds = [await table.write("SELECT 'NaN'::DOUBLE AS id", fields)];
    const merged = await table.merge({ rule: { ...rule, cursor: null }, schema: fields, adds });
    expect(merged.superseded).toBe(1);
  });

  it('makes one pass over the keys of a new file, and none over the table, where there is no table', async () => {
    await using table = await MergeTable.open();
    const adds = [await table.write(rows(0, 10_000), schema)];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged).toMatchObject({ adds, deletes: [], removes: [], deduplicated: 0 });
    expect(await columnsRead(table, adds[0]?.path ?? '')).toEqual(new Set(['id', 'changed']));
    const places = table.reads.flatMap(({ path, from, to }) => [
      `${path} ${from}`,
      `${path} ${to}`,
    ]);
    expect(new Set(places).size).toBe(places.length);
  });

  it('finds equal keys however they are cut, ordered or stored', async () => {
    const random = seeded('keys of every type');
    const literals: readonly (readonly [ColumnType, (n: number) => string])[] = [
      ['int', (n) => `${n - 5_000}`],
      ['long', (n) => `${n} * 922337203685477 - 4611686018427387904`],
      ['decimal(9, 2)', (n) => `(${n} - 5000) / 100`],
      ['decimal(18, 3)', (n) => `(${n}::HUGEINT - 5000) * 99999999999 / 1000`],
      ['decimal(38, 6)', (n) => `((${n} - 5000)::DECIMAL(38, 6)) * 12345678901234567890`],
      ['double', (n) => `(${n} - 5000) / 7`],
      ['float', (n) => `(${n} - 5000) * 1.5`],
      ['date', (n) => `DATE '1969-01-01' + ${n}`],
      [
        'timestamp',
        (n) => `TIMESTAMP '1969-12-31 23:00:00' + to_microseconds(${n}::BIGINT * 777777)`,
      ],
      [
        'timestamptz',
        (n) => `TIMESTAMPTZ '1969-12-31 23:00:00+00' + to_microseconds(${n}::BIGINT * 777777)`,
      ],
      ['string', (n) => `'the same sixteen and more ' || lpad('${n}', 5, '0') || '\u{1f600}'`],
      ['binary', (n) => `encode('the same sixteen and more ' || lpad('${n}', 5, '0'))`],
    ];
    for (const [type, literal] of literals) {
      await using table = await MergeTable.open();
      const fields: readonly Field[] = [{ id: 7, name: 'k', type }];
      const keys = (numbers: readonly number[]): string =>
        numbers
          .map(
            (n) => `SELECT CAST(${literal(n)} AS ${type === 'binary' ? 'BLOB' : 'VARCHAR'}) AS k`,
          )
          .join(' UNION ALL ');
      const wanted = Array.from({ length: 20 }, () => random.below(9_000));
      const files = [];
      for (let from = 0; from < 9_000; from += 3_000) {
        const numbers = [
          from,
          from + 2_999,
          ...wanted.filter((n) => n >= from && n < from + 3_000),
        ];
        files.push(await table.add(await table.write(keys([...new Set(numbers)]), fields)));
      }
      const adds = [await table.write(keys([...new Set(wanted)]), fields)];
      const merged = await table.merge({
        rule: { kind: 'appendOnce', key: ['k'], cursor: null },
        schema: fields,
        adds,
      });
      expect(merged.deduplicated, type).toBe(new Set(wanted).size);
    }
  });

  it('fails when a file of the table is shorter than its entry says, or is no Parquet file', async () => {
    await using table = await MergeTable.open();
    const file = await table.add(await table.write(rows(0, 1_000), schema));
    const adds = [await table.write(rows(0, 1), schema)];
    truncateSync(table.localPath(file.path), file.bytes - 10);
    await expect(table.merge({ rule, schema, adds })).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringContaining('ends before byte'),
    });
    const readRange = async (_path: string, from: number, to: number): Promise<Uint8Array> =>
      Buffer.alloc(to - from);
    await expect(table.merge({ rule, schema, adds, readRange })).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringContaining('no Parquet file'),
    });
    expect(table.leftovers).toEqual([]);
  });
});
