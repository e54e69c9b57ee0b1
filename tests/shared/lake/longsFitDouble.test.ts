import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { longsFitDouble } from '../../../shared/lake/longsFitDouble.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
let table: TestTable;
beforeAll(async () => {
  duckdb = await openDuckdb();
  table = new TestTable(duckdb);
});

const long: Field = { id: 4, name: 'n', type: 'long' };
const write = (values: string, field = long) =>
  table.write(`select * from (values ${values}) t(n)`, [field]);

describe('longs', () => {
  it('fit a double up to 2^53 either way, whatever width they were written in', async () => {
    const files = [
      await write('(9007199254740992), (null)'),
      await write('(-9007199254740992)'),
      await write('(7)', { ...long, type: 'int' }),
      await write('(null)'),
    ];
    expect(longsFitDouble(files, 4)).toBe(true);
    expect(longsFitDouble([], 4)).toBe(true);
  });

  it('do not beyond it, nor where no bounds say so', async () => {
    const small = await write('(1)');
    for (const value of ['9007199254740993', '-9007199254740993'])
      expect(longsFitDouble([small, await write(`(${value})`)], 4)).toBe(false);
    expect(longsFitDouble([{ ...small, lowerBounds: {} }], 4)).toBe(false);
    expect(longsFitDouble([{ ...small, upperBounds: {} }], 4)).toBe(false);
  });
});
