import { afterEach, describe, expect, it, vi } from 'vitest';
import { listSnapshots } from '../../../shared/lake/listSnapshots.ts';
import { previewRows } from '../../../shared/lake/previewRows.ts';
import { queryLake } from '../../lakeReader.ts';
import { makeDeletedTable } from './deletedTable.ts';
import { readWithIcebird, serveToIcebird } from './icebird.ts';
import { MemoryStore } from './memoryStore.ts';
import { never, openDuckdb } from './testTable.ts';

afterEach(() => vi.unstubAllGlobals());

/** What all three can answer to the digit; icebird rounds decimals to doubles. */
const comparable = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows
    .map((row) => ({
      id: Number(row['id']),
      code: String(row['code'] ?? null),
      text: row['title'] ?? row['name'],
      amount: Number(row['amount']).toFixed(2),
      ratio: Number(row['ratio']),
    }))
    .toSorted((left, right) => left.id - right.id);

describe('a table with deleted rows in files of every age', () => {
  it('is the same at every snapshot to our reader, DuckDB and icebird', async () => {
    const store = new MemoryStore();
    serveToIcebird(store);
    const { table, live } = await makeDeletedTable(await openDuckdb(), store, 'apart');
    const snapshots = await listSnapshots(store, table.current, never);
    expect(snapshots.map(({ snapshotId }) => snapshotId).toReversed()).toEqual([...live.keys()]);
    for (const { snapshotId, rows } of snapshots) {
      const expected = live.get(snapshotId) ?? [];
      expect(rows).toBe(expected.length);
      const { rows: ours, total } = await previewRows({
        store,
        pointer: table.current,
        limit: 10_000,
        asOf: snapshotId,
        signal: never,
      });
      expect(total).toBe(expected.length);
      expect(ours.map((row) => Number(row['id'])).toSorted((a, b) => a - b)).toEqual(expected);
      const { metadataKey } = table.current;
      const duckdb = await queryLake(store, metadataKey, snapshotId, 'select * from t');
      const icebird = await readWithIcebird(store, table.current, snapshotId);
      expect(comparable(duckdb)).toEqual(comparable(ours));
      expect(comparable(icebird)).toEqual(comparable(ours));
    }
  });
});
