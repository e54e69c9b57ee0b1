import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { previewRows } from '../../../shared/lake/previewRows.ts';
import { readWithIcebird, serveToIcebird } from '../lake/icebird.ts';
import { never, openDuckdb, TestTable } from '../lake/testTable.ts';
import { typeCases, typeFields } from '../lake/typeCases.ts';
import { typesTable } from './typesTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterEach(() => vi.unstubAllGlobals());

describe('a table of files that Headgate wrote', () => {
  it('comes back to the last digit', async () => {
    const table = await typesTable(duckdb, new TestTable(duckdb));
    const { rows, columns } = await previewRows({
      store: table.store,
      pointer: table.current,
      limit: 10,
      signal: never,
    });
    expect(columns).toEqual(typeFields);
    for (const [{ name }, , expected] of typeCases)
      expect([name, ...rows.map((row) => row[name])]).toEqual([name, ...expected]);
  });

  it('is what icebird reads', async () => {
    const table = await typesTable(duckdb, new TestTable(duckdb));
    serveToIcebird(table.store);
    const rows = await readWithIcebird(table.store, table.current);
    for (const [{ name, type }, , , expected] of typeCases)
      for (const [index, value] of expected.entries()) {
        const got = rows[index]?.[name];
        if (type.startsWith('decimal') && typeof value === 'number')
          expect(Number(got) / value).toBeCloseTo(1, 12);
        else expect([name, got]).toEqual([name, value]);
      }
  });
});
