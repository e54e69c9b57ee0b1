import { open, rm } from 'node:fs/promises';
import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import type { RowFilter } from './columnRange.ts';
import type { LakeReader } from './lakeReader.ts';
import { footerLength, footerTailBytes, type RowGroup, readFooter } from './parquetFooter.ts';
import { writeAt } from './writeAt.ts';

/** A footer this small takes one request. */
const footerGuessBytes = 64 * 1024;

export interface SparseCopyOptions {
  readonly file: Pick<DataFile, 'path' | 'bytes'>;
  readonly localPath: string;
  /** The columns to fetch. */
  readonly fields: readonly Field[];
  /** null: every row is wanted. */
  readonly filter: RowFilter | null;
}

/**
 * A local file of the length of one in the lake that holds its footer and the column chunks that were fetched, each
 * in its place, and holes elsewhere. DuckDB reads the rest of a hole as a damaged page and fails: what was not
 * fetched cannot be mistaken for data.
 */
export class SparseCopy implements AsyncDisposable {
  readonly localPath: string;
  readonly fields: readonly Field[];
  /** Those that may hold a wanted row. */
  readonly rowGroups: readonly RowGroup[];
  /** Whether these are all the file has. */
  readonly isWhole: boolean;
  readonly #path: string;

  private constructor(
    { file, localPath, fields }: SparseCopyOptions,
    rowGroups: readonly RowGroup[],
    isWhole: boolean,
  ) {
    this.localPath = localPath;
    this.fields = fields;
    this.rowGroups = rowGroups;
    this.isWhole = isWhole;
    this.#path = file.path;
  }

  /** Fetches the footer and decides which row groups are wanted. */
  static async open(lake: LakeReader, options: SparseCopyOptions): Promise<SparseCopy> {
    const { file, localPath, fields, filter } = options;
    const guessed = { from: Math.max(0, file.bytes - footerGuessBytes), to: file.bytes };
    let tail = await lake.read(file.path, guessed);
    const length = footerLength(tail, file.path) + footerTailBytes;
    if (length > tail.length) {
      const rest = await lake.read(file.path, { from: file.bytes - length, to: guessed.from });
      tail = Buffer.concat([rest, tail]);
    }
    const footer = tail.subarray(tail.length - length);
    const all = readFooter(footer, fields);
    await using handle = await open(localPath, 'w', 0o600);
    await handle.truncate(file.bytes);
    await writeAt(handle, magic, 0);
    await writeAt(handle, footer, file.bytes - footer.length);
    const wanted = filter === null ? all : all.filter(({ rangeOf }) => filter.mayMatch(rangeOf));
    return new SparseCopy(options, wanted, wanted.length === all.length);
  }

  get wantedRows(): number {
    return this.rowGroups.reduce((sum, { rows }) => sum + rows, 0);
  }

  get wantedBytes(): number {
    return this.rowGroups.reduce(
      (sum, { bytes }) => sum + bytes.reduce((size, { from, to }) => size + to - from, 0),
      0,
    );
  }

  /** Fetches the wanted columns of the wanted row groups. */
  async fill(lake: LakeReader): Promise<void> {
    await using handle = await open(this.localPath, 'r+');
    const ranges = this.rowGroups.flatMap(({ bytes }) => bytes);
    await lake.readAll(this.#path, ranges, (bytes, from) => writeAt(handle, bytes, from));
  }

  /** SQL that keeps DuckDB to the wanted row groups, which it then reads alone; null where that is all of them. */
  get rowsSql(): string | null {
    if (this.isWhole) return null;
    const spans: { from: number; to: number }[] = [];
    for (const { firstRow, rows } of this.rowGroups) {
      const last = spans.at(-1);
      if (last?.to === firstRow) last.to += rows;
      else spans.push({ from: firstRow, to: firstRow + rows });
    }
    return spans
      .map(({ from, to }) => `(file_row_number >= ${from} AND file_row_number < ${to})`)
      .join(' OR ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.localPath, { force: true });
  }
}

const magic = Buffer.from('PAR1');
