import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, Json } from '@duckdb/node-api';
import { HeadgateError } from '../errors.ts';

export interface OpenDuckDbOptions {
  /** The only folder DuckDB may read or write; its own spill files go into `<workFolder>/duckdb`. */
  readonly workFolder: string;
  readonly memoryLimitMegabytes: number;
  readonly threads: number;
  /** Interrupts whatever runs; the statement then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** A row as JSON: int64, decimals, dates and timestamps are strings, so no digit is lost. */
export type DuckDbRow = Readonly<Record<string, Json>>;

/** One in-memory DuckDB. Statements run one after the other. */
export interface DuckDb extends AsyncDisposable {
  /** Runs one statement and answers all its rows; MUST be few. Throws `out_of_memory` at the limit. */
  rows(sql: string): Promise<readonly DuckDbRow[]>;
  /** Ends the running statement, if any, with an error. */
  interrupt(): void;
}

/**
 * The DuckDB of one load, which starts with its first statement: bounded memory and threads, UTC, no extension is ever
 * fetched, and the file system ends at the work folder. Settings are locked, so a statement built from a file's contents
 * cannot open them again.
 */
export function openDuckDb(options: OpenDuckDbOptions): DuckDb {
  const { signal } = options;
  signal.throwIfAborted();
  let started: Promise<DuckDBConnection> | null = null;
  let close = (): void => {};
  let connection: DuckDBConnection | null = null;
  const start = async (): Promise<DuckDBConnection> => {
    const instance = await startInstance(options);
    close = () => instance.closeSync();
    connection = await connectTo(instance, options.workFolder);
    return connection;
  };

  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const interrupt = (): void => {
    if (started === null) return;
    const running = last;
    // An interrupt that comes while a statement is only just starting is lost, so it is sent until it works.
    connection?.interrupt();
    const timer = setInterval(() => connection?.interrupt(), interruptMilliseconds);
    void running.then(() => clearInterval(timer));
  };
  signal.addEventListener('abort', interrupt);
  return {
    rows: (sql) => {
      const answer = last.then(async () => {
        signal.throwIfAborted();
        if (isClosed) throw new Error('the database is closed');
        started ??= start();
        return readRows(await started, sql, signal);
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    interrupt,
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      signal.removeEventListener('abort', interrupt);
      interrupt();
      // Closing under a running statement waits for it on the main thread, and so for ever.
      await last;
      connection?.closeSync();
      close();
    },
  };
}

async function startInstance({
  workFolder,
  memoryLimitMegabytes,
  threads,
}: OpenDuckDbOptions): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const spillFolder = join(workFolder, 'duckdb');
  await mkdir(spillFolder, { recursive: true });
  return DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryLimitMegabytes}MB`,
    temp_directory: spillFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
}

async function connectTo(instance: DuckDBInstance, folder: string): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  for (const setting of [
    `SET allowed_directories = [${sqlText(folder)}]`,
    'SET enable_external_access = false',
    "SET GLOBAL TimeZone = 'UTC'",
    'SET lock_configuration = true',
  ])
    await connection.run(setting);
  return connection;
}

const interruptMilliseconds = 20;

async function readRows(
  connection: DuckDBConnection,
  sql: string,
  signal: AbortSignal,
): Promise<readonly DuckDbRow[]> {
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJson();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.message.startsWith('Out of Memory Error'))
      throw new HeadgateError(
        'out_of_memory',
        'The rows need more memory than the function has. Give it more.',
        { cause: error },
      );
    throw error;
  }
}

/** A text literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A quoted identifier. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
