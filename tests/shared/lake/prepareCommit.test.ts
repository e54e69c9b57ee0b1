import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import { readWithIcebird, serveToIcebird } from './icebird.ts';
import { openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterEach(() => vi.unstubAllGlobals());

const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'name', type: 'string' },
];

describe('prepareCommit', () => {
  it('creates a table that icebird reads', async () => {
    const table = new TestTable(duckdb);
    serveToIcebird(table.store);
    const file = await table.write("select i::int id, 'n' || i as name from range(5) t(i)", fields);
    await table.commit(fields, [file]);
    expect(await readWithIcebird(table.store, table.current)).toEqual(
      [0, 1, 2, 3, 4].map((id) => ({ id, name: `n${id}` })),
    );
  });
});
