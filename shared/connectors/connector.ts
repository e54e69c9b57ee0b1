import type * as z from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import type { Json } from '../json.ts';
import type { Column } from '../lake/schema.ts';
import type { Log } from '../log.ts';
import type { AccessToken, OAuthGrant } from '../oauth/oauthGrant.ts';
import type { ColumnSink, FilledRows } from './columnSink.ts';
import type { OAuthConnect } from './oauthConnect.ts';
import type { RateLimit } from './rateLimit.ts';

export type SyncMode = 'full_refresh' | 'full_refresh_append' | 'incremental' | 'cdc';

/** What a connector is handed from outside. Nothing else may be reached: no env, no clock, no global fetch. */
export interface Context<Config, Credentials> {
  readonly config: Config;
  readonly credentials: Credentials;
  /** Refuses private addresses, pins what it resolved, caps redirects, bytes and time. */
  readonly fetch: typeof fetch;
  /** Passes when the host may be dialled and answers the address to dial; throws `address_refused` otherwise. */
  readonly resolveHost: (host: string) => Promise<string>;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /**
   * Aborted when the work must stop: lock lost, function about to die. `read` then throws the signal's reason
   * at once; what it yielded since the last checkpoint is read again.
   */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The source's landed files; present only for connectors with `landing: true`. */
  readonly landing?: LandedFiles;
  /** Paces requests over all runs that use these credentials. Absent where they are not stored yet. */
  readonly rateLimit?: RateLimit;
  /**
   * A live access token: one refresh at a time over all runs, and a rotated refresh token is stored before the access
   * token is used. `rejected` is a token that the source no longer takes: the answer is another one.
   * Throws `invalid_credentials` when the token endpoint refuses the grant.
   */
  readonly accessToken?: (grant: OAuthGrant, rejected?: string) => Promise<AccessToken>;
}

/** Files that arrived in the source's landing prefix and that this run has to load, in order of arrival. */
export interface LandedFiles {
  pending(): AsyncIterable<LandedFile>;
}

export interface LandedFile {
  /** Name within the source, e.g. `2026/orders.csv`. */
  readonly name: string;
  readonly versionId: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** The exact version's bytes from an offset; may be called again for a second pass. */
  open(from?: number): AsyncIterable<Uint8Array>;
}

/** An exact version of a file. */
export type FileRef = Pick<LandedFile, 'name' | 'versionId' | 'bytes'>;

/** One table-shaped thing a source offers. */
export interface StreamDescription {
  readonly name: string;
  /** null: known only once a file is read. */
  readonly columns: readonly Column[] | null;
  readonly primaryKey: readonly string[];
  /** Columns that may serve as cursor. */
  readonly cursorFields: readonly string[];
  readonly modes: readonly SyncMode[];
  /** `inserts`: later edits are never seen. `changes`: inserts and edits. `snapshot`: everything, every run. */
  readonly captures: 'inserts' | 'changes' | 'snapshot';
  readonly deletes: 'tombstone' | 'flag' | 'none';
  /** Whether records arrive in cursor order. */
  readonly ordered: boolean;
  /** Zone of timestamps without one, e.g. `UTC`. */
  readonly timeZone: string;
  readonly supportsDateRange: boolean;
  /**
   * Incremental rows take the place of earlier rows of the same key unless the source's settings say otherwise:
   * said where appending would only pile up versions that nobody asked for.
   */
  readonly upserts?: boolean;
  /** One read may deliver a row twice, because pages shift while it runs; reduced to one row per primary key. */
  readonly repeats?: boolean;
  /** What a person should know before choosing it, e.g. "no primary key: full refresh only". */
  readonly notes?: readonly string[];
}

/** What is known of a stream before any source is asked. */
export type StreamFacts = Pick<
  StreamDescription,
  'name' | 'primaryKey' | 'cursorFields' | 'modes' | 'captures' | 'deletes' | 'supportsDateRange'
> & { readonly notes?: readonly string[] };

