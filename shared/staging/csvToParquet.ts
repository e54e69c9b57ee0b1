import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fifo } from '../duckdb/fifo.ts';
import type { Fifos } from '../duckdb/fifos.ts';
import { type DuckDb, type DuckDbRow, sqlText } from '../duckdb/openDuckDb.ts';
import type { CsvDialect } from '../formats/csv/cellAutomaton.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { Field } from '../lake/schema.ts';

/** A Parquet file DuckDB has finished, still on this machine. */
export interface WrittenFile {
  readonly localPath: string;
  readonly fields: readonly Field[];
  readonly rows: number;
  /** The row of RETURN_STATS. */
  readonly stats: DuckDbRow;
}

/** A value DuckDB would not cast, although its column's declared type said so. */
export interface CastFailure {
  /** Position among `columnTypes`. */
  readonly column: number;
  readonly message: string;
}

export interface CsvToParquetOptions {
  readonly db: DuckDb;
  readonly fifos: Fifos;
  readonly folder: string;
  /** File names in `folder` start with it; MUST be unique there. */
  readonly name: string;
  readonly dialect: CsvDialect;
  /** Unquoted text that means NULL. */
  readonly nullText: string;
  /** DuckDB types of the CSV's columns, which are called `c0`, `c1`, … */
  readonly columnTypes: readonly string[];
  /** One SQL expression over those for each of `fields`. */
  readonly expressions: readonly string[];
  readonly fields: readonly Field[];
  /** Called with each finished file; the file is removed once it resolves. */
  readonly onFile: (file: WrittenFile) => Promise<void>;
}

/** Parquet files above it are ended at the next block, so they stay below 512 MB. */
const fullFileBytes = 400 * 2 ** 20;
const bytesBetweenLooks = 32 * 2 ** 20;
/** Rows of DuckDB's default length at most, and what longer ones need. */
const usualLineBytes = 2_000_000;
const longLineBytes = 20_000_000;
/**
 * DuckDB would take sixteen lines' worth, several times over. Small buffers are as fast, need 300 MB less with two
 * threads, and let reading and parsing take turns more often.
 */
const linesPerBuffer = 2;

/**
 * Blocks go into the pipe as many at once as wait, up to this size: between two writes DuckDB stands still until
 * Node's one thread, which may be in the middle of the next block, has heard of the first's end.
 */
const bytesPerWrite = 4 * 2 ** 20;

/** Blocks that are written at once. */
interface Gathered {
  readonly blocks: Uint8Array[];
  bytes: number;
  longestRow: number;
  readonly written: Promise<void>;
}

interface Copy {
  readonly fifo: Fifo;
  readonly path: string;
  readonly result: Promise<readonly DuckDbRow[]>;
  readonly takesLongLines: boolean;
  bytes: number;
  looked: number;
}

/**
 * Whole rows of CSV in, zstd Parquet out, through a named pipe: nothing is written twice and memory is bounded by
 * DuckDB's buffers. A second file is begun when the first is large, or when rows get longer than its reader takes.
 */
export class CsvToParquet implements AsyncDisposable {
  readonly #options: CsvToParquetOptions;
  #copy: Copy | null = null;
  #count = 0;
  #last: Promise<void> = Promise.resolve();
  /** What waits for its turn and can take more. */
  #gathered: Gathered | null = null;
  #isDisposed = false;
  readonly castFailures: CastFailure[] = [];

  constructor(options: CsvToParquetOptions) {
    this.#options = options;
  }

  /**
   * Writes after everything written before. Resolves when the bytes may be used again. `longestRow` is that of these
   * bytes or any before.
   */
  write(rows: Uint8Array, longestRow: number): Promise<void> {
    const waiting = this.#gathered;
    const gathered =
      waiting !== null && waiting.bytes + rows.length <= bytesPerWrite ? waiting : this.#gather();
    gathered.blocks.push(rows);
    gathered.bytes += rows.length;
    gathered.longestRow = longestRow;
    return gathered.written;
  }

