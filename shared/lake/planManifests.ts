import { HeadgateError } from '../errors.ts';
import {
  entryStatus,
  liveFiles,
  type ManifestEntry,
  type ManifestFile,
  manifestEntryBytes,
  toAvroDataFile,
} from './manifest.ts';
import { type ReadEntry, readManifests } from './readManifests.ts';
import { removalOf } from './removalOf.ts';
import type { ObjectStore, TableChange } from './tableChange.ts';

/** Manifests are merged up to this size: a reader fetches each whole. */
export const manifestTargetBytes = 4 * 1024 * 1024;
/** Small manifests a table may have before they are merged. */
export const mergeThreshold = 32;

export interface ManifestPlan {
  /** The new snapshot's manifest list. */
  readonly manifests: readonly ManifestFile[];
  readonly added: Totals;
  readonly removed: Totals;
}

export interface Totals {
  files: number;
  rows: number;
  bytes: number;
}

export interface PlanManifests {
  readonly store: ObjectStore;
  /** Manifest list of the current snapshot. */
  readonly current: readonly ManifestFile[];
  readonly change: TableChange;
  readonly sourceFileId: number | null;
  /** Field ids that leave the schema: no file that stays may hold values of them. */
  readonly dropped: ReadonlySet<number>;
  readonly snapshotId: number;
  /** Writes one manifest and answers its line. */
  readonly write: (entries: readonly ManifestEntry[]) => Promise<ManifestFile>;
  readonly signal: AbortSignal;
}

/**
 * Writes the manifests of a snapshot: those of files that go (rewritten, with the files marked deleted), the old
 * ones (merged when many are small), and new ones for the files that come. Holds a few manifests in memory.
 */
export async function planManifests(plan: PlanManifests): Promise<ManifestPlan> {
  const removed: Totals = { files: 0, rows: 0, bytes: 0 };
  const alive = plan.current.filter((manifest) => liveFiles(manifest) > 0);
  const { kept, rewritten } = await removeFiles(plan, alive, removed);
  const merged = await mergeManifests(plan, kept);
  const adds = plan.change.adds.filter(({ rows }) => rows > 0);
  const fresh = await writeAdded(plan, adds);
  return {
    manifests: [...merged, ...rewritten, ...fresh],
    added: {
      files: adds.length,
      rows: adds.reduce((sum, { rows }) => sum + rows, 0),
      bytes: adds.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    removed,
  };
}

async function removeFiles(
  { store, change, sourceFileId, dropped, snapshotId, write, signal }: PlanManifests,
  alive: readonly ManifestFile[],
  removed: Totals,
): Promise<{ kept: readonly ManifestFile[]; rewritten: readonly ManifestFile[] }> {
  if (change.removes.kind === 'nothing' && dropped.size === 0)
    return { kept: alive, rewritten: [] };
  const removal = removalOf(change.removes, sourceFileId);
  const kept: ManifestFile[] = [];
  const rewritten: ManifestFile[] = [];
  for await (const { manifest, entries } of readManifests(store, alive, signal)) {
    let hits = 0;
    const next = entries.filter(isLive).map((entry) => {
      const { data_file } = entry;
      if (!removal.matches(data_file)) {
        refuseLoss(entry, dropped);
        return { ...entry, status: entryStatus.existing };
      }
      hits++;
      removed.files++;
      removed.rows += data_file.record_count;
      removed.bytes += data_file.file_size_in_bytes;
      return { ...entry, status: entryStatus.deleted, snapshot_id: snapshotId };
    });
    if (hits === 0) kept.push(manifest);
    else rewritten.push(await write(next));
  }
  removal.finish();
  return { kept, rewritten };
}

const isLive = (entry: ReadEntry): boolean => entry.status !== entryStatus.deleted;

/** A column that leaves the schema while a file that stays still holds values of it would lose them silently. */
function refuseLoss({ data_file }: ReadEntry, dropped: ReadonlySet<number>): void {
  for (const { key, value } of dropped.size === 0 ? [] : (data_file.value_counts ?? [])) {
    const nulls = data_file.null_value_counts?.find((pair) => pair.key === key)?.value ?? 0;
    if (dropped.has(key) && value > nulls)
      throw new HeadgateError(
        'internal_error',
        `${data_file.file_path} holds values of column id ${key}, which leaves the schema`,
      );
  }
}

async function mergeManifests(
  { store, write, signal }: PlanManifests,
  kept: readonly ManifestFile[],
): Promise<readonly ManifestFile[]> {
  const isSmall = (manifest: ManifestFile): boolean =>
    manifest.manifest_length < manifestTargetBytes / 2;
  if (kept.filter(isSmall).length < mergeThreshold) return kept;
  const result: ManifestFile[] = kept.filter((manifest) => !isSmall(manifest));
  for (const bin of binsOf(kept.filter(isSmall))) {
    const [only] = bin;
    if (bin.length === 1 && only !== undefined) {
      result.push(only);
      continue;
    }
    const entries: ManifestEntry[] = [];
    for await (const manifest of readManifests(store, bin, signal))
      for (const entry of manifest.entries)
        if (isLive(entry)) entries.push({ ...entry, status: entryStatus.existing });
    result.push(await write(entries));
  }
  return result;
}

/** Neighbours whose sizes add up to at most the target. */
function binsOf(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const bins: ManifestFile[][] = [];
  let bytes = Infinity;
  for (const manifest of manifests) {
    const bin = bins.at(-1);
    if (bin === undefined || bytes + manifest.manifest_length > manifestTargetBytes) {
      bins.push([manifest]);
      bytes = manifest.manifest_length;
    } else {
      bin.push(manifest);
      bytes += manifest.manifest_length;
    }
  }
  return bins;
}

async function writeAdded(
  { snapshotId, write }: PlanManifests,
  adds: TableChange['adds'],
): Promise<readonly ManifestFile[]> {
  const manifests: ManifestFile[] = [];
  let entries: ManifestEntry[] = [];
  let bytes = 0;
  for (const file of adds) {
    const entry: ManifestEntry = {
      status: entryStatus.added,
      snapshot_id: snapshotId,
      sequence_number: null,
      file_sequence_number: null,
      data_file: toAvroDataFile(file),
    };
    const size = manifestEntryBytes(entry);
    if (entries.length > 0 && bytes + size > manifestTargetBytes) {
      manifests.push(await write(entries));
      entries = [];
      bytes = 0;
    }
    entries.push(entry);
    bytes += size;
  }
  if (entries.length > 0) manifests.push(await write(entries));
  return manifests;
}
