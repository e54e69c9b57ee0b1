import { HeadgateError } from '../errors.ts';
import { dataFileContent, deletesFromOf } from './avroDataFile.ts';
import { type CommitDraft, draftCommit } from './draftCommit.ts';
import { evolveSchema } from './evolveSchema.ts';
import { fieldsOf } from './icebergSchema.ts';
import { entryStatus, liveFiles, type ManifestContent, type ManifestFile } from './manifest.ts';
import { noTotals, type Totals } from './manifestChange.ts';
import type { ManifestPlan } from './planManifests.ts';
import { readManifestList, readManifests } from './readManifests.ts';
import type { Field } from './schema.ts';
import { snapshotTotals } from './snapshotSummary.ts';
import type { ObjectStore, PrepareCommit } from './tableChange.ts';
import { findSnapshot, type Snapshot, schemaWithId } from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

export interface PrepareRevert extends Omit<PrepareCommit, 'change' | 'current'> {
  readonly current: TablePointer;
  /** What to go back to: an older pointer of this table, or null for the time before it had any rows. */
  readonly to: TablePointer | null;
  /** The table's schema at that time. */
  readonly schema: readonly Field[];
  /** As `TableChange.summary`. */
  readonly summary: Readonly<Record<string, string>>;
}

/**
 * Prepares a commit like `prepareCommit`, whose snapshot holds exactly what the table held at an older pointer: the
 * same data and delete files, under the schema of then. What came since goes; it stays readable at its snapshots. No
 * data is copied: the older snapshot's manifests are used again. Where nothing differs, no snapshot is made.
 *
 * `removedRows` counts the rows that are no longer there. Positions are not read for it: it is exact where only commits
 * lie between, as in the undo of a run. Where an undo does, a file may have lost some rows and won others; then it is
 * at most too small.
 *
 * Throws `cannot_undo` when the older snapshot has expired (`retainedSnapshots`), `internal_error` when the schema does
 * not fit it.
 */
export async function prepareRevert(
  input: PrepareRevert,
): Promise<{ readonly pointer: TablePointer; readonly removedRows: number }> {
  const { store, to, schema, summary, signal } = input;
  const draft = await draftCommit(input);
  const target = targetOf(draft, to);
  const { base, parent } = draft;
  const then =
    target === null || base === null ? [] : fieldsOf(schemaWithId(base, target['schema-id']));
  const evolution = evolveSchema(base, schema, then);
  const current = parent === null ? [] : await readManifestList(store, parent, signal);
  const older = target === null ? [] : await readManifestList(store, target, signal);
  const { removedRows, ...difference } = await compare(store, current, older, signal);
  const plan = { ...difference, manifests: older.filter((each) => liveFiles(each) > 0) };
  const id = target === null ? 'none' : String(target['snapshot-id']);
  const pointer = await draft.finish(evolution, plan, {
    ...summary,
    'headgate.reverted-to-snapshot-id': id,
  });
  const expected = snapshotTotals(target);
  if (pointer.rows !== expected.rows || pointer.dataFiles !== expected.dataFiles)
    throw new HeadgateError(
      'internal_error',
      `Going back to snapshot ${id} gives ${pointer.rows} rows in ${pointer.dataFiles} files; it had ${expected.rows} in ${expected.dataFiles}`,
    );
  return { pointer, removedRows };
}

/** null: a table without rows. */
function targetOf({ base }: CommitDraft, to: TablePointer | null): Snapshot | null {
  if (to?.snapshotId == null) return null;
  const found = base === null ? null : findSnapshot(base, to.snapshotId);
  if (found === null)
    throw new HeadgateError(
      'cannot_undo',
      `The table cannot go back to snapshot ${to.snapshotId}: it has expired.`,
      { facts: { snapshotId: to.snapshotId } },
    );
  return found;
}

/** What differs between two manifest lists. Reads the manifests that only one of them has. */
async function compare(
  store: ObjectStore,
  now: readonly ManifestFile[],
  then: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<Omit<ManifestPlan, 'manifests'>> {
  const gone = await filesOf(store, notIn(now, then), signal);
  const back = await filesOf(store, notIn(then, now), signal);
  for (const path of gone.keys()) if (back.delete(path)) gone.delete(path);
  const removed = totalsOf(gone, 'data');
  let removedRows = removed.rows;
  const deletedNow = new Map<string, number>();
  for (const { deletesFrom, rows } of gone.values()) {
    if (deletesFrom === null) continue;
    deletedNow.set(deletesFrom, rows);
    if (gone.has(deletesFrom)) removedRows -= rows;
  }
  // Rows of a file that stays, deleted then and live now.
  for (const { deletesFrom, rows } of back.values())
    if (deletesFrom !== null && !back.has(deletesFrom))
      removedRows += Math.max(0, rows - (deletedNow.get(deletesFrom) ?? 0));
  return {
    added: totalsOf(back, 'data'),
    removed,
    addedDeletes: totalsOf(back, 'deletes'),
    removedDeletes: totalsOf(gone, 'deletes'),
    removedRows,
  };
}

function notIn(some: readonly ManifestFile[], others: readonly ManifestFile[]): ManifestFile[] {
  const paths = new Set(others.map(({ manifest_path }) => manifest_path));
  return some.filter((each) => liveFiles(each) > 0 && !paths.has(each.manifest_path));
}

interface CountedFile {
  readonly rows: number;
  readonly bytes: number;
  /** null for a data file. */
  readonly deletesFrom: string | null;
}

async function filesOf(
  store: ObjectStore,
  manifests: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<Map<string, CountedFile>> {
  const files = new Map<string, CountedFile>();
  for await (const { entries } of readManifests(store, manifests, signal))
    for (const { status, data_file: file } of entries)
      if (status !== entryStatus.deleted)
        files.set(file.file_path, {
          rows: file.record_count,
          bytes: file.file_size_in_bytes,
          deletesFrom: file.content === dataFileContent.data ? null : deletesFromOf(file),
        });
  return files;
}

function totalsOf(files: ReadonlyMap<string, CountedFile>, content: ManifestContent): Totals {
  const totals = noTotals();
  for (const { rows, bytes, deletesFrom } of files.values()) {
    if ((deletesFrom === null) !== (content === 'data')) continue;
    totals.files++;
    totals.rows += rows;
    totals.bytes += bytes;
  }
  return totals;
}
