import { expect } from 'vitest';
import { listSnapshots } from '../../shared/lake/listSnapshots.ts';
import { previewRows } from '../../shared/lake/previewRows.ts';
import type { Field } from '../../shared/lake/schema.ts';
import { never, type TestTable } from '../shared/lake/testTable.ts';
import type { LakeOnS3 } from './lakeOnS3.ts';
import { type ReadTable, readWithClickhouse, readWithPyiceberg } from './lakeReaders.ts';

/** Reads one snapshot of a table. */
export type SnapshotReader = (snapshotId: string, fields: readonly Field[]) => Promise<ReadTable>;

const byRow = (left: object, right: object): number =>
  JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;

/**
 * The newest snapshots as Headgate reads them, and as a reader does: same columns, same values, row by row. Answers
 * how many rows were compared.
 */
export async function compareSnapshots(
  { store, current }: TestTable,
  reader: SnapshotReader,
  newest = 5,
): Promise<number> {
  let rows = 0;
  const snapshots = (await listSnapshots(store, current, never)).slice(0, newest);
  for (const { snapshotId, rows: total } of snapshots) {
    const ours = await previewRows({
      store,
      pointer: current,
      limit: 10_000,
      asOf: snapshotId,
      signal: never,
    });
    const theirs = await reader(snapshotId, ours.columns);
    expect(theirs.rows.length).toBe(total);
    expect(theirs.rows.toSorted(byRow)).toEqual(ours.rows.toSorted(byRow));
    rows += total;
  }
  return rows;
}

export const clickhouseReader =
  (
    chdb: string,
    lake: LakeOnS3,
    { store, location, current }: TestTable,
    options?: { readonly where?: string; readonly describe?: boolean },
  ): SnapshotReader =>
  (snapshotId, fields) =>
    readWithClickhouse(
      chdb,
      `${lake.endpoint}/${store.bucket}/${location.slice(`s3://${store.bucket}/`.length)}/`,
      `metadata/${current.metadataKey.split('/').at(-1)}`,
      snapshotId,
      fields,
      options,
    );

export const pyicebergReader =
  (
    python: string,
    lake: LakeOnS3,
    { store, current }: TestTable,
    filter?: string,
  ): SnapshotReader =>
  (snapshotId, fields) =>
    readWithPyiceberg(
      python,
      lake.endpoint,
      `s3://${store.bucket}/${current.metadataKey}`,
      snapshotId,
      fields,
      filter,
    );
