import type { ManifestContent, ManifestEntry, ManifestFile } from './manifest.ts';
import type { ObjectStore, TableChange } from './tableChange.ts';

/** A change, and the manifests it is made to. */
export interface ManifestChange {
  readonly store: ObjectStore;
  /** Manifest list of the current snapshot. */
  readonly current: readonly ManifestFile[];
  readonly change: TableChange;
  readonly sourceFileId: number | null;
  /** Field ids that leave the schema: no file that stays may hold values of them in a live row. */
  readonly dropped: ReadonlySet<number>;
  readonly snapshotId: number;
  /** Writes one manifest and answers its line. */
  readonly write: (
    content: ManifestContent,
    entries: readonly ManifestEntry[],
  ) => Promise<ManifestFile>;
  readonly signal: AbortSignal;
}

/** Files, their rows (positions of delete files) and their sizes. */
export interface Totals {
  files: number;
  rows: number;
  bytes: number;
}

export const noTotals = (): Totals => ({ files: 0, rows: 0, bytes: 0 });
