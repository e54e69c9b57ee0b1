import { describe, expect, it } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import { rowsNear } from '../../../shared/merge/rowsNear.ts';
import { MergeTable } from './mergeTable.ts';
import { rowsQuery } from './rowsQuery.ts';

const least = '-9223372036854775808';
const most = '9223372036854775807';

const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'v', type: 'string' },
  { id: 3, name: '_run_id', type: 'string' },
  { id: 4, name: '_ingested_at', type: 'timestamptz' },
];
const query = (rows: readonly (readonly string[])[]): string =>
  rowsQuery(
    schema,
    rows.map((row) => [...row, 'NULL', 'NULL']),
  );
const field = (type: ColumnType): Field => ({ id: 1, name: 'id', type });
const long = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes.toString('base64');
};
const file = (from: bigint | null, to: bigint, nulls = 0) => ({
  live: {
    file: {
      valueCounts: { 1: 10 },
      nullCounts: { 1: nulls },
      lowerBounds: from === null ? {} : { 1: long(from) },
      upperBounds: { 1: long(to) },
    } as unknown as DataFile,
    deletes: null,
  },
});

describe('rows near those of some files', () => {
  it('are those between the least and the greatest bound of all', () => {
    expect(rowsNear('r', [file(5n, 9n), file(-3n, 4n), file(7n, 8n)], [field('long')])).toBe(
      `(SELECT * FROM r WHERE f1 BETWEEN CAST('-3' AS BIGINT) AND CAST('9' AS BIGINT))`,
    );
  });

  it('are all where a bound is missing, a null may be there, or values are no whole numbers', () => {
    expect(rowsNear('r', [file(5n, 9n), file(null, 4n)], [field('long')])).toBe('r');
    expect(rowsNear('r', [file(5n, 9n), file(1n, 4n, 1)], [field('long')])).toBe('r');
    expect(rowsNear('r', [file(5n, 9n)], [field('string')])).toBe('r');
    expect(rowsNear('r', [file(5n, 9n)], [field('timestamp')])).toBe('r');
    expect(rowsNear('r', [], [field('long')])).toBe('r');
  });

  it.each([
    ['in files with bounds', [[least, '-1'], [most], ['0', '7']]],
    [
      'in a file that has a null, too',
      [
        [least, 'NULL', most],
        ['0', '-1', '7'],
      ],
    ],
  ])('meet every row of the table that they equal, %s', async (_, files) => {
    await using table = await MergeTable.open();
    for (const keys of files)
      await table.add(await table.write(query(keys.map((key) => [key, "'old'"])), schema));
    const keys = [least, '-1', '0', '7', most, 'NULL', '8'];
    const adds = [await table.write(query(keys.map((key) => [key, "'new'"])), schema)];
    const merged = await table.merge({
      rule: { kind: 'upsert', key: ['id'], cursor: null, onDelete: 'tombstone' },
      schema,
      adds,
    });
    table.apply(merged);
    const rows = await table.rows(schema);
    expect(merged.superseded).toBe(files.flat().length);
    expect(rows.map(({ v }) => v)).toEqual(keys.map(() => 'new'));
  });
});
