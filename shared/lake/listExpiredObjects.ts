import { HeadgateError } from '../errors.ts';
import { entryStatus, liveFiles, type ManifestFile } from './manifest.ts';
import { keyOf } from './objectPath.ts';
import { prefetch } from './prefetch.ts';
import { readManifestList, readManifests } from './readManifests.ts';
import type { ObjectStore } from './tableChange.ts';
import { currentSnapshot, readTableMetadata, type Snapshot } from './tableMetadata.ts';

/** Manifest lists read at a time. */
const depth = 8;

export interface ListExpiredObjects {
  readonly store: ObjectStore;
  /** Metadata key of an earlier commit of the table. */
  readonly before: string;
  /** Metadata key of a later commit, which MUST be durable: the stored pointer names it or one after it. */
  readonly after: string;
  /** Metadata key the Glue catalogue names now, or null when it names none. */
  readonly glue: string | null;
  readonly signal: AbortSignal;
}

/**
 * Keys of the objects that commits between `before` and `after` made unreachable: manifest lists and manifests of
 * snapshots that left the metadata, data and delete files that only those read, metadata files that left the log. Nothing a snapshot in `after` reads is among them, and nothing Glue's metadata file and its current
 * snapshot read. Data files come first and metadata files last, so that a deletion that stops half way can be
 * listed again. Nothing is listed when `before` or `after` is gone.
 */
export async function listExpiredObjects(input: ListExpiredObjects): Promise<readonly string[]> {
  const { store, signal } = input;
  const before = await ifThere(readTableMetadata(store, input.before, signal));
  if (before === null) return [];
  const after = await ifThere(readTableMetadata(store, input.after, signal));
  if (after === null) return [];
  const idsAfter = new Set(after.snapshots.map(idOf));
  const logAfter = new Set(after['metadata-log'].map((entry) => entry['metadata-file']));
  const oldMetadata = before['metadata-log']
    .map((entry) => entry['metadata-file'])
    .filter((path) => !logAfter.has(path));
  const glue =
    input.glue === null ? null : await ifThere(readTableMetadata(store, input.glue, signal));
  const named = glue === null ? null : currentSnapshot(glue);
  const retained = [...after.snapshots];
  if (named !== null && !idsAfter.has(idOf(named))) retained.push(named);
  const retainedIds = new Set(retained.map(idOf));
  const expired = before.snapshots.filter((snapshot) => !retainedIds.has(idOf(snapshot)));

  const dead: string[] = [];
  if (expired.length > 0) {
    const kept = await manifestsOf(input, retained, false);
    const gone = await manifestsOf(input, expired, true);
    const unlisted = [...gone.values()].filter(({ manifest_path }) => !kept.has(manifest_path));
    if ([...before.snapshots, ...after.snapshots].some(removedFiles))
      dead.push(...(await deadFiles(input, unlisted, kept)));
    dead.push(...unlisted.map(({ manifest_path }) => manifest_path));
    dead.push(...expired.map((snapshot) => snapshot['manifest-list']));
  }
  const keys = [...dead, ...oldMetadata].map((path) => keyOf(store.bucket, path));
  return keys.filter((key) => key !== input.glue);
}

const idOf = (snapshot: Snapshot): string => String(snapshot['snapshot-id']);

/** null for an object that is not there: an earlier deletion got as far. */
async function ifThere<Read>(reading: Promise<Read>): Promise<Read | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'not_found') return null;
    throw error;
  }
}

async function manifestsOf(
  { store, signal }: ListExpiredObjects,
  snapshots: readonly Snapshot[],
  mayBeGone: boolean,
): Promise<ReadonlyMap<string, ManifestFile>> {
  const manifests = new Map<string, ManifestFile>();
  const lists = prefetch(snapshots, depth, (snapshot) => {
    const list = readManifestList(store, snapshot, signal);
    return mayBeGone ? ifThere(list) : list;
  });
  for await (const list of lists)
    for (const manifest of list ?? []) manifests.set(manifest.manifest_path, manifest);
  return manifests;
}

/** Whether a snapshot took out a data file or a delete file. Where none did, a file that was read still is. */
const removedFiles = ({ summary }: Snapshot): boolean =>
  Number(summary['deleted-data-files'] ?? 0) + Number(summary['removed-delete-files'] ?? 0) > 0;

/**
 * Files that only expired snapshots read. A file that went may have come back (`prepareRevert`), and one that came
 * may have gone without a trace, so nothing but what is listed now decides.
 */
async function deadFiles(
  { store, signal }: ListExpiredObjects,
  unlisted: readonly ManifestFile[],
  kept: ReadonlyMap<string, ManifestFile>,
): Promise<ReadonlySet<string>> {
  const dead = new Set<string>();
  for (const manifest of unlisted) {
    if (liveFiles(manifest) === 0) continue;
    const read = await ifThere(readManifests(store, [manifest], signal).next());
    for (const { status, data_file } of read?.value?.entries ?? [])
      if (status !== entryStatus.deleted) dead.add(data_file.file_path);
  }
  if (dead.size === 0) return dead;
  const alive = [...kept.values()].filter((manifest) => liveFiles(manifest) > 0);
  for await (const { entries } of readManifests(store, alive, signal))
    for (const { status, data_file } of entries)
      if (status !== entryStatus.deleted) dead.delete(data_file.file_path);
  return dead;
}
