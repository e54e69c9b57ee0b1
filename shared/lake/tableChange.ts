import type { DataFile } from './dataFile.ts';
import type { Field } from './schema.ts';
import type { TablePointer } from './tablePointer.ts';

/**
 * One snapshot's worth of change. `removes` names what goes, `adds` what comes, in the same snapshot;
 * with neither, only the schema changes. A table that does not exist yet is created.
 */
export interface TableChange {
  /** The whole schema after the change, user columns then system columns. */
  readonly schema: readonly Field[];
  readonly adds: readonly DataFile[];
  /**
   * Position-delete files that come, each for one data file (`deletesFrom`) of the table or of `adds`, and each
   * naming all deleted rows of it: it takes the place of the one that was there. The delete file of a data file
   * that goes, goes with it.
   */
  readonly deletes?: readonly DataFile[];
  readonly removes: Removes;
  /** Stored in the snapshot's summary, e.g. `{ 'headgate.run-id': … }`. */
  readonly summary: Readonly<Record<string, string>>;
}

export type Removes =
  | { readonly kind: 'nothing' }
  /** Every file: full refresh, clear. */
  | { readonly kind: 'everything' }
  /** All files whose rows came from these uploads (`_source_file`). */
  | { readonly kind: 'sourceFiles'; readonly names: readonly string[] }
  /** These data files, by path: a rewrite. */
  | { readonly kind: 'files'; readonly paths: readonly string[] };

/** What the lake asks of object storage. Keys are within one bucket. */
export interface ObjectStore {
  /** The bucket's name, for `s3://bucket/key` paths. */
  readonly bucket: string;
  get(key: string, signal: AbortSignal): Promise<Uint8Array>;
  /** `[from, to)` bytes of an object. */
  getRange(key: string, from: number, to: number, signal: AbortSignal): Promise<Uint8Array>;
  /** MUST fail with `file_changed` when the key exists already (If-None-Match: *). */
  putNew(key: string, body: Uint8Array, contentType: string, signal: AbortSignal): Promise<void>;
  delete(keys: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface ListedObject {
  readonly key: string;
  readonly lastModified: Date;
}

/** What finding forgotten objects asks of object storage besides. */
export interface ObjectLister {
  /** Objects whose keys begin with `prefix` and come after `after`, in the order of their keys (UTF-8). */
  list(prefix: string, after: string | null, signal: AbortSignal): AsyncIterable<ListedObject>;
}

export interface PrepareCommit {
  readonly store: ObjectStore;
  /** `s3://bucket/lake/data/…`: the table's location. */
  readonly location: string;
  /** Prefix for metadata files, ends with `/`: `lake/metadata/<tenant>/<sourceId>/<table>/`. */
  readonly metadataPrefix: string;
  /** Unique for this attempt at this commit (run, attempt, sequence); part of every object's name. */
  readonly commitId: string;
  readonly current: TablePointer | null;
  readonly change: TableChange;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Writes manifests, manifest list and table metadata for one change, and answers the pointer that makes it
 * visible. Nothing is visible until that pointer is stored; objects of a commit that never is are garbage.
 * `removedRows`: rows of the table that were live and are not any more; rewritten ones count, as they come again.
 */
export type PrepareCommitFunction = (
  input: PrepareCommit,
) => Promise<{ readonly pointer: TablePointer; readonly removedRows: number }>;

/**
 * Writes a snapshot with the content of an older one of the same table, whose metadata file `to` names, and answers
 * its pointer and the schema it had. Throws `cannot_undo` when that snapshot has expired.
 */
export type PrepareRevertFunction = (
  input: Omit<PrepareCommit, 'change' | 'current'> & {
    readonly current: TablePointer;
    readonly to: TablePointer;
    readonly summary: Readonly<Record<string, string>>;
  },
) => Promise<{ readonly pointer: TablePointer; readonly schema: readonly Field[] }>;
