import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { copyOptions } from '../../../shared/lake/copyOptions.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { dataFileFromStats } from '../../../shared/lake/dataFileFromStats.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { LiveFile } from '../../../shared/lake/liveFile.ts';
import {
  copyPositionDeletes,
  positionDeleteFile,
} from '../../../shared/lake/positionDeleteFile.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { createLog } from '../../../shared/log.ts';
import { type CopyOnWrite, measuredCopyOnWrite } from '../../../shared/merge/copyOnWrite.ts';
import type { Merged, MergeOptions } from '../../../shared/merge/merge.ts';
import { mergeBy } from '../../../shared/merge/mergeCommit.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A table whose lake is a folder. Applies what a merge answers as a commit would, and reads rows independently. */
export class MergeTable implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'headgate-merge-'));
  readonly workFolder = join(this.folder, 'work');
  live: LiveFile[] = [];
  /** Ranges that were read, in order. */
  reads: { readonly path: string; readonly from: number; readonly to: number }[] = [];
  readonly #instance: DuckDBInstance;
  readonly #db: DuckDBConnection;
  #files = 0;

  private constructor(instance: DuckDBInstance, db: DuckDBConnection) {
    this.#instance = instance;
    this.#db = db;
  }

  static async open(): Promise<MergeTable> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const db = await instance.connect();
    await db.run("SET TimeZone = 'UTC'");
    return new MergeTable(instance, db);
  }

  async sql(statement: string): Promise<readonly Row[]> {
    return (await this.#db.runAndReadAll(statement)).getRowObjectsJson();
  }

  localPath(path: string): string {
    return join(this.folder, path.slice('s3://lake/'.length).replaceAll('/', '_'));
  }

  /** Writes the rows of a query, whose columns are named as `fields`, as one data file. */
  async write(
    query: string,
    fields: readonly Field[],
    { rowGroupSize, sourceFile }: { rowGroupSize?: number; sourceFile?: string } = {},
  ): Promise<DataFile> {
    const path = `s3://lake/t/${String(++this.#files).padStart(3, '0')}.parquet`;
    const columns = fields.map(({ name, type }) => `"${name}"::${duckdbType(type)} AS "${name}"`);
    const options = copyOptions(fields).replace(/ROW_GROUP_SIZE \d+/, (size) =>
      rowGroupSize === undefined ? size : `ROW_GROUP_SIZE ${rowGroupSize}`,
    );
    const [stats] = await this.sql(
      `COPY (SELECT ${columns.join(', ')} FROM (${query})) TO '${this.localPath(path)}' (${options})`,
    );
    return dataFileFromStats({
      path,
      fields,
      stats,
      ...(sourceFile === undefined ? {} : { sourceFile }),
    });
  }

  /** A live file, with the rows at these positions deleted. */
  async add(file: DataFile, deleted: readonly number[] = []): Promise<DataFile> {
    this.live.push({ file, deletes: await this.deletesOf(file, deleted) });
    return file;
  }

  async deletesOf(file: DataFile, deleted: readonly number[]): Promise<DataFile | null> {
    if (deleted.length === 0) return null;
    const path = `s3://lake/t/${String(++this.#files).padStart(3, '0')}-deletes.parquet`;
    const positions = `SELECT unnest([${deleted.join(', ')}]) AS pos`;
    const [stats] = await this.sql(copyPositionDeletes(file.path, positions, this.localPath(path)));
    return positionDeleteFile({ path, deletesFrom: file.path, stats });
  }

  async readRange(path: string, from: number, to: number): Promise<Uint8Array> {
    this.reads.push({ path, from, to });
    await using file = await open(this.localPath(path));
    const bytes = Buffer.alloc(to - from);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  }

  async merge(
    options: Pick<MergeOptions, 'rule' | 'schema' | 'adds'> & Partial<MergeOptions>,
    copyOnWrite: CopyOnWrite = measuredCopyOnWrite(),
  ): Promise<Merged> {
    const { live } = this;
    this.reads = [];
    const all: MergeOptions = {
      live: async function* () {
        yield* live;
      },
      readRange: (path, from, to) => this.readRange(path, from, to),
      dataPrefix: `m/${++this.#files}/`,
      upload: async (localPath, key) => {
        const path = `s3://lake/${key}`;
        if (existsSync(this.localPath(path))) throw new Error(`${key} was written twice`);
        writeFileSync(this.localPath(path), readFileSync(localPath));
        return path;
      },
      runId: 'run-1',
      ingestedAt: new Date('2026-11-21T10:00:00.000Z'),
      workFolder: this.folder,
      memoryLimitMegabytes: 200,
      threads: 1,
      log: createLog(() => undefined),
      signal: new AbortController().signal,
      ...options,
    };
    return await mergeBy(all, copyOnWrite);
  }

  /** What a commit of it makes the table's files. Throws where a commit would be refused. */
  apply(merged: Merged): void {
    const removed = new Set(merged.removes);
    const deletes = new Map(merged.deletes.map((file) => [file.deletesFrom, file]));
    const files = this.live.filter(({ file }) => !removed.delete(file.path));
    if (removed.size > 0) throw new Error(`${[...removed]} were no live files`);
    files.push(...merged.adds.map((file) => ({ file, deletes: null })));
    this.live = files.map(({ file, deletes: before }) => {
      const after = deletes.get(file.path) ?? before;
      deletes.delete(file.path);
      return { file, deletes: after };
    });
    if (deletes.size > 0) throw new Error(`${[...deletes.keys()]} have deletes and are no files`);
  }

  /** The live rows, in the order of their files or by `order`, by a plain read that shares nothing with the merge. */
  async rows(fields: readonly Field[], order?: string): Promise<readonly Row[]> {
    const selects: string[] = [];
    for (const { file, deletes } of this.live) {
      const local = this.localPath(file.path);
      const columns = await this.sql(
        `SELECT name, field_id FROM parquet_schema('${local}') WHERE field_id IS NOT NULL`,
      );
      const names = new Map(columns.map((row) => [Number(row['field_id']), String(row['name'])]));
      const outputs = fields.map(({ id, name, type }) => {
        const column = names.get(id);
        return `${column === undefined ? 'NULL' : `"${column}"`}::${duckdbType(type)} AS "${name}"`;
      });
      const dead =
        deletes === null
          ? 'SELECT NULL::BIGINT AS pos LIMIT 0'
          : `SELECT pos FROM '${this.localPath(deletes.path)}' WHERE file_path = '${file.path}'`;
      // One thread reads rows in their order, so counting them needs no help of the Parquet reader.
      selects.push(
        `SELECT ${outputs.join(', ')} FROM (SELECT *, row_number() OVER () - 1 AS place_ FROM '${local}')
         WHERE place_ NOT IN (${dead})`,
      );
    }
    return selects.length === 0
      ? []
      : await this.sql(
          `SELECT * FROM (${selects.join(' UNION ALL ')})${order === undefined ? '' : ` ORDER BY ${order}`}`,
        );
  }

  /** Live rows by what the entries say. */
  get liveRows(): number {
    return this.live.reduce((sum, { file, deletes }) => sum + file.rows - (deletes?.rows ?? 0), 0);
  }

  /** Scratch that a merge left behind. */
  get leftovers(): readonly string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('merge-'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.closeSync();
    this.#instance.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
