import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { copyOptions } from '../../../shared/lake/copyOptions.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { dataFileFromStats } from '../../../shared/lake/dataFileFromStats.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { columnBuffer } from '../../../shared/parquet/columnBuffers.ts';
import { ParquetWriter } from '../../../shared/parquet/parquetWriter.ts';
import { castOf, fillColumn } from './fillColumn.ts';

/** Each column's values, row by row, as texts. */
export type Texts = readonly (readonly (string | null)[])[];
export type Answer = readonly Readonly<Record<string, unknown>>[];

/** The same rows in two files: one that Headgate wrote, and one by DuckDB. */
export class TwoFiles implements Disposable {
  readonly folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly ours: string;
  readonly theirs: string;
  /** What each tells the lake. */
  dataFiles: { readonly ours: DataFile; readonly theirs: DataFile } | null = null;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.folder = mkdtempSync(join(tmpdir(), 'parquet-'));
    this.ours = join(this.folder, 'ours.parquet');
    this.theirs = join(this.folder, 'theirs.parquet');
    this.#instance = instance;
    this.#connection = connection;
  }

  /** `groups`: rows of each row group of ours; the last one takes the rest. */
  static async write(
    fields: readonly Field[],
    columns: Texts,
    groups: readonly number[] = [],
  ): Promise<TwoFiles> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const files = new TwoFiles(instance, connection);
    const rows = columns[0]?.length ?? 0;
    const theirs = await files.#theirs(fields, columns, rows);
    const ours = await files.#ours(fields, columns, rows, groups);
    files.dataFiles = { ours, theirs };
    return files;
  }

  async #ours(
    fields: readonly Field[],
    columns: Texts,
    rows: number,
    groups: readonly number[],
  ): Promise<DataFile> {
    await using writer = await ParquetWriter.create(this.ours, fields);
    let from = 0;
    for (const group of [...groups, rows]) {
      const to = Math.min(rows, from + group);
      if (to === from) continue;
      const buffers = fields.map(({ type }, index) => {
        const buffer = columnBuffer(type);
        fillColumn(buffer, type, columns[index]!.slice(from, to));
        return buffer;
      });
      await writer.writeRowGroup(buffers, to - from);
      from = to;
    }
    const { stats } = await writer.end();
    return dataFileFromStats({ path: 's3://lake/x', fields, stats });
  }

  async #theirs(fields: readonly Field[], columns: Texts, rows: number): Promise<DataFile> {
    const names = fields.map(({ name }) => `"${name}"`);
    await this.#connection.run(
      `CREATE TABLE texts (row_no BIGINT, ${names.map((name) => `${name} VARCHAR`).join(', ')})`,
    );
    const appender = await this.#connection.createAppender('texts');
    for (let row = 0; row < rows; row++) {
      appender.appendBigInt(BigInt(row));
      for (const column of columns) {
        const text = column[row] ?? null;
        if (text === null) appender.appendNull();
        else appender.appendVarchar(text);
      }
      appender.endRow();
    }
    appender.closeSync();
    const casts = fields.map(
      ({ type }, index) => `${castOf(names[index]!, type)} AS ${names[index]}`,
    );
    const [stats] = await this.query(
      `COPY (SELECT ${casts.join(', ')} FROM texts ORDER BY row_no) TO '${this.theirs}' (${copyOptions(fields)})`,
    );
    return dataFileFromStats({ path: 's3://lake/x', fields, stats });
  }

  async query(sql: string): Promise<Answer> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJson();
  }

  /** The same question of both files; `FILE` in it stands for the file. */
  async both(sql: string): Promise<{ readonly ours: Answer; readonly theirs: Answer }> {
    return {
      ours: await this.query(sql.replaceAll('FILE', `'${this.ours}'`)),
      theirs: await this.query(sql.replaceAll('FILE', `'${this.theirs}'`)),
    };
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
