import type { Connection, FieldPacket } from 'mysql2';
import { RowBuffer } from '../../shared/connectors/sql/rowBuffer.ts';
import type { RowBlock, RowReader } from '../../shared/connectors/sql/sqlDialect.ts';
import { type CellKind, cellKinds, type RawRow, writeRow } from './cells.ts';

/**
 * A SELECT under way, its rows in the form of `copyCsv`. Rows are written into a buffer as they arrive; when it is
 * full the connection is paused, and TCP holds the server back.
 */
export class RowsOut implements RowReader {
  readonly #connection: Connection;
  readonly #buffer = new RowBuffer();
  readonly #started = Promise.withResolvers<void>();
  #kinds: readonly CellKind[] = [];
  #paused = false;
  #ended = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  constructor(connection: Connection, sql: string) {
    this.#connection = connection;
    this.#started.promise.catch(() => {});
    const query = connection.query({ sql, rowsAsArray: true, typeCast: false });
    query.on('fields', (fields: FieldPacket[]) => {
      this.#kinds = cellKinds(fields);
    });
    query.on('result', (row) => {
      writeRow(this.#buffer, row as unknown as RawRow, this.#kinds);
      if (this.#buffer.rows === 1) this.#started.resolve();
      if (this.#buffer.full) this.#pause(true);
      this.#wake();
    });
    query.on('error', this.fail);
    query.on('end', () => {
      this.#ended = true;
      this.#started.resolve();
      this.#wake();
    });
    // The driver tells a query without a callback nothing of a connection that breaks.
    connection.on('error', this.fail);
  }

  /** Resolves with the first row or the end; rejects with what the server said instead. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  readonly fail = (error: unknown): void => {
    this.#error ??= error;
    this.#started.reject(error);
    this.#wake();
  };

  async next(maxRows: number): Promise<RowBlock | null> {
    const enough = (): boolean =>
      this.#ended || this.#error !== null || this.#buffer.rows >= maxRows || this.#buffer.full;
    while (!enough()) {
      this.#pause(false);
      if (enough()) break;
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (enough()) resolve();
        };
      });
    }
    if (this.#error !== null) throw this.#error;
    return this.#buffer.rows === 0 ? null : this.#buffer.take(maxRows);
  }

  #pause(pause: boolean): void {
    if (this.#paused === pause) return;
    this.#paused = pause;
    // Resuming hands over what is left of the last packet at once, which may fill the buffer again.
    if (pause) this.#connection.pause();
    else this.#connection.resume();
  }
}
