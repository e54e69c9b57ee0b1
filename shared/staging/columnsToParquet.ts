import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnSink } from '../connectors/columnSink.ts';
import { rowsPerRowGroup } from '../lake/copyOptions.ts';
import type { Column, ColumnType, Field } from '../lake/schema.ts';
import {
  BytesBuffer,
  bytesOf,
  type ColumnBuffer,
  ConstantBuffer,
  clearBuffer,
  columnBuffer,
  type WrittenColumn,
} from '../parquet/columnBuffers.ts';
import { ParquetWriter } from '../parquet/parquetWriter.ts';
import type { WrittenFile } from './csvToParquet.ts';

/** A source column and its place in the table. */
export interface StoredColumn {
  /** Position among the batch's columns. */
  readonly position: number;
  readonly field: Field;
}

export interface ColumnsToParquetOptions {
  readonly folder: string;
  /** File names in `folder` start with it; MUST be unique there. */
  readonly name: string;
  /** The batch's columns. */
  readonly columns: readonly Column[];
  /** Those that are stored, in the file's order. */
  readonly stored: readonly StoredColumn[];
  /** The file's last columns; each has one value in every row, but for `_unfit`. */
  readonly system: readonly { readonly field: Field; readonly value: string | Date | null }[];
  /** Called with each finished file; the file is removed once it resolves. */
  readonly onFile: (file: WrittenFile) => Promise<void>;
}

/** Row groups end at these bytes, too: two of them are held at a time, and buffers may be twice as long. */
const rowGroupBytes = 32 * 2 ** 20;
/** Files are ended behind the row group that reaches it, so they stay below 512 MB. */
const fullFileBytes = 400 * 2 ** 20;

/** Everything of one row group. */
interface Group {
  /** In the order of the batch's columns. */
  readonly columns: readonly (ColumnBuffer | null)[];
  /** In the file's order. */
  readonly written: readonly WrittenColumn[];
  readonly constants: readonly ConstantBuffer[];
  readonly unfit: BytesBuffer | null;
}

/**
 * Decoded rows in, zstd Parquet out. One row group is filled while the one before is compressed and written; memory is
 * bounded by the two. `settle` MUST be awaited after each of a connector's answers.
 */
export class ColumnsToParquet implements ColumnSink, AsyncDisposable {
  readonly #options: ColumnsToParquetOptions;
  readonly #fields: readonly Field[];
  readonly #names: readonly string[];
  readonly #rowsPerGroup: number;
  readonly types: readonly (ColumnType | null)[];
  row = 0;
  #filling: Group;
  #spare: Group | null = null;
  /** Of the row group before. */
  #writing: Promise<void> = Promise.resolve();
  #file: { readonly path: string; readonly writer: ParquetWriter } | null = null;
  #count = 0;
  /** `_unfit` of one row, as far as it is known. */
  #unfit = { row: -1, text: '', nextRow: 0 };

  constructor(options: ColumnsToParquetOptions) {
    const { columns, stored, system } = options;
    this.#options = options;
    this.#fields = [...stored.map(({ field }) => field), ...system.map(({ field }) => field)];
    this.#names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
    this.#rowsPerGroup = rowsPerRowGroup(this.#fields.length);
    this.types = columns.map(
      (_, index) => stored.find(({ position }) => position === index)?.field.type ?? null,
    );
    this.#filling = groupOf(options);
  }

  get columns(): readonly (ColumnBuffer | null)[] {
    return this.#filling.columns;
  }

  unfit(column: number, text: string): void {
    const member = `${this.#names[column]}${JSON.stringify(text)}`;
    if (this.#unfit.row === this.row) {
      this.#unfit.text += `,${member}`;
      return;
    }
    this.#endUnfit();
    this.#unfit = { ...this.#unfit, row: this.row, text: member };
  }

  /** `_unfit` of the row under way, whole: JSON of an object with members. */
  unfitRow(json: string): void {
    this.#endUnfit();
    this.#unfit = { ...this.#unfit, row: this.row, text: json.slice(1, -1) };
  }

