import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { duckdbType, icebergTypeOf } from '../../../shared/lake/duckdbTypes.ts';
import { previewRows } from '../../../shared/lake/previewRows.ts';
import { columnType } from '../../../shared/lake/schema.ts';
import { readWithIcebird, serveToIcebird } from './icebird.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';
import { typeCases as cases, typeFields as fields, typesQuery as query } from './typeCases.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterEach(() => vi.unstubAllGlobals());

describe('every type', () => {
  it('comes back to the last digit', async () => {
    const table = new TestTable(duckdb);
    await table.commit(fields, [await table.write(query, fields)]);
    const { rows, columns } = await previewRows({
      store: table.store,
      pointer: table.current,
      limit: 10,
      signal: never,
    });
    expect(columns).toEqual(fields);
    for (const [{ name }, , expected] of cases)
      expect([name, ...rows.map((row) => row[name])]).toEqual([name, ...expected]);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  });

  it('is what icebird reads', async () => {
    const table = new TestTable(duckdb);
    serveToIcebird(table.store);
    await table.commit(fields, [await table.write(query, fields)]);
    const rows = await readWithIcebird(table.store, table.current);
    for (const [{ name, type }, , , expected] of cases)
      for (const [index, value] of expected.entries()) {
        const got = rows[index]?.[name];
        if (type.startsWith('decimal') && typeof value === 'number')
          expect(Number(got) / value).toBeCloseTo(1, 12);
        else expect([name, got]).toEqual([name, value]);
      }
  });
});

describe('types of DuckDB', () => {
  it('are found again for each type of the table', () => {
    for (const { type } of fields) expect(icebergTypeOf(duckdbType(type))).toBe(type);
  });

  it('that Iceberg lacks become the type that holds every value', () => {
    const expected: Record<string, string> = {
      TINYINT: 'int',
      UINTEGER: 'long',
      UBIGINT: 'decimal(20, 0)',
      HUGEINT: 'string',
      UUID: 'string',
      TIME: 'string',
      INTERVAL: 'string',
      "ENUM('a', 'b')": 'string',
      'STRUCT(a INTEGER)': 'string',
      'INTEGER[]': 'string',
      'DECIMAL(4,1)[]': 'string',
      'MAP(VARCHAR, DECIMAL(9,2))': 'string',
      JSON: 'string',
      'DECIMAL(18,3)': 'decimal(18, 3)',
      TIMESTAMP_NS: 'timestamp',
    };
    for (const [duckdbName, type] of Object.entries(expected)) {
      expect([duckdbName, icebergTypeOf(duckdbName)]).toEqual([duckdbName, type]);
      expect(columnType.safeParse(type).success).toBe(true);
    }
  });
});