/** What a run wants of one stream. */
export interface StreamRequest {
  readonly name: string;
  readonly mode: SyncMode;
  readonly primaryKey: readonly string[];
  readonly cursorField: string | null;
  /** Source columns to read; null is all. */
  readonly columns: readonly string[] | null;
  /** Backfill window on the cursor or date field, ISO 8601; upper end exclusive. */
  readonly window: { readonly from: string; readonly to: string | null } | null;
  /** One of the slices that `split` answered; left out: the whole stream. */
  readonly slice?: Json;
  /**
   * The stream's columns, where their values are taken decoded: a batch all of whose columns are among them, by name
   * and type, may be `columns`. Left out: no batch may.
   */
  readonly decoded?: readonly Column[];
}

export type SourceRecord = { readonly [field: string]: Json };

/** What a batch carries. `open` gives the bytes from the start each time it is called. */
export type BatchBody =
  | { readonly kind: 'records'; readonly records: readonly SourceRecord[] }
  /**
   * UTF-8 CSV without a header, columns as declared by the stream, comma, `"`-quoted with `""` inside,
   * NULL as unquoted `\N`. Booleans are `t` and `f`, `binary` is `\x` and hexadecimal digits, dates and times
   * ISO 8601 with a space for the T, `timestamptz` with its offset. A value may be text that its column's type
   * has no place for (`infinity`, `NaN`, a year BC): it goes to `_unfit`. Always comes with the batch's `columns`.
   * Read once: `open` is called exactly once, and to its end before the next batch is asked for. A chunk's bytes may
   * change when the next one is asked for.
   */
  | { readonly kind: 'copyCsv'; readonly open: () => AsyncIterable<Uint8Array> }
  /**
   * Values as numbers and bytes instead of text, which nobody has to print and parse; only where the request has
   * `decoded`. Always comes with the batch's `columns`. `fill` is called exactly once and adds whole rows to the sink
   * before each answer; it is asked to its end before the next batch is.
   */
  | { readonly kind: 'columns'; readonly fill: (sink: ColumnSink) => AsyncIterable<FilledRows> }
  /** A whole file in a format to be detected or as the options say. */
  | { readonly kind: 'file'; readonly file: LandedFile; readonly options: FileFormatOptions };

/**
 * Records, then the checkpoint that covers them: everything up to and including this batch is delivered, and
 * resuming from here loses nothing. A batch without one is not durable alone and is read again after a crash.
 * Given as a function, it is called once the body has been read to its end.
 */
export interface Batch<Checkpoint> {
  readonly body: BatchBody;
  /** The columns of this batch where they differ from the description, or were unknown until now. */
  readonly columns?: readonly Column[];
  /** Every record names a row that is gone: its key columns, and its cursor where known. Only with `records`. */
  readonly tombstones?: boolean;
  /** No row of it was delivered before: the first read of a stream, in the order of a key that is unique. */
  readonly fresh?: boolean;
  /**
   * From this batch to the next checkpoint come all rows that have no cursor value: those in the table go in the
   * same commit. For streams without a key, whose rows cannot be told apart.
   */
  readonly replacesNullCursor?: boolean;
  /** With `file`: rows of other versions of it may have been delivered; they go in the same commit. */
  readonly replacesFile?: boolean;
  /** Rows of files whose names it holds of go in the commit of the read. Only with no records, and without `landing`. */
  readonly removesFiles?: (name: string) => boolean;
  readonly checkpoint?: Checkpoint | (() => Checkpoint);
}

/** Thrown by `read` (never yielded) when the source says "come back later"; parked at no cost until then. */
export class ParkUntil extends Error {
  override readonly name = 'ParkUntil';
  readonly until: Date;
  constructor(until: Date, reason: string) {
    super(reason);
    this.until = until;
  }
}

export type CheckResult =
  | {
      readonly ok: true;
      readonly message: string;
      /**
       * First records of each stream, a few, as a read would deliver them: what a configuration comes to, for who
       * makes it. Shown, and stored nowhere.
       */
      readonly sample?: readonly StreamSample[];
    }
  | {
      readonly ok: false;
      readonly code: Extract<
        ErrorCode,
        | 'invalid_credentials'
        | 'invalid_config'
        | 'source_forbidden'
        | 'source_not_found'
        | 'source_unreachable'
        | 'address_refused'
      >;
      /** What is wrong and what to do, for a person. MUST NOT hold secrets. */
      readonly message: string;
    };