  /** Bytes that wait for the end of their row group. */
  get bytes(): number {
    let bytes = 0;
    for (const buffer of this.#filling.written) bytes += bytesOf(buffer);
    return bytes;
  }

  #endUnfit(): void {
    const { row, text } = this.#unfit;
    if (row < 0) return;
    this.#fillUnfit(row);
    this.#filling.unfit?.addText(`{${text}}`);
    this.#unfit = { row: -1, text: '', nextRow: row + 1 };
  }

  /** NULLs up to a row. */
  #fillUnfit(row: number): void {
    const nulls = this.#filling.unfit?.nulls;
    for (let next = this.#unfit.nextRow; next < row; next++) nulls?.add(next);
  }

  /** Writes the row group when it is full. Resolves when more rows may be added; throws what writing threw. */
  async settle(): Promise<void> {
    if (this.row < this.#rowsPerGroup && this.bytes < rowGroupBytes) return;
    await this.#endGroup();
  }

  async #endGroup(): Promise<void> {
    if (this.row === 0) return;
    await this.#writing;
    const { row: rows } = this;
    const group = this.#filling;
    this.#endUnfit();
    this.#fillUnfit(rows);
    this.#unfit.nextRow = 0;
    for (const constant of group.constants) constant.count = rows;
    this.#filling = this.#spare ?? groupOf(this.#options);
    this.#spare = null;
    this.row = 0;
    this.#writing = this.#write(group, rows);
    // It is awaited before the next one.
    this.#writing.catch(() => undefined);
  }

  async #write(group: Group, rows: number): Promise<void> {
    this.#file ??= await this.#begin();
    await this.#file.writer.writeRowGroup(group.written, rows);
    for (const buffer of group.written) clearBuffer(buffer);
    this.#spare = group;
    if (this.#file.writer.bytes >= fullFileBytes) await this.#endFile();
  }

  async #begin(): Promise<{ path: string; writer: ParquetWriter }> {
    const { folder, name } = this.#options;
    const path = join(folder, `${name}-${this.#count++}.parquet`);
    return { path, writer: await ParquetWriter.create(path, this.#fields) };
  }

  async #endFile(): Promise<void> {
    if (this.#file === null) return;
    const { path, writer } = this.#file;
    const { rows, stats } = await writer.end();
    this.#file = null;
    await writer[Symbol.asyncDispose]();
    try {
      await this.#options.onFile({ localPath: path, fields: this.#fields, rows, stats });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Writes what is left, and ends the last file. */
  async end(): Promise<void> {
    await this.#endGroup();
    await this.#writing;
    await this.#endFile();
  }

  /** Leaves no file behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
    if (this.#file === null) return;
    const { path, writer } = this.#file;
    this.#file = null;
    await writer[Symbol.asyncDispose]();
    await rm(path, { force: true });
  }
}

function groupOf({ columns, stored, system }: ColumnsToParquetOptions): Group {
  const buffers = stored.map(({ field }) => columnBuffer(field.type));
  const byPosition = new Map(stored.map(({ position }, index) => [position, buffers[index]]));
  const last = system.map(({ value }) =>
    value === null ? new BytesBuffer() : new ConstantBuffer(oneValue(value)),
  );
  return {
    columns: columns.map((_, index) => byPosition.get(index) ?? null),
    written: [...buffers, ...last],
    constants: last.filter((buffer) => buffer instanceof ConstantBuffer),
    unfit: last.find((buffer) => buffer instanceof BytesBuffer) ?? null,
  };
}

function oneValue(value: string | Date): ColumnBuffer {
  const buffer = columnBuffer(typeof value === 'string' ? 'string' : 'timestamptz');
  if (buffer.kind === 'bytes') buffer.addText(String(value));
  else if (buffer.kind === 'int64') buffer.addNumber(Number(value) * 1000);
  return buffer;
}
