import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import type { Log } from '../log.ts';

/**
 * How new rows meet those of the table. Columns are the table's names; a null in a key or cursor column equals null.
 * Among new rows the newest by (cursor, place) wins, a null cursor being the newest there is; a row's place is its
 * file's in `adds`, then its position in that file.
 */
export type MergeRule =
  /**
   * One live row per key that occurs in `adds`, whatever the table had. The newest new row loses to a row of the table
   * with a greater cursor (both not null), and replaces all others: a null cursor of the table is as old as can be,
   * else a row that once had none could never change. Where it loses, the newest of the table's rows stays alone.
   *
   * New rows with `_deleted` true are tombstones. `tombstone`: they are rows like any other. `remove`: the table's rows
   * go and the tombstone is no row either; it counts as deduplicated, whether the table had the key or not, so that
   * `read = written + rejected + deduplicated` holds. What is removed has no cursor any more: an older version that is
   * read later comes back.
   */
  | {
      readonly kind: 'upsert';
      readonly key: readonly string[];
      readonly cursor: string | null;
      readonly onDelete: 'tombstone' | 'remove';
    }
  /**
   * Rows whose (key, cursor) the table has already lose: the overlap of two incremental reads. Of several such new rows
   * the one with the lowest place stays.
   */
  | { readonly kind: 'appendOnce'; readonly key: readonly string[]; readonly cursor: string | null }
  /**
   * Rows of the table whose cursor lies in [from, to), or is null where `nulls` says so, go; all of `adds` stay. Bounds
   * are text of the cursor's type as DuckDB casts it, in UTC where they name no zone; a null bound is open; a null
   * range covers nothing.
   */
  | {
      readonly kind: 'replaceWindow';
      readonly cursor: string;
      readonly range: { readonly from: string | null; readonly to: string | null } | null;
      readonly nulls: boolean;
    }
  /**
   * `adds` hold all keys there are and nothing else: they go, and so does every live row whose key is not among them;
   * with no keys, every row. `tombstone`: for each key that went one row is written with the key, `_deleted` true,
   * `_run_id` and `_ingested_at`, and rows that are tombstones already stay.
   */
  | {
      readonly kind: 'keepOnly';
      readonly key: readonly string[];
      readonly onDelete: 'tombstone' | 'remove';
    };

export interface MergeOptions {
  readonly rule: MergeRule;
  /** The table's schema after this commit. */
  readonly schema: readonly Field[];
  /** New data files, uploaded already, in order of arrival. `_deleted` true marks tombstones. */
  readonly adds: readonly DataFile[];
  /** The table's files as of the snapshot that the commit is based on. */
  readonly live: () => AsyncIterable<LiveFile>;
  /** Bytes of an object of the lake bucket, `[from, to)`. */
  readonly readRange: (path: string, from: number, to: number) => Promise<Uint8Array>;
  /** Key prefix of files written here, ends with `/`, already holding run and attempt. */
  readonly dataPrefix: string;
  readonly upload: (localPath: string, key: string) => Promise<string>;
  readonly runId: string;
  readonly ingestedAt: Date;
  readonly workFolder: string;
  readonly memoryLimitMegabytes: number;
  readonly threads: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Merged {
  /** What remains of the new files, and what was rewritten. */
  readonly adds: readonly DataFile[];
  /** One per data file with deleted rows, of the table or of `adds`; takes the place of an older one. */
  readonly deletes: readonly DataFile[];
  /** Live data files that go: rewritten, or without a live row. */
  readonly removes: readonly string[];
  /** Rows of the given `adds` that lost, or were tombstones that were applied by removal. 0 for `keepOnly`. */
  readonly deduplicated: number;
  /** Live rows of the table that went. */
  readonly superseded: number;
  /** Rows written here that are in none of the given `adds`: tombstones of `keepOnly`. */
  readonly tombstones: number;
  /** Bytes fetched from the lake. */
  readonly bytesRead: number;
}

/**
 * Computes one commit's deletions against one snapshot. Reads key and cursor columns by ranged GETs and never whole
 * files, but for those it rewrites (when that is cheaper to read ever after than their deletes). Memory is bounded:
 * what does not fit is spilled to `workFolder`. Writes objects; makes nothing visible.
 */
export type Merge = (options: MergeOptions) => Promise<Merged>;
