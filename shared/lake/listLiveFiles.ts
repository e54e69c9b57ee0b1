import { deletesFromOf, fromAvroDataFile } from './avroDataFile.ts';
import type { DataFile } from './dataFile.ts';
import type { LiveFile } from './liveFile.ts';
import { aliveManifests, entryStatus, liveFiles, type ManifestFile } from './manifest.ts';
import { type ReadEntry, readManifestList, readManifests } from './readManifests.ts';
import type { ObjectStore } from './tableChange.ts';
import { currentSnapshot, readTableMetadata, type Snapshot } from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

/** Delete files held in memory at a time, of about 1 KB each. */
const deletesAtATime = 20_000;

/**
 * The live data files of a table with the delete file of each, in the order they were added. Holds a few manifests
 * and at most about 20,000 delete files in memory: of a table with more, manifests are read more than once.
 */
export async function* listLiveFiles(
  store: ObjectStore,
  pointer: TablePointer,
  signal: AbortSignal,
): AsyncGenerator<LiveFile> {
  if (pointer.snapshotId === null) return;
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = currentSnapshot(metadata);
  if (snapshot !== null) yield* listSnapshotLiveFiles(store, snapshot, signal);
}

/** The live data files of one snapshot with their delete files. `atATime` is for tests. */
export async function* listSnapshotLiveFiles(
  store: ObjectStore,
  snapshot: Snapshot,
  signal: AbortSignal,
  atATime = deletesAtATime,
): AsyncGenerator<LiveFile> {
  const manifests = await readManifestList(store, snapshot, signal);
  const data = aliveManifests(manifests, 'data');
  const deletes = aliveManifests(manifests, 'deletes');
  const deleteFiles = deletes.reduce((sum, manifest) => sum + liveFiles(manifest), 0);
  for (const group of deleteFiles > atATime ? groupsOf(data, atATime) : [data]) {
    const wanted = group === data ? null : await pathsOf(store, group, signal);
    const found = new Map<string, DataFile>();
    for await (const { data_file } of liveEntries(store, deletes, signal)) {
      const target = deletesFromOf(data_file);
      if (wanted === null || wanted.has(target)) found.set(target, fromAvroDataFile(data_file));
    }
    for await (const { data_file } of liveEntries(store, group, signal)) {
      const file = fromAvroDataFile(data_file);
      yield { file, deletes: found.get(file.path) ?? null };
    }
  }
}

/** Neighbours with at most `most` live files together, but at least one manifest each. */
function groupsOf(manifests: readonly ManifestFile[], most: number): readonly ManifestFile[][] {
  const groups: ManifestFile[][] = [];
  let files = Infinity;
  for (const manifest of manifests) {
    files += liveFiles(manifest);
    if (files <= most) groups.at(-1)?.push(manifest);
    else {
      groups.push([manifest]);
      files = liveFiles(manifest);
    }
  }
  return groups;
}

async function pathsOf(
  store: ObjectStore,
  manifests: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  for await (const { data_file } of liveEntries(store, manifests, signal))
    paths.add(data_file.file_path);
  return paths;
}

async function* liveEntries(
  store: ObjectStore,
  manifests: readonly ManifestFile[],
  signal: AbortSignal,
): AsyncGenerator<ReadEntry> {
  for await (const { entries } of readManifests(store, manifests, signal))
    for (const entry of entries) if (entry.status !== entryStatus.deleted) yield entry;
}
