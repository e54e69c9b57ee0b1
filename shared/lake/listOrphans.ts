import { timeOfUlid, ulid } from '../ids.ts';
import { aliveManifests, entryStatus, type ManifestFile } from './manifest.ts';
import { keyOf } from './objectPath.ts';
import { readManifestList, readManifests } from './readManifests.ts';
import type { ObjectLister, ObjectStore } from './tableChange.ts';
import { readTableMetadata, type TableMetadata } from './tableMetadata.ts';

/** Younger objects may belong to a run that has not committed yet. */
const leastAgeMilliseconds = 3 * 86_400_000;
/** Objects looked at in one call. */
const mostObjects = 20_000;

export interface ListOrphans {
  readonly store: ObjectStore & ObjectLister;
  readonly sourceId: string;
  /** `s3://bucket/lake/data/…` of a table and of the table of its rejects. */
  readonly locations: readonly string[];
  /** Of both, ends with `/`. */
  readonly metadataPrefix: string;
  /** What the stored pointers and the catalogue name; MUST be all that readers may start from. */
  readonly metadataKeys: readonly string[];
  /** Runs whose objects are left alone: one that may still be at work, those of an unfinished refresh. */
  readonly sparedRuns: ReadonlySet<string>;
  /** Data files of runs that began before this are not looked at: an earlier call did. */
  readonly since: Date;
  readonly now: Date;
  /** Objects looked at; 20,000 unless told. */
  readonly most?: number;
  readonly signal: AbortSignal;
}

export interface Orphans {
  readonly keys: readonly string[];
  /** Whether there were more objects than one call looks at. */
  readonly more: boolean;
}

/**
 * Keys of objects of a table that nothing refers to: what tries that were cut off, refused or beaten left behind, and
 * what an expiry could not delete. Only names that Headgate gives are taken for such (they hold source, run and
 * attempt), only of runs that began, and objects that were written, more than 3 days ago, and only if no snapshot in
 * any of `metadataKeys` reads them. Data and delete files come first, metadata files last.
 *
 * Holds at most 20,000 names and a few manifests. Throws where one of the metadata files cannot be read: then nothing
 * is known to be an orphan.
 */
export async function listOrphans(input: ListOrphans): Promise<Orphans> {
  const { store, locations, metadataPrefix, sourceId, since, now, signal } = input;
  let left = input.most ?? mostObjects;
  const until = new Date(now.getTime() - leastAgeMilliseconds);
  const candidates = new Set<string>();
  const look = async (prefix: string, pattern: RegExp, from: string | null): Promise<boolean> => {
    for await (const { key, lastModified } of store.list(prefix, from, signal)) {
      const [, source, run = ''] = pattern.exec(key.slice(prefix.length)) ?? [];
      const began = timeOfUlid(run);
      // Data files are listed in the order in which runs began.
      if (from !== null && began >= until) return false;
      if (left-- <= 0) return true;
      if (source !== sourceId || input.sparedRuns.has(`${source}-${run}`)) continue;
      if (began < until && lastModified < until) candidates.add(key);
    }
    return false;
  };
  const dataPrefixes = locations.map((location) => `${keyOf(store.bucket, location)}/`);
  let more = await look(metadataPrefix, metadataName, null);
  for (const prefix of dataPrefixes) {
    const from = `${prefix}${sourceId}-${ulid(since, () => new Uint8Array(16))}`;
    more = (await look(prefix, dataName, from)) || more;
  }
  await spareReferenced(input, candidates);
  const rank = (key: string): number =>
    dataPrefixes.some((prefix) => key.startsWith(prefix)) ? 0 : key.endsWith('.json') ? 2 : 1;
  return { keys: [...candidates].toSorted((left, right) => rank(left) - rank(right)), more };
}

const runId = '([0-9a-z]{26})-([0-9a-z]{26})';
/** `<run>/a<attempt>/…` below the data prefix; see `dataPrefix`. */
const dataName = new RegExp(`^${runId}/a\\d+/.+\\.parquet$`);
/** As `prepareCommit` names them, with commit ids that begin with the run's id; of the table and of its rejects. */
const metadataName = new RegExp(
  `^(?:rejects/)?(?:\\d+-|snap-\\d+-)?${runId}-[\\w.-]+\\.(?:metadata\\.json|avro)$`,
);

/** Takes out of the candidates what any of the metadata files, or a snapshot in one, refers to. */
async function spareReferenced(input: ListOrphans, candidates: Set<string>): Promise<void> {
  const { store, signal } = input;
  const spare = (path: string): void => {
    candidates.delete(keyOf(store.bucket, path));
  };
  const manifests = new Map<string, ManifestFile>();
  for (const metadataKey of new Set(input.metadataKeys)) {
    if (candidates.size === 0) return;
    candidates.delete(metadataKey);
    const metadata: TableMetadata = await readTableMetadata(store, metadataKey, signal);
    for (const entry of metadata['metadata-log']) spare(entry['metadata-file']);
    for (const snapshot of metadata.snapshots) {
      spare(snapshot['manifest-list']);
      for (const manifest of await readManifestList(store, snapshot, signal))
        manifests.set(manifest.manifest_path, manifest);
    }
  }
  for (const path of manifests.keys()) spare(path);
  for (const content of ['data', 'deletes'] as const) {
    const alive = aliveManifests([...manifests.values()], content);
    for await (const { entries } of readManifests(store, alive, signal))
      for (const { status, data_file } of entries)
        if (status !== entryStatus.deleted) spare(data_file.file_path);
  }
}
