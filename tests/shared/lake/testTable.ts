import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { copyOptions } from '../../../shared/lake/copyOptions.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { dataFileFromStats } from '../../../shared/lake/dataFileFromStats.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import { pathOf } from '../../../shared/lake/objectPath.ts';
import {
  copyPositionDeletes,
  positionDeleteFile,
} from '../../../shared/lake/positionDeleteFile.ts';
import { prepareCommit } from '../../../shared/lake/prepareCommit.ts';
import { prepareRevert } from '../../../shared/lake/prepareRevert.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import type { Removes } from '../../../shared/lake/tableChange.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import { MemoryStore } from './memoryStore.ts';

/** One DuckDB for a test file, closed with `using`. */
export async function openDuckdb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  return connection;
}

export const never = new AbortController().signal;

/** A table in memory whose data files DuckDB wrote. */
export class TestTable {
  readonly store: MemoryStore;
  readonly location: string;
  readonly metadataPrefix: string;
  readonly #duckdb: DuckDBConnection;
  pointer: TablePointer | null = null;
  now = new Date('2026-03-01T00:00:00Z');
  /** Set: objects are named as a run of this id names them. */
  runId: string | null = null;
  #files = 0;
  #commits = 0;

  /** `apart`: data and metadata under prefixes of their own, as deployed; `together`: both in one folder. */
  constructor(
    duckdb: DuckDBConnection,
    name = 'orders',
    store = new MemoryStore(),
    layout: 'apart' | 'together' = 'apart',
  ) {
    const [data, metadata] =
      layout === 'apart'
        ? [`lake/data/acme/${name}`, `lake/metadata/acme/s1/${name}/`]
        : [`tables/${name}`, `tables/${name}/metadata/`];
    this.#duckdb = duckdb;
    this.store = store;
    this.location = `s3://${store.bucket}/${data}`;
    this.metadataPrefix = metadata;
  }

  /** Writes the rows of a query as one data file and does not commit it. */
  async write(
    query: string,
    fields: readonly Field[],
    { sourceFile, rowGroupSize }: { sourceFile?: string; rowGroupSize?: number } = {},
  ): Promise<DataFile> {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-lake-'));
    try {
      const local = join(folder, 'part.parquet');
      const options = copyOptions(fields);
      const sized =
        rowGroupSize === undefined
          ? options
          : options.replace(/ROW_GROUP_SIZE \d+/, `ROW_GROUP_SIZE ${rowGroupSize}`);
      const typed = fields
        .map(({ name, type }) => `"${name}"::${duckdbType(type)} as "${name}"`)
        .join(', ');
      const reader = await this.#duckdb.runAndReadAll(
        `copy (select ${typed} from (${query})) to '${local}' (${sized})`,
      );
      const key = this.#nextKey('');
      this.store.objects.set(key, readFileSync(local));
      return dataFileFromStats({
        path: pathOf(this.store.bucket, key),
        fields,
        stats: reader.getRowObjectsJson()[0],
        ...(sourceFile === undefined ? {} : { sourceFile }),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  #nextKey(prefix: string): string {
    const folder = this.location.slice(`s3://${this.store.bucket}/`.length);
    const name = `${prefix}${this.#files++}.parquet`;
    return this.runId === null
      ? `${folder}/r1-a1-${name}`
      : `${folder}/${this.runId}/a1/u0/${name}`;
  }

  /** Writes a file that deletes these rows of a data file (a query of one column `pos`) and does not commit it. */
  async writeDeletes({ path }: Pick<DataFile, 'path'>, positions: string): Promise<DataFile> {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-lake-'));
    try {
      const local = join(folder, 'deletes.parquet');
      const copy = copyPositionDeletes(path, positions, local);
      const reader = await this.#duckdb.runAndReadAll(copy);
      const key = this.#nextKey('d');
      this.store.objects.set(key, readFileSync(local));
      return positionDeleteFile({
        path: pathOf(this.store.bucket, key),
        deletesFrom: path,
        stats: reader.getRowObjectsJson()[0],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Commits deleted rows, beside new files. Answers how many rows went. */
  delete(
    schema: readonly Field[],
    deletes: readonly DataFile[],
    adds: readonly DataFile[] = [],
    removes: Removes = { kind: 'nothing' },
  ): Promise<number> {
    return this.commit(schema, adds, removes, {}, deletes);
  }

  /** Commits and moves on a minute. Answers how many rows went. */
  async commit(
    schema: readonly Field[],
    adds: readonly DataFile[],
    removes: Removes = { kind: 'nothing' },
    summary: Record<string, string> = {},
    deletes: readonly DataFile[] = [],
  ): Promise<number> {
    const { pointer, removedRows } = await prepareCommit({
      store: this.store,
      location: this.location,
      metadataPrefix: this.metadataPrefix,
      commitId: `${this.runId ?? 'run1'}-${this.runId === null ? 'a1' : '1'}-${++this.#commits}`,
      current: this.pointer,
      change: { schema, adds, deletes, removes, summary },
      now: this.now,
      signal: never,
    });
    this.pointer = pointer;
    this.now = new Date(this.now.getTime() + 60_000);
    return removedRows;
  }

  /** Goes back to an older pointer and moves on a minute. Answers how many rows went. */
  async revert(
    to: TablePointer | null,
    schema: readonly Field[],
    summary: Record<string, string> = {},
  ): Promise<number> {
    const { pointer, removedRows } = await prepareRevert({
      store: this.store,
      location: this.location,
      metadataPrefix: this.metadataPrefix,
      commitId: `${this.runId ?? 'run1'}-${this.runId === null ? 'a1' : '1'}-${++this.#commits}`,
      current: this.current,
      to,
      schema,
      summary,
      now: this.now,
      signal: never,
    });
    this.pointer = pointer;
    this.now = new Date(this.now.getTime() + 60_000);
    return removedRows;
  }

  get current(): TablePointer {
    if (this.pointer === null) throw new Error('the table has no commit yet');
    return this.pointer;
  }
}
