import { describe, expect, it } from 'vitest';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import { rangesOfFile } from '../../../shared/merge/columnRange.ts';
import { aboveCut, type Comparable, compare, fromBound } from '../../../shared/merge/comparable.ts';
import { piecesOf } from '../../../shared/merge/lakeReader.ts';
import { keyPools } from './keyPools.ts';
import { MergeTable } from './mergeTable.ts';
import { rowsQuery } from './rowsQuery.ts';

describe('ranges of a file', () => {
  it('hold every value of it, whatever the type, and keep the order of values', async () => {
    await using table = await MergeTable.open();
    for (const [name, pool = []] of Object.entries(keyPools)) {
      const type = name as ColumnType;
      const field: Field = { id: 3, name: 'k', type };
      const values: (readonly [Comparable | null, Comparable | null])[] = [];
      for (const [literal = ''] of pool) {
        const file = await table.write(rowsQuery([field], [[literal]]), [field]);
        const { lower, upper, mayHaveNulls, mayHaveValues } = rangesOfFile(file)(field);
        expect({ mayHaveNulls, mayHaveValues }).toEqual({
          mayHaveNulls: false,
          mayHaveValues: true,
        });
        values.push([lower, upper]);
      }
      for (const [index, [lower, upper]] of values.entries()) {
        if (lower !== null && upper !== null)
          expect(compare(lower, upper), `${type} ${pool[index]?.[0]}`).toBeLessThanOrEqual(0);
        const next = values[index + 1]?.[0] ?? null;
        if (lower !== null && next !== null)
          expect(compare(lower, next), `${type} ${pool[index]?.[0]}`).toBeLessThanOrEqual(0);
      }
    }
  });

  it('say whether there are nulls and values, and nothing about a column that the entry does not know', async () => {
    await using table = await MergeTable.open();
    const fields: readonly Field[] = [
      { id: 1, name: 'a', type: 'long' },
      { id: 2, name: 'b', type: 'long' },
    ];
    const file = await table.write(
      rowsQuery(fields, [
        ['1', 'NULL'],
        ['NULL', 'NULL'],
      ]),
      fields,
    );
    const rangeOf = rangesOfFile(file);
    expect(fields.map(rangeOf)).toMatchObject([
      { lower: 1n, upper: 1n, mayHaveNulls: true, mayHaveValues: true },
      { lower: null, upper: null, mayHaveNulls: true, mayHaveValues: false },
    ]);
    expect(rangeOf({ id: 3, name: 'c', type: 'long' })).toEqual({
      lower: null,
      upper: null,
      mayHaveNulls: true,
      mayHaveValues: true,
    });
  });

  it('read bounds of the type that a column had before it was widened', () => {
    const int = Buffer.alloc(4);
    int.writeInt32LE(-7);
    expect(fromBound('long', int)).toBe(-7n);
    const float = Buffer.alloc(4);
    float.writeFloatLE(1.5);
    expect(fromBound('double', float)).toBe(1.5);
    expect(fromBound('decimal(38, 2)', Buffer.from([0xff]))).toBe(-1n);
  });

  it('take an upper bound of full length for the beginning of greater values', () => {
    const above = (bound: string): string =>
      Buffer.from(aboveCut('string', Buffer.from(bound)) ?? []).toString();
    expect(above('fifteen letters')).toBe('fifteen letters');
    expect(above('sixteen letters!')).toBe('sixteen letters"');
    expect(above('😀'.repeat(16))).toBe(`${'😀'.repeat(15)}😁`);
    expect(aboveCut('string', Buffer.from('\u{10ffff}'.repeat(16)))).toBeNull();
    expect(aboveCut('binary', Buffer.alloc(16, 0xff))).toBeNull();
    expect(aboveCut('binary', Buffer.alloc(15, 0xff))).toEqual(Buffer.alloc(15, 0xff));
  });
});

describe('pieces of ranges', () => {
  it('join what lies close together, cut what is large, and cover every byte once', () => {
    const megabyte = 2 ** 20;
    expect(
      piecesOf([
        { from: 10 * megabyte, to: 19 * megabyte },
        { from: 100, to: 200 },
        { from: 150, to: 300 },
        { from: 60_000, to: 61_000 },
        { from: 200_000, to: 200_001 },
      ]),
    ).toEqual([
      { from: 100, to: 61_000 },
      { from: 200_000, to: 200_001 },
      { from: 10 * megabyte, to: 14 * megabyte },
      { from: 14 * megabyte, to: 18 * megabyte },
      { from: 18 * megabyte, to: 19 * megabyte },
    ]);
    expect(piecesOf([])).toEqual([]);
  });
});
