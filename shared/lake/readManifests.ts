import {
  decodeManifest,
  decodeManifestList,
  type ManifestEntry,
  type ManifestFile,
} from './manifest.ts';
import { keyOf } from './objectPath.ts';
import { prefetch } from './prefetch.ts';
import type { ObjectStore } from './tableChange.ts';
import type { Snapshot } from './tableMetadata.ts';

/** Manifests read ahead; each is at most about twice `manifestTargetBytes`. */
const depth = 4;

/** A manifest entry as read: its sequence numbers are known. */
export type ReadEntry = ManifestEntry & {
  readonly sequence_number: number;
  readonly file_sequence_number: number;
};

export async function readManifestList(
  store: ObjectStore,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<ManifestFile[]> {
  const key = keyOf(store.bucket, snapshot['manifest-list']);
  return decodeManifestList(await store.get(key, signal));
}

/** Each manifest with all its entries, in the order given; holds a few manifests in memory at a time. */
export async function* readManifests(
  store: ObjectStore,
  manifests: Iterable<ManifestFile>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly manifest: ManifestFile; readonly entries: readonly ReadEntry[] }> {
  yield* prefetch(manifests, depth, async (manifest) => {
    const file = await store.get(keyOf(store.bucket, manifest.manifest_path), signal);
    return { manifest, entries: [...decodeManifest(file, manifest)] };
  });
}
