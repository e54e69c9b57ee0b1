import type { Connection, Submittable } from 'pg';
import { parseCsvRecord } from '../../shared/connectors/sql/csvRecord.ts';
import type { RowBlock, RowReader } from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';

const lineFeed = 0x0a;

/** A block is handed over when it holds this much; then the socket is paused until somebody asks for more. */
const blockBytes = 256 * 1024;

/** Room for a block and for what arrives before a pause takes effect. */
const bufferBytes = 2 * blockBytes;

/**
 * A COPY … TO STDOUT under way, as whole rows: the server sends one CopyData message per row (PostgreSQL's
 * protocol, "COPY operations"), so a row's end never has to be searched for among quotes.
 */
export class CopyOut implements Submittable, RowReader {
  readonly #sql: string;
  readonly #started = Promise.withResolvers<void>();
  #connection: Connection | null = null;
  #paused = false;
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => {};
  /** Rows not handed over yet: the bytes from `#start` to `#end`, row ends from index `#first` on. */
  #buffer = Buffer.allocUnsafe(bufferBytes);
  #start = 0;
  #end = 0;
  #rowEnds: number[] = [];
  #first = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#started.promise.catch(() => {});
  }

  /** Resolves with the first row or the end; rejects with what the server said instead. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  async next(maxRows: number): Promise<RowBlock | null> {
    while (!this.#ended && this.#rows < maxRows && this.#bytes < blockBytes) {
      if (this.#error !== null) throw this.#error;
      this.#pause(false);
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (this.#ended || this.#error || this.#rows >= maxRows || this.#bytes >= blockBytes)
            resolve();
        };
      });
    }
    if (this.#error !== null) throw this.#error;
    return this.#rows === 0 ? null : this.#take(Math.min(maxRows, this.#rows));
  }

  get #rows(): number {
    return this.#rowEnds.length - this.#first;
  }
  get #bytes(): number {
    return this.#end - this.#start;
  }

  #take(rows: number): RowBlock {
    const buffer = this.#buffer;
    const start = this.#start;
    const end = this.#rowEnds[this.#first + rows - 1] ?? this.#end;
    const lastStart = rows === 1 ? start : (this.#rowEnds[this.#first + rows - 2] ?? start);
    if (buffer[end - 1] !== lineFeed)
      throw new HeadgateError(
        'source_answer_invalid',
        'What answers COPY splits rows over several messages. Set the transfer to cursor.',
      );
    this.#first += rows;
    this.#start = end;
    if (this.#first === this.#rowEnds.length) {
      // The block keeps the old buffer for as long as its reader needs it.
      this.#buffer = Buffer.allocUnsafe(bufferBytes);
      this.#start = 0;
      this.#end = 0;
      this.#rowEnds = [];
      this.#first = 0;
    }
    return {
      bytes: buffer.subarray(start, end),
      rows,
      last: () => parseCsvRecord(buffer.subarray(lastStart, end)),
    };
  }

  // What pg calls on the query it is running.
  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#sql);
  }
  /** The chunk has to be copied: pg's parser moves later messages over the same memory (node-postgres#3776). */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#grow(chunk.length);
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
    this.#rowEnds.push(this.#end);
    if (this.#rowEnds.length === 1) this.#started.resolve();
    if (this.#bytes >= blockBytes) this.#pause(true);
    this.#wake();
  }
  handleCommandComplete(): void {}
  handleReadyForQuery(): void {
    this.#ended = true;
    this.#started.resolve();
    this.#wake();
  }
  handleError(error: Error): void {
    this.#error = error;
    this.#started.reject(error);
    this.#wake();
  }

  #grow(more: number): void {
    const kept = this.#bytes;
    const grown = Buffer.allocUnsafe(Math.max(bufferBytes, 2 * (kept + more)));
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    this.#rowEnds = this.#rowEnds.slice(this.#first).map((end) => end - this.#start);
    this.#buffer = grown;
    this.#first = 0;
    this.#start = 0;
    this.#end = kept;
  }

  #pause(pause: boolean): void {
    if (this.#paused === pause) return;
    this.#paused = pause;
    if (pause) this.#connection?.stream.pause();
    else this.#connection?.stream.resume();
  }
}
