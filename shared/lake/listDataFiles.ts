import { fromAvroDataFile } from './avroDataFile.ts';
import type { DataFile } from './dataFile.ts';
import { aliveManifests, entryStatus } from './manifest.ts';
import { readManifestList, readManifests } from './readManifests.ts';
import type { ObjectStore } from './tableChange.ts';
import { currentSnapshot, readTableMetadata, type Snapshot } from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

/** The live data files of a table, in the order they were added. Holds a few manifests in memory at a time. */
export async function* listDataFiles(
  store: ObjectStore,
  pointer: TablePointer,
  signal: AbortSignal,
): AsyncGenerator<DataFile> {
  if (pointer.snapshotId === null) return;
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = currentSnapshot(metadata);
  if (snapshot !== null) yield* listSnapshotFiles(store, snapshot, signal);
}

/** The live data files of one snapshot. */
export async function* listSnapshotFiles(
  store: ObjectStore,
  snapshot: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<DataFile> {
  const alive = aliveManifests(await readManifestList(store, snapshot, signal), 'data');
  for await (const { entries } of readManifests(store, alive, signal))
    for (const entry of entries)
      if (entry.status !== entryStatus.deleted) yield fromAvroDataFile(entry.data_file);
}
