import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { LandedFile } from '../../../shared/connectors/connector.ts';
import type { FileFormatOptions } from '../../../shared/formats/fileFormatOptions.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { isSystemColumn } from '../../../shared/lake/systemColumn.ts';
import { createLog } from '../../../shared/log.ts';
import { openStreamLoader } from '../../../shared/staging/openStreamLoader.ts';
import type {
  Counts,
  Loaded,
  StreamLoader,
  StreamLoaderOptions,
} from '../../../shared/staging/streamLoader.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A loader whose lake is a folder. */
export class TestLoader implements AsyncDisposable {
  readonly loader: StreamLoader;
  readonly workFolder: string;
  readonly lakeFolder: string;
  readonly logged: readonly string[];

  private constructor(
    loader: StreamLoader,
    workFolder: string,
    lakeFolder: string,
    logged: readonly string[],
  ) {
    this.loader = loader;
    this.workFolder = workFolder;
    this.lakeFolder = lakeFolder;
    this.logged = logged;
  }

  static async open(
    over: Partial<StreamLoaderOptions> = {},
    lake = mkdtempSync(join(tmpdir(), 'lake-')),
  ): Promise<TestLoader> {
    const workFolder = mkdtempSync(join(tmpdir(), 'load-'));
    let lastId = Math.max(0, ...(over.schema ?? []).map(({ id }) => id));
    const logged: string[] = [];
    const loader = await openStreamLoader({
      stream: {
        name: 'files',
        mode: 'incremental',
        primaryKey: [],
        cursorField: null,
        columns: null,
        window: null,
      },
      columns: null,
      schema: [],
      liveFiles: async () => [],
      reserveFieldIds: async (count) => {
        lastId += count;
        return lastId - count + 1;
      },
      dataPrefix: `data/${workFolder.slice(-6)}/`,
      rejectPrefix: `rejects/${workFolder.slice(-6)}/`,
      runId: 'run-1',
      ingestedAt: new Date('2026-11-21T10:00:00Z'),
      upload: async (localPath, key) => {
        const target = join(lake, key);
        mkdirSync(dirname(target), { recursive: true });
        copyFileSync(localPath, target);
        return `s3://lake/${key}`;
      },
      download: (path) => createReadStream(join(lake, path.slice('s3://lake/'.length))),
      workFolder,
      memoryLimitMegabytes: 400,
      threads: 1,
      systemColumns: ['_source_file'],
      log: createLog((line) => logged.push(line)),
      signal: new AbortController().signal,
      ...over,
    });
    return new TestLoader(loader, workFolder, lake, logged);
  }

  load(name: string, bytes: Uint8Array | string, options: FileFormatOptions = {}): Promise<Counts> {
    return this.loader.load({ body: { kind: 'file', file: landedFile(name, bytes), options } });
  }

  finish(): Promise<Loaded> {
    return this.loader.finish();
  }

  /** Everything in the data files, values as text, system columns left out unless asked for. */
  rows(files: readonly DataFile[], withSystem = false): Promise<Row[]> {
    return readRows(this.lakeFolder, files, withSystem);
  }

  /** What is left in the work folder, besides DuckDB's own and the pipes into it. */
  leftovers(): readonly string[] {
    return readdirSync(this.workFolder).filter((name) => name !== 'duckdb' && name !== 'pipes');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loader[Symbol.asyncDispose]();
    rmSync(this.workFolder, { recursive: true, force: true });
    rmSync(this.lakeFolder, { recursive: true, force: true });
  }
}

/** A file of some bytes, handed out in chunks of an odd size so that nothing falls on their borders. */
export function landedFile(
  name: string,
  content: Uint8Array | string,
  chunkBytes = 65_521,
): LandedFile {
  const bytes = Buffer.from(content);
  return {
    name,
    versionId: 'v1',
    bytes: bytes.length,
    modifiedAt: new Date('2026-11-20T00:00:00Z'),
    async *open(from = 0) {
      for (let at = from; at < bytes.length; at += chunkBytes)
        yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

export async function readRows(
  lakeFolder: string,
  files: readonly DataFile[],
  withSystem = false,
): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const rows: Row[] = [];
  for (const { path } of files) {
    const local = join(lakeFolder, path.slice('s3://lake/'.length));
    const reader = await connection.runAndReadAll(
      `SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${local}')`,
    );
    for (const row of reader.getRowObjectsJson())
      rows.push(
        withSystem
          ? row
          : Object.fromEntries(
              Object.entries(row).filter(
                ([name]) => !['_run_id', '_ingested_at', '_source_file'].includes(name),
              ),
            ),
      );
  }
  instance.closeSync();
  return rows;
}

/** User columns and their types. */
export const typesOf = (schema: readonly Field[]): Record<string, string> =>
  Object.fromEntries(
    schema.filter(({ name }) => !isSystemColumn(name)).map(({ name, type }) => [name, type]),
  );

/** The column of each row. */
export const column = (rows: readonly Row[], name: string): readonly unknown[] =>
  rows.map((row) => row[name]);
