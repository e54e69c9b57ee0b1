import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

/** The folder that holds everything a local Headgate keeps, held by one process at a time. */
export interface Home {
  readonly folder: string;
  /** The bootstrap admin token: the given one, else the one kept here, else a new one. */
  readonly token: string;
  /** Lets a person who starts a second one be told where the first listens. */
  announce(url: string): void;
  release(): void;
}

const runningFile = 'running.json';
const running = z.object({ pid: z.int(), url: z.string() });

/** SQLite gives up the lock of a database that is garbage-collected, whoever still works in its folder. */
const held = new Set<DatabaseSync>();

/**
 * Takes the home folder. The lock is the operating system's, on a file that SQLite opens: it is gone the
 * moment its process is, so that nothing stale is ever left behind by kill -9.
 * Throws an error for a person when another process holds it.
 */
export function openHome(folder: string, givenToken?: string): Home {
  mkdirSync(folder, { recursive: true });
  const lock = new DatabaseSync(join(folder, 'lock'));
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new Error(`${folder} is in use by another Headgate${describeRunning(folder)}`, { cause });
  }
  held.add(lock);
  const file = join(folder, runningFile);
  rmSync(file, { force: true });
  return {
    folder,
    token: givenToken ?? keptToken(folder),
    announce: (url) => writeFileSync(file, JSON.stringify({ pid: process.pid, url })),
    release: () => {
      rmSync(file, { force: true });
      held.delete(lock);
      lock.close();
    },
  };
}

/** ` (process 12, http://…): stop it, or set HEADGATE_HOME to another folder`. */
function describeRunning(folder: string): string {
  const advice = ': stop it, or set HEADGATE_HOME to another folder';
  try {
    const text = readFileSync(join(folder, runningFile), 'utf8');
    const { pid, url } = running.parse(JSON.parse(text));
    return ` (process ${pid}, ${url})${advice}`;
  } catch {
    // It has not got that far, or the file is being written: the lock alone says enough.
    return advice;
  }
}

function keptToken(folder: string): string {
  const path = join(folder, 'token');
  try {
    const kept = readFileSync(path, 'utf8').trim();
    if (kept !== '') {
      chmodSync(path, 0o600);
      return kept;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = `hg_${randomBytes(32).toString('base64url')}`;
  // Whole or not at all: half a token after a kill would lock its owner out.
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return token;
}
