import type { Batch, BatchBody, StreamRequest } from '../connectors/connector.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Column, Field } from '../lake/schema.ts';
import type { Log } from '../log.ts';
import type { ColumnRules } from '../schema/columnRules.ts';
import type { SchemaDrift } from '../schema/schemaDrift.ts';
import type { FilePart, PartReport } from './filePart.ts';
import type { Proposal } from './proposal.ts';

/** `read = written + rejected + deduplicated`, or the commit is refused. */
export interface Counts {
  readonly read: number;
  readonly written: number;
  readonly rejected: number;
  readonly deduplicated: number;
  /** Bytes taken from the source, before decompression. */
  readonly bytes: number;
}

/** What became of one landed file. */
export interface LoadedFile {
  readonly name: string;
  readonly versionId: string;
  readonly rows: number;
  readonly rejected: number;
  /** What detection chose: `csv, utf-16le, ";"`. */
  readonly detected: string;
  /** SHA-256 of the bytes, hex; of a file that was loaded in parts, over those of its pieces (`hashOfPieces`). */
  readonly contentHash: string;
}

/** A live data file, and the file of the same live rows that takes its place; null when no row was left. */
export interface Rewrite {
  readonly path: string;
  readonly file: DataFile | null;
}

/** Everything the load left behind in the lake bucket, not yet visible to anyone. */
export interface Loaded {
  /** The stream's whole schema after this load: user columns, then system columns. */
  readonly schema: readonly Field[];
  readonly adds: readonly DataFile[];
  /** Files of the reject table (`rejectFields`). */
  readonly rejects: readonly DataFile[];
  /** Live data files that were rewritten because a column changed its type, without their deleted rows. */
  readonly rewrites: readonly Rewrite[];
  readonly counts: Counts;
  readonly files: readonly LoadedFile[];
  /** How what was read differs from the table; null: not at all. */
  readonly drift: SchemaDrift | null;
  /** Files of the reject table whose rows were loaded again; left out where none was. */
  readonly replayed?: readonly string[];
  /** Names of the table's columns that the batches had, in the order they first came. */
  readonly delivered?: readonly string[];
  /** One for each part of a file that was loaded; left out where none was. */
  readonly parts?: readonly PartReport[];
}

/** One file of the reject table, whose rows are to be loaded again; they are in `Loaded.rejects` if they fail again. */
export interface RejectsBody {
  readonly kind: 'rejects';
  readonly file: DataFile;
}

/** What a loader takes besides what connectors deliver. */
export type LoaderBody = BatchBody | FilePart | RejectsBody;

/**
 * Turns batches of one stream into Parquet files in the lake. One loader per stream and invocation.
 * Memory stays bounded whatever the batches hold. Object keys hold (run, attempt, unit, number), so that two
 * attempts never write the same key.
 */
export interface StreamLoader extends AsyncDisposable {
  /** Loads one batch to its end. A file that cannot be read throws `file_unreadable` and leaves nothing of it. */
  load(batch: Pick<Batch<unknown>, 'columns'> & { readonly body: LoaderBody }): Promise<Counts>;
  /** Makes place for columns as if they had been loaded, which others do or did; answers the schema with them. */
  propose(proposal: Proposal): Promise<readonly Field[]>;
  /** Rows of one batch never span a `finish`. After it the loader takes no more batches. */
  finish(): Promise<Loaded>;
}

export interface StreamLoaderOptions {
  readonly stream: StreamRequest;
  /** What is decided about columns; left out: nothing. */
  readonly rules?: ColumnRules;
  /** Columns the description declared; null for files. */
  readonly columns: readonly Column[] | null;
  /** The table's schema before this load; empty for a new table. */
  readonly schema: readonly Field[];
  /**
   * Present for one of several loaders that share one commit: the schema they agreed on, from which this one starts.
   * Live files are then left as they are: who puts the work together rewrites them.
   */
  readonly agreed?: readonly Field[];
  /** Fields that others made of new columns: one of the same name and type gets the same id. */
  readonly known?: readonly Field[];
  /** Live data files, for the rewrite a type change needs; paths are `s3://bucket/key`. */
  readonly liveFiles: () => Promise<readonly LiveFile[]>;
  /** Reserves `count` field ids by a conditional write and answers the first. Called before a file that uses them is written. */
  readonly reserveFieldIds: (count: number) => Promise<number>;
  /** Key prefixes, each ending with `/`, already holding run and attempt. */
  readonly dataPrefix: string;
  readonly rejectPrefix: string;
  readonly runId: string;
  readonly ingestedAt: Date;
  /** Uploads a finished local file and answers its `s3://` path. */
  readonly upload: (localPath: string, key: string) => Promise<string>;
  /** Streams an object of the lake bucket. */
  readonly download: (path: string) => AsyncIterable<Uint8Array>;
  /** An empty local folder that the caller removes. */
  readonly workFolder: string;
  readonly memoryLimitMegabytes: number;
  readonly threads: number;
  readonly systemColumns: readonly ('_source_file' | '_deleted')[];
  readonly log: Log;
  readonly signal: AbortSignal;
}

export type OpenStreamLoader = (options: StreamLoaderOptions) => Promise<StreamLoader>;

/** The reject table beside a stream's table. Ids are fixed: columns may come, and none ever changes. */
export const rejectFields = [
  { id: 1, name: 'row_text', type: 'string' },
  { id: 2, name: 'line', type: 'long' },
  { id: 3, name: 'column_name', type: 'string' },
  { id: 4, name: 'reason', type: 'string' },
  { id: 5, name: '_run_id', type: 'string' },
  { id: 6, name: '_ingested_at', type: 'timestamptz' },
  { id: 7, name: '_source_file', type: 'string' },
  /** How `row_text` is to be read again: `csv`, `json` or `cells`; null: not at all. */
  { id: 8, name: 'row_format', type: 'string' },
  /** What that takes, as JSON (`RejectContext`). */
  { id: 9, name: 'row_context', type: 'string' },
] as const satisfies readonly Field[];
