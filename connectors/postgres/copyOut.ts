import type { Connection, Submittable } from 'pg';
import { RowBuffer } from '../../shared/connectors/sql/rowBuffer.ts';
import type { RowBlock, RowReader } from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { CopyFrames, type CopySink } from './copyFrames.ts';

const lineFeed = 0x0a;

/**
 * A COPY … TO STDOUT under way, as whole rows: the server sends one CopyData message per row (PostgreSQL's
 * protocol, "COPY operations"), so a row's end never has to be searched for among quotes.
 */
export class CopyOut implements Submittable, RowReader, CopySink {
  readonly #sql: string;
  readonly #started = Promise.withResolvers<void>();
  #connection: Connection | null = null;
  #paused = false;
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => {};
  protected readonly buffer: RowBuffer;

  constructor(sql: string, buffer = new RowBuffer()) {
    this.#sql = sql;
    this.buffer = buffer;
    this.#started.promise.catch(() => {});
  }

  /** Resolves with the first row or the end; rejects with what the server said instead. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  async next(maxRows: number): Promise<RowBlock | null> {
    const enough = (): boolean =>
      this.#ended || this.#error !== null || this.buffer.rows >= maxRows || this.buffer.full;
    while (!enough()) {
      this.#pause(false);
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (enough()) resolve();
        };
      });
    }
    if (this.#error !== null) throw this.#error;
    if (this.buffer.rows === 0) return null;
    const block = this.buffer.take(maxRows);
    this.assertWhole(block);
    return block;
  }

  /** Throws `source_answer_invalid` where a block does not end with a row's end. */
  protected assertWhole({ bytes }: RowBlock): void {
    if (bytes.at(-1) === lineFeed) return;
    throw new HeadgateError(
      'source_answer_invalid',
      'What answers COPY splits rows over several messages. Set the transfer to cursor.',
    );
  }

  // What the frames hand over. Between `begin` and `end` nobody takes a block: both are of one message, and a block
  // is taken of whole rows.
  begin(bytes: number): void {
    this.buffer.reserve(bytes);
  }
  add(source: Buffer, from: number, to: number): void {
    source.copy(this.buffer.bytes, this.buffer.end, from, to);
    this.buffer.end += to - from;
  }
  end(): void {
    this.endRow();
  }

  protected endRow(): void {
    this.buffer.endRow();
    this.arrived();
  }

  /** There are more rows than before. */
  protected arrived(): void {
    this.#started.resolve();
    if (this.buffer.full) this.#pause(true);
    this.#wake();
  }

  // What pg calls on the query it is running.
  submit(connection: Connection): void {
    this.#connection = connection;
    new CopyFrames(connection.stream, this);
    connection.query(this.#sql);
  }
  handleCommandComplete(): void {}
  handleReadyForQuery(): void {
    this.#ended = true;
    this.#started.resolve();
    this.#leave();
  }
  handleError(error: Error): void {
    this.#error = error;
    this.#started.reject(error);
    this.#leave();
  }

  /** Rows that filled the buffer may have come with the end: whoever uses the connection next waits for its answer. */
  #leave(): void {
    this.#pause(false);
    this.#wake();
  }

  #pause(pause: boolean): void {
    if (this.#paused === pause) return;
    this.#paused = pause;
    if (pause) this.#connection?.stream.pause();
    else this.#connection?.stream.resume();
  }
}
