import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Opens `<folder>/<name>.sqlite`, readable by its owner only, and applies `schema` (idempotent statements).
 * WAL with synchronous=NORMAL: a commit has reached the operating system, so that kill -9 of this process
 * loses nothing; a power cut may lose the last commits, never the consistency of the file.
 */
export function openSqlite(folder: string, name: string, schema: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.sqlite`);
  const database = new DatabaseSync(file);
  // The journal files take the mode of the database file, so this comes before WAL.
  chmodSync(file, 0o600);
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;');
  database.exec(schema);
  return database;
}

/** Runs `work`, which MUST be synchronous, in one transaction: all of its writes or, when it throws, none. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work();
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
