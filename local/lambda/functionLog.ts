import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from './sandbox.ts';

/** A line as it is stored: `id` grows within a function's log, across restarts. */
export interface StoredLogLine extends LogLine {
  readonly id: number;
}

export interface FunctionLogs {
  append(line: LogLine): void;
  /** From old to new, those with an id above `afterId`; while it is read, rotation may drop the oldest. */
  read(functionName: string, afterId: number): AsyncIterable<StoredLogLine>;
  close(): void;
}

export interface FunctionLogsOptions {
  readonly folder: string;
  /** A file is turned over at this size. */
  readonly maxFileBytes?: number;
  /** Files kept per function, the current one included. */
  readonly maxFiles?: number;
}

/**
 * One log per function: `<folder>/<function>.jsonl`, older ones `<function>.1.jsonl` and so on. A line is
 * handed to the operating system before `append` returns.
 */
export function openFunctionLogs({
  folder,
  maxFileBytes = 8 * 1024 * 1024,
  maxFiles = 4,
}: FunctionLogsOptions): FunctionLogs {
  mkdirSync(folder, { recursive: true });
  const open = new Map<string, { readonly file: number; bytes: number }>();
  let lastId = 0;

  const pathOf = (name: string, age: number): string =>
    join(folder, age === 0 ? `${name}.jsonl` : `${name}.${age}.jsonl`);

  const current = (name: string): { readonly file: number; bytes: number } => {
    const known = open.get(name);
    if (known && known.bytes < maxFileBytes) return known;
    if (known) {
      closeSync(known.file);
      rmSync(pathOf(name, maxFiles - 1), { force: true });
      for (let age = maxFiles - 2; age >= 0; age--)
        try {
          renameSync(pathOf(name, age), pathOf(name, age + 1));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        }
    }
    const file = openSync(pathOf(name, 0), 'a');
    const entry = { file, bytes: fstatSync(file).size };
    open.set(name, entry);
    return entry;
  };

  return {
    append(line) {
      // Microseconds of the clock, so that ids go on growing after a restart.
      lastId = Math.max(lastId + 1, line.timestamp * 1000);
      const entry = current(line.functionName);
      entry.bytes += writeSync(entry.file, `${JSON.stringify({ id: lastId, ...line })}\n`);
    },
    async *read(functionName, afterId) {
      // All are opened first: a rotation while one is read moves names, not what is open.
      const files: FileHandle[] = [];
      try {
        for (let age = maxFiles - 1; age >= 0; age--) {
          const file = await openIfThere(pathOf(functionName, age));
          if (file) files.push(file);
        }
        let last = afterId;
        for (const file of files)
          for await (const text of file.readLines({ autoClose: false })) {
            const line = parseLine(text);
            if (!line || line.id <= last) continue;
            last = line.id;
            yield line;
          }
      } finally {
        await Promise.all(files.map((file) => file.close()));
      }
    },
    close() {
      for (const { file } of open.values()) closeSync(file);
      open.clear();
    },
  };
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await openFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A line cut by kill -9 is not a line. */
function parseLine(text: string): StoredLogLine | null {
  try {
    return JSON.parse(text) as StoredLogLine;
  } catch {
    return null;
  }
}
