import { toAvroDataFile } from './avroDataFile.ts';
import type { DataFile } from './dataFile.ts';
import { dropFiles } from './dropFiles.ts';
import {
  entryStatus,
  type ManifestEntry,
  type ManifestFile,
  manifestEntryBytes,
} from './manifest.ts';
import type { ManifestChange, Totals } from './manifestChange.ts';
import { manifestTargetBytes, mergeManifests } from './mergeManifests.ts';

export interface ManifestPlan {
  /** The new snapshot's manifest list. */
  readonly manifests: readonly ManifestFile[];
  /** Data files. */
  readonly added: Totals;
  readonly removed: Totals;
  /** Delete files; their rows are positions. */
  readonly addedDeletes: Totals;
  readonly removedDeletes: Totals;
  /** Rows of the table that were live and are not any more. */
  readonly removedRows: number;
}

/**
 * Writes the manifests of a snapshot: those of files that go (rewritten, with the files marked deleted), the old
 * ones (merged when many are small), and new ones for the files that come; data files first, then delete files.
 * Holds a few manifests in memory. Throws what `dropFiles` throws.
 */
export async function planManifests(plan: ManifestChange): Promise<ManifestPlan> {
  const dropped = await dropFiles(plan);
  const adds = plan.change.adds.filter(({ rows }) => rows > 0);
  const deletes = plan.change.deletes ?? [];
  const manifests: ManifestFile[] = [];
  for (const [content, { kept, rewritten }, files] of [
    ['data', dropped.data, adds],
    ['deletes', dropped.deletes, deletes],
  ] as const) {
    const write = (entries: readonly ManifestEntry[]) => plan.write(content, entries);
    manifests.push(
      ...(await mergeManifests(plan.store, kept, write, plan.signal)),
      ...rewritten,
      ...(await writeAdded(plan.snapshotId, files, write)),
    );
  }
  return {
    manifests,
    added: totalsOf(adds),
    removed: dropped.data.removed,
    addedDeletes: totalsOf(deletes),
    removedDeletes: dropped.deletes.removed,
    removedRows: dropped.removedRows,
  };
}

const totalsOf = (files: readonly DataFile[]): Totals => ({
  files: files.length,
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

async function writeAdded(
  snapshotId: number,
  files: readonly DataFile[],
  write: (entries: readonly ManifestEntry[]) => Promise<ManifestFile>,
): Promise<readonly ManifestFile[]> {
  const manifests: ManifestFile[] = [];
  let entries: ManifestEntry[] = [];
  let bytes = 0;
  for (const file of files) {
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
