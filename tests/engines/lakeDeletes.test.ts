import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeletedTable, makeDeletedTable } from '../shared/lake/deletedTable.ts';
import { MemoryStore } from '../shared/lake/memoryStore.ts';
import { openDuckdb } from '../shared/lake/testTable.ts';
import { clickhouseReader, compareSnapshots, pyicebergReader } from './compareSnapshots.ts';
import { type LakeOnS3, openLakeOnS3 } from './lakeOnS3.ts';
import { findEngine } from './lakeReaders.ts';

const store = new MemoryStore('lake');
let lake: LakeOnS3;
let together: DeletedTable;
let apart: DeletedTable;
let chdb = '';
let python: string | null = null;

beforeAll(async () => {
  const duckdb = await openDuckdb();
  together = await makeDeletedTable(duckdb, store, 'together');
  apart = await makeDeletedTable(duckdb, store, 'apart');
  lake = await openLakeOnS3(store.bucket);
  await lake.upload(store);
  const clickhouse = await findEngine('chdb.sh');
  if ('missing' in clickhouse) throw new Error(`ClickHouse MUST run: ${clickhouse.missing}`);
  chdb = clickhouse.path;
  const pyiceberg = await findEngine('pyiceberg.sh');
  if ('path' in pyiceberg) python = pyiceberg.path;
  else if (pyiceberg.code === 3) console.log(`PyIceberg not compared: ${pyiceberg.missing}`);
  else throw new Error(`PyIceberg MUST run: ${pyiceberg.missing}`);
});
afterAll(async () => {
  await lake?.close();
});

const rowsOf = ({ live }: DeletedTable): number =>
  [...live.values()].reduce((sum, ids) => sum + ids.length, 0);

describe('deleted rows in files of every age, evolved, brought back', () => {
  it('are the same at every snapshot to ClickHouse', async () => {
    const reader = clickhouseReader(chdb, lake, together.table);
    const rows = await compareSnapshots(together.table, reader, Infinity);
    console.log(`${rows} rows of ${together.live.size} snapshots compared with ClickHouse`);
    expect(rows).toBe(rowsOf(together));
    expect(rows).toBeGreaterThan(25_000);
  });

  it('are the same at every snapshot to PyIceberg', async () => {
    if (python === null) return;
    const reader = pyicebergReader(python, lake, apart.table);
    const rows = await compareSnapshots(apart.table, reader, Infinity);
    console.log(`${rows} rows of ${apart.live.size} snapshots compared with PyIceberg`);
    expect(rows).toBe(rowsOf(apart));
  });

  it('are not found by those who filter for them', async () => {
    const [snapshotId = '', ids = []] = [...together.live].at(-2) ?? [];
    for (const [id, isThere] of [
      [ids[0] ?? 0, true],
      [0, false],
      [2_050, false],
      [9_000, false],
    ] as const) {
      const fields = [{ id: 1, name: 'id', type: 'long' }] as const;
      const expected = isThere ? [{ id: String(id) }] : [];
      const where = `id = ${id}`;
      const clickhouse = clickhouseReader(chdb, lake, together.table, { where });
      expect((await clickhouse(snapshotId, fields)).rows).toEqual(expected);
    }
  });
});