export interface StreamSample {
  readonly stream: string;
  readonly records: readonly SourceRecord[];
}

/** A way to sign in, for the catalogue and the form. */
export interface AuthMethod {
  readonly name: 'none' | 'password' | 'token' | 'key' | 'oauth2';
  readonly title: string;
  /** Fields of `credentials` this method needs. */
  readonly fields: readonly string[];
}

/**
 * One kind of source. `Checkpoint` is opaque to everyone else, round-trips through JSON, stays below 32 KB and
 * carries its own `v`.
 *
 * - `config` and `credentials`: every field has a title and a description (`.meta({ title, description })`);
 *   secret fields say `secret: true`. Forms and docs are generated from them.
 * - `check` answers, never throws, for anything the source or the network says.
 * - `discover` lists streams in a stable order (by name).
 * - `read` yields batches until everything up to the upper bound it froze at its start is delivered; the last
 *   batch of a complete read MUST carry a checkpoint. A read resumed from that checkpoint in `incremental` mode
 *   delivers what came since; in `full_refresh` mode `from` is only ever a checkpoint of the same, unfinished read.
 *   Throws HeadgateError or ParkUntil; never swallows a refusal as "no data".
 * - Drivers are imported inside functions (`await import('pg')`), so that describing a connector loads none.
 */
export interface Connector<Config = unknown, Credentials = unknown, Checkpoint = unknown> {
  /** `[a-z0-9_]+`; names the function, the catalogue entry and the docs page. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The vendor's documentation. */
  readonly docs: string;
  readonly labels: readonly ('database' | 'warehouse' | 'files' | 'saas' | 'stream')[];
  readonly authMethods: readonly AuthMethod[];
  /** Absent where nobody can agree in the browser. */
  readonly connect?: OAuthConnect;
  readonly syncModes: readonly SyncMode[];
  /** Accepted endings of uploaded files, e.g. `['.csv']`; absent where files cannot be uploaded. */
  readonly fileTypes?: readonly string[];
  readonly supportsContinuous: boolean;
  readonly supportsDateRange: boolean;
  /** Streams that every source of this kind has, for the catalogue; left out where each has its own. */
  readonly streams?: readonly StreamFacts[];
  /** Reads what landed in Headgate's own bucket. */
  readonly landing: boolean;
  readonly config: z.ZodType<Config>;
  readonly credentials: z.ZodType<Credentials>;
  readonly checkpoint: z.ZodType<Checkpoint>;
  /** Whether nothing is left of the read whose checkpoint it is: a run that had to stop right there does not go on with it. */
  isComplete(checkpoint: Checkpoint): boolean;
  check(context: Context<Config, Credentials>): Promise<CheckResult>;
  discover(context: Context<Config, Credentials>): Promise<readonly StreamDescription[]>;
  read(
    context: Context<Config, Credentials>,
    stream: StreamRequest,
    from: Checkpoint | null,
  ): AsyncIterable<Batch<Checkpoint>>;
  /**
   * Present for connectors whose batches are files that lie elsewhere. Names one of them again, so that parts of it
   * can be read side by side; nothing is asked of the source before `open`. `context.landing` then holds the files
   * that one `read` is about; without it, `read` finds them itself.
   */
  openFile?(context: Context<Config, Credentials>, file: FileRef): LandedFile;
  /**
   * With `openFile`: the checkpoint for a read of which these files, by name, could not be loaded. The same read
   * does not deliver them again, the next one does.
   */
  forgetFiles?(checkpoint: Checkpoint, names: readonly string[]): Checkpoint;
  /**
   * Cuts one stream's read into slices that are read side by side, each by `read` with `stream.slice` and its own
   * checkpoints; together they deliver exactly what one read from `from` would. null: not worth it, or not possible.
   */
  split?(
    context: Context<Config, Credentials>,
    stream: StreamRequest,
    from: Checkpoint | null,
  ): Promise<Split<Checkpoint> | null>;
}

export interface Split<Checkpoint> {
  /** Small JSON, at most 10,000 of them. */
  readonly slices: readonly Json[];
  /** Where the stream stands once all of them are loaded. */
  readonly checkpoint: Checkpoint;
}
