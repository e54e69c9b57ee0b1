import { HeadgateError } from '../errors.ts';
import { type AvroDataFile, deletesFromOf } from './avroDataFile.ts';
import type { DataFile } from './dataFile.ts';
import {
  aliveManifests,
  entryStatus,
  type ManifestContent,
  type ManifestEntry,
  type ManifestFile,
} from './manifest.ts';
import { type ManifestChange, noTotals, type Totals } from './manifestChange.ts';
import { positionDeleteIds } from './positionDeleteFile.ts';
import { readManifests } from './readManifests.ts';
import { removalOf } from './removalOf.ts';

/** Manifests of one kind after a removal. */
export interface Kept {
  /** As they were. */
  readonly kept: readonly ManifestFile[];
  /** Written again, with the files that went marked as deleted. */
  readonly rewritten: readonly ManifestFile[];
  readonly removed: Totals;
}

export interface Dropped {
  readonly data: Kept;
  readonly deletes: Kept;
  /** Rows of the table that were live and are not any more. */
  readonly removedRows: number;
}

/**
 * Takes out of a table's manifests what a change removes: data files, with each its delete file, and delete files
 * whose data file gets a new one. Holds a few manifests in memory, and the paths of files that go.
 *
 * Throws `internal_error` when a file to remove is no live file, when a new delete file does not fit the live data
 * file it names (not there, goes, fewer rows), when it lacks rows that were deleted before, or when a column leaves
 * the schema while a file with live rows holds values of it.
 */
export async function dropFiles(plan: ManifestChange): Promise<Dropped> {
  const found = await dropData(plan);
  const dropped = await dropDeletes(plan, found);
  const [lost] = found.losses.values();
  if (lost !== undefined)
    throw new HeadgateError(
      'internal_error',
      `${lost.path} holds values of column id ${lost.fieldId}, which leaves the schema`,
    );
  return {
    data: found.data,
    deletes: dropped.deletes,
    removedRows: found.data.removed.rows + found.newlyDeleted - dropped.deletedBefore,
  };
}

interface Loss {
  readonly path: string;
  readonly fieldId: number;
  readonly rows: number;
}

interface DataDropped {
  readonly data: Kept;
  /** Paths of data files that went. */
  readonly gone: ReadonlySet<string>;
  /** Files that stay and have values of a column that goes, unless all their rows are deleted. */
  readonly losses: Map<string, Loss>;
  /** Rows that the change's delete files name in files of the table. */
  readonly newlyDeleted: number;
}

async function dropData(plan: ManifestChange): Promise<DataDropped> {
  const { change, sourceFileId, dropped } = plan;
  const alive = aliveManifests(plan.current, 'data');
  const removal = removalOf(change.removes, sourceFileId);
  const targets = new Map((change.deletes ?? []).map((file) => [file.deletesFrom, file]));
  for (const file of change.adds) {
    const deletes = targets.get(file.path);
    if (deletes === undefined) continue;
    refuseMisfit(deletes, file.rows);
    targets.delete(file.path);
  }
  const gone = new Set<string>();
  const losses = new Map<string, Loss>();
  let newlyDeleted = 0;
  const isIdle = change.removes.kind === 'nothing' && dropped.size === 0;
  const data = await rewrite(
    plan,
    'data',
    alive,
    (file) => {
      const deletes = targets.get(file.file_path);
      const goes = removal.matches(file);
      if (deletes !== undefined) {
        if (goes) throw misfit(deletes, 'goes in the same change');
        refuseMisfit(deletes, file.record_count);
        targets.delete(file.file_path);
        newlyDeleted += deletes.rows;
      }
      if (goes) gone.add(file.file_path);
      else {
        const loss = lossOf(file, dropped);
        if (loss !== null && deletes?.rows !== file.record_count) losses.set(loss.path, loss);
      }
      return goes;
    },
    () => isIdle && targets.size === 0,
  );
  removal.finish();
  const [missing] = targets.values();
  if (missing !== undefined) throw misfit(missing, 'is no live file of the table');
  return { data, gone, losses, newlyDeleted };
}

async function dropDeletes(
  plan: ManifestChange,
  { gone, losses }: DataDropped,
): Promise<{ readonly deletes: Kept; readonly deletedBefore: number }> {
  const fresh = new Map((plan.change.deletes ?? []).map((file) => [file.deletesFrom, file]));
  let deletedBefore = 0;
  const deletes = await rewrite(
    plan,
    'deletes',
    aliveManifests(plan.current, 'deletes'),
    (file) => {
      const target = deletesFromOf(file);
      const replacement = fresh.get(target);
      if (replacement !== undefined && replacement.rows < file.record_count)
        throw misfit(replacement, `has ${file.record_count} deleted rows already`);
      const goes = replacement !== undefined || gone.has(target);
      if (goes) deletedBefore += file.record_count;
      else if (losses.get(target)?.rows === file.record_count) losses.delete(target);
      return goes;
    },
    () => fresh.size + gone.size + losses.size === 0,
  );
  return { deletes, deletedBefore };
}

/** Reads the manifests until `isDone`, and writes those again that list a file that goes. */
async function rewrite(
  { store, snapshotId, write, signal }: ManifestChange,
  content: ManifestContent,
  alive: readonly ManifestFile[],
  goes: (file: AvroDataFile) => boolean,
  isDone: () => boolean,
): Promise<Kept> {
  const kept: ManifestFile[] = [];
  const rewritten: ManifestFile[] = [];
  const removed = noTotals();
  if (isDone()) return { kept: alive, rewritten, removed };
  let read = 0;
  for await (const { manifest, entries } of readManifests(store, alive, signal)) {
    read++;
    let hits = 0;
    const next: ManifestEntry[] = [];
    for (const entry of entries) {
      if (entry.status === entryStatus.deleted) continue;
      const { data_file } = entry;
      if (!goes(data_file)) {
        next.push({ ...entry, status: entryStatus.existing });
        continue;
      }
      hits++;
      removed.files++;
      removed.rows += data_file.record_count;
      removed.bytes += data_file.file_size_in_bytes;
      next.push({ ...entry, status: entryStatus.deleted, snapshot_id: snapshotId });
    }
    if (hits === 0) kept.push(manifest);
    else rewritten.push(await write(content, next));
    if (isDone()) break;
  }
  return { kept: [...kept, ...alive.slice(read)], rewritten, removed };
}

/** A column that leaves the schema while a file that stays still holds values of it would lose them silently. */
function lossOf(file: AvroDataFile, dropped: ReadonlySet<number>): Loss | null {
  if (dropped.size === 0) return null;
  for (const { key, value } of file.value_counts ?? []) {
    const nulls = file.null_value_counts?.find((pair) => pair.key === key)?.value ?? 0;
    if (dropped.has(key) && value > nulls)
      return { path: file.file_path, fieldId: key, rows: file.record_count };
  }
  return null;
}

function refuseMisfit(deletes: DataFile, rows: number): void {
  const last = deletes.upperBounds[positionDeleteIds.pos];
  const isOutside = last !== undefined && Buffer.from(last, 'base64').readBigInt64LE() >= rows;
  if (deletes.rows > rows || isOutside) throw misfit(deletes, `has only ${rows} rows`);
}

const misfit = ({ path, deletesFrom }: DataFile, reason: string): HeadgateError =>
  new HeadgateError('internal_error', `${path} deletes rows of ${deletesFrom}, which ${reason}`);
