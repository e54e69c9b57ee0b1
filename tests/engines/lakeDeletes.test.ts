import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeletedTable, makeDeletedTable } from '../shared/lake/deletedTable.ts';
import { MemoryStore } from '../shared/lake/memoryStore.ts';
import { openDuckdb, TestTable } from '../shared/lake/testTable.ts';
import { clickhouseReader, compareSnapshots, pyicebergReader } from './compareSnapshots.ts';
import { type LakeOnS3, openLakeOnS3 } from './lakeOnS3.ts';
import { findEngine } from './lakeReaders.ts';

const store = new MemoryStore('lake');
let lake: LakeOnS3;
let together: DeletedTable;
let apart: DeletedTable;
let manyTogether: TestTable;
let manyApart: TestTable;
let chdb = '';
let python: string | null = null;

beforeAll(async () => {
  const duckdb = await openDuckdb();
  together = await makeDeletedTable(duckdb, store, 'together');
  apart = await makeDeletedTable(duckdb, store, 'apart');
  manyTogether = await makeManyCommits(duckdb, 'together');
  manyApart = await makeManyCommits(duckdb, 'apart');
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

/** More commits than manifests may have before they are merged; each deletes again in the first file. */
async function makeManyCommits(duckdb: DuckDBConnection, layout: 'apart' | 'together') {
  const table = new TestTable(duckdb, `many_deletes_${layout}`, store, layout);
  const fields = [{ id: 1, name: 'id', type: 'int' }] as const;
  const first = await table.write('select i::int id from range(100) t(i)', fields);
  await table.commit(fields, [first]);
  for (let commit = 0; commit < 70; commit++) {
    const file = await table.write(
      `select (${commit} * 2 + 1000 + i)::int id from range(2) t(i)`,
      fields,
    );
    const deletes = [
      await table.writeDeletes(first, `select i pos from range(${commit + 1}) t(i)`),
      await table.writeDeletes(file, `select ${commit % 2} pos`),
    ];
    await table.delete(fields, deletes, [file]);
  }
  return table;
}

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

  it('are the same when manifests of both kinds were merged', async () => {
    const reader = clickhouseReader(chdb, lake, manyTogether);
    expect(await compareSnapshots(manyTogether, reader, 1)).toBe(100);
    if (python === null) return;
    const pyiceberg = pyicebergReader(python, lake, manyApart);
    expect(await compareSnapshots(manyApart, pyiceberg, 1)).toBe(100);
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
