import type { HeadgateError } from '../../errors.ts';
import type { Context, SourceRecord } from '../connector.ts';

/** One record as the log has it. */
export interface LogRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970; null where the log knows none. */
  readonly timestamp: number | null;
  readonly key: Buffer | null;
  /** null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** Records of one partition that follow each other, and where the next ones begin: there may be gaps, and none at all. */
export interface LogSlice {
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly next: bigint;
}

/** Offsets that can be read: from the first that is still kept, up to the end, exclusive. */
export interface LogBounds {
  readonly earliest: bigint;
  readonly end: bigint;
}

/**
 * A connection to a log that only reads, and joins no group. Closed by `await using`, also half way. Every method fails
 * at once when the context's signal aborts. Throws the driver's errors; `LogDialect.explain` says what they mean.
 */
export interface LogSession extends AsyncDisposable {
  /** `3 brokers of cluster …`, for people. */
  readonly server: string;
  /** Topics the user may read, internal ones left out. */
  topics(): Promise<readonly string[]>;
  /** Of every partition of a topic. Committed records only. */
  bounds(topic: string): Promise<ReadonlyMap<number, LogBounds>>;
  /**
   * Some records from these positions on, as many as fit the memory of one answer; waits a moment where there are
   * none. MUST answer at least one slice that moves where any position lies before its partition's end.
   */
  fetch(topic: string, positions: ReadonlyMap<number, bigint>): Promise<readonly LogSlice[]>;
}

/** What differs between logs; everything else is shared. */
export interface LogDialect<Config, Credentials> {
  connect(context: Context<Config, Credentials>): Promise<LogSession>;
  /** What an error of the driver, the server or the network means; null: nothing known. MUST NOT hold secrets. */
  explain(error: unknown, context: Context<Config, Credentials>): HeadgateError | null;
  /** What a record's bytes say. Throws HeadgateError. */
  decoder(context: Context<Config, Credentials>): Promise<LogDecoder>;
}

/** Makes values of keys and values; JSON text of what is no object stays text. */
export interface LogDecoder {
  key(bytes: Buffer): Promise<string>;
  value(bytes: Buffer): Promise<DecodedValue>;
}

/** An object's fields become columns; anything else is text in `_value`. */
export type DecodedValue = { readonly fields: SourceRecord } | { readonly text: string };
