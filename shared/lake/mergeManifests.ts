import { entryStatus, type ManifestEntry, type ManifestFile } from './manifest.ts';
import { readManifests } from './readManifests.ts';
import type { ObjectStore } from './tableChange.ts';

/** Manifests are merged up to this size: a reader fetches each whole. */
export const manifestTargetBytes = 4 * 1024 * 1024;
/** Small manifests of one kind a table may have before they are merged. */
export const mergeThreshold = 32;

/**
 * Manifests of one kind, merged when many of them are small. Entries keep the sequence numbers they came with, and
 * those of files that went are left out. Holds a few manifests in memory.
 */
export async function mergeManifests(
  store: ObjectStore,
  manifests: readonly ManifestFile[],
  write: (entries: readonly ManifestEntry[]) => Promise<ManifestFile>,
  signal: AbortSignal,
): Promise<readonly ManifestFile[]> {
  const isSmall = (manifest: ManifestFile): boolean =>
    manifest.manifest_length < manifestTargetBytes / 2;
  if (manifests.filter(isSmall).length < mergeThreshold) return manifests;
  const result: ManifestFile[] = manifests.filter((manifest) => !isSmall(manifest));
  for (const bin of binsOf(manifests.filter(isSmall))) {
    const [only] = bin;
    if (bin.length === 1 && only !== undefined) {
      result.push(only);
      continue;
    }
    const entries: ManifestEntry[] = [];
    for await (const manifest of readManifests(store, bin, signal))
      for (const entry of manifest.entries)
        if (entry.status !== entryStatus.deleted)
          entries.push({ ...entry, status: entryStatus.existing });
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