  #gather(): Gathered {
    const gathered: Gathered = {
      blocks: [],
      bytes: 0,
      longestRow: 0,
      written: this.#last.then(() => {
        if (this.#gathered === gathered) this.#gathered = null;
        return this.#write(gathered);
      }),
    };
    gathered.written.catch(() => undefined);
    this.#last = gathered.written;
    this.#gathered = gathered;
    return gathered;
  }

  async #write({ blocks, bytes, longestRow }: Gathered): Promise<void> {
    if (bytes === 0) return;
    const isLong = longestRow > usualLineBytes;
    if (this.#copy !== null && ((isLong && !this.#copy.takesLongLines) || (await this.#isFull())))
      await this.#endFile();
    // It may have been meanwhile.
    if (this.#isDisposed) throw new Error('the writer was disposed of');
    this.#copy ??= await this.#begin(isLong);
    const copy = this.#copy;
    copy.bytes += bytes;
    try {
      await copy.fifo.write(...blocks);
    } catch (error) {
      // EPIPE: the statement failed, and knows why.
      await copy.result;
      throw error;
    }
  }

  /** Ends the last file. */
  async end(): Promise<void> {
    await this.#last;
    if (this.#copy !== null) await this.#endFile();
  }

  async #begin(takesLongLines: boolean): Promise<Copy> {
    const { db, fifos, folder, name, fields } = this.#options;
    const number = this.#count++;
    const fifo = await fifos.take();
    const path = join(folder, `${name}-${number}.parquet`);
    const result = db.rows(
      `COPY (${this.#select(fifo.path, takesLongLines, number)}) TO ${sqlText(path)} (${copyOptions(fields)})`,
    );
    result.catch(() => fifo.release());
    return { fifo, path, result, takesLongLines, bytes: 0, looked: 0 };
  }

  #select(path: string, takesLongLines: boolean, number: number): string {
    const { dialect, nullText, columnTypes, expressions, fields, name } = this.#options;
    const lineBytes = takesLongLines ? longLineBytes : usualLineBytes;
    const columns = columnTypes.map((type, index) => `c${index}: ${sqlText(type)}`);
    const outputs = expressions.map(
      (expression, index) => `${expression} AS "${fields[index]?.name}"`,
    );
    const options = [
      'auto_detect = false',
      'header = false',
      `delim = ${sqlText(dialect.delimiter)}`,
      `quote = ${sqlText(dialect.quote)}`,
      `escape = ${sqlText(dialect.quoteEscape)}`,
      // Its default `#` makes rows vanish that start with one.
      "comment = ''",
      `nullstr = ${sqlText(nullText)}`,
      'allow_quoted_nulls = false',
      // Strict, it refuses files that mix CRLF and LF.
      'strict_mode = false',
      `columns = {${columns.join(', ')}}`,
      'store_rejects = true',
      'rejects_limit = 100',
      `rejects_table = ${sqlText(rejectsTable(name, number))}`,
      `rejects_scan = ${sqlText(`${rejectsTable(name, number)}_scan`)}`,
      `max_line_size = ${lineBytes}`,
      `buffer_size = ${linesPerBuffer * lineBytes}`,
    ];
    return `SELECT ${outputs.join(', ')} FROM read_csv(${sqlText(path)}, ${options.join(', ')})`;
  }

  async #isFull(): Promise<boolean> {
    const copy = this.#copy as Copy;
    if (copy.bytes - copy.looked < bytesBetweenLooks) return false;
    copy.looked = copy.bytes;
    const { size } = await stat(copy.path).catch(() => ({ size: 0 }));
    return size >= fullFileBytes;
  }

  async #endFile(): Promise<void> {
    const { onFile, fields, db, name } = this.#options;
    const { fifo, path, result } = this.#copy as Copy;
    await fifo.end().catch(() => undefined);
    const [stats] = await result;
    this.#copy = null;
    await fifo[Symbol.asyncDispose]();
    const table = rejectsTable(name, this.#count - 1);
    for (const row of await db.rows(
      `SELECT column_idx::INTEGER AS position, any_value(error_message) AS message FROM "${table}" GROUP BY ALL`,
    ))
      this.castFailures.push({
        column: Number(row['position']) - 1,
        message: String(row['message']),
      });
    await db.rows(`DROP TABLE "${table}"`);
    await db.rows(`DROP TABLE "${table}_scan"`);
    if (stats === undefined) throw new Error('COPY answered no statistics');
    try {
      await onFile({ localPath: path, fields, rows: Number(stats['count']), stats });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Stops at once and leaves no file behind; after `end` there is nothing to stop. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#stop();
    await this.#last.catch(() => undefined);
    // A write may just have been about to begin.
    await this.#stop();
  }

  async #stop(): Promise<void> {
    if (this.#copy === null) return;
    const { fifo, path, result } = this.#copy;
    this.#copy = null;
    this.#options.db.interrupt();
    // A reader blocked in the pipe hears no interrupt; the end of the file wakes it.
    await fifo.end().catch(() => undefined);
    await result.catch(() => undefined);
    await fifo[Symbol.asyncDispose]();
    await rm(path, { force: true });
  }
}

const rejectsTable = (name: string, number: number): string =>
  `rejects_${name.replaceAll(/[^a-z0-9]/gi, '_')}_${number}`;
