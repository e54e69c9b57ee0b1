import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { inTransaction } from '../protocol/sqlite.ts';

/**
 * `versions` holds every version and delete marker; `seq` grows over everything and orders the versions of a key.
 * `current` marks the newest of a key. Keys compare as UTF-8 bytes (SQLite's BINARY), which is S3's order.
 * `segments` names the blobs of a version in order. Ids of `events` are never used
 * twice, because delivery goes by the last id it took. `settings` and `metadata` are JSON.
 */
const schema = `
CREATE TABLE IF NOT EXISTS buckets(
  name TEXT PRIMARY KEY, created INTEGER NOT NULL, versioning TEXT NOT NULL, settings TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO counters VALUES('seq', 0);
CREATE TABLE IF NOT EXISTS versions(
  seq INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL,
  current INTEGER NOT NULL, marker INTEGER NOT NULL, bytes INTEGER NOT NULL, etag TEXT NOT NULL,
  modified INTEGER NOT NULL, metadata TEXT NOT NULL, checksum TEXT, UNIQUE(bucket, key, version)) STRICT;
CREATE INDEX IF NOT EXISTS version_order ON versions(bucket, key, seq DESC);
CREATE UNIQUE INDEX IF NOT EXISTS current_versions ON versions(bucket, key) WHERE current = 1;
CREATE TABLE IF NOT EXISTS segments(
  seq INTEGER NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(seq, number)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS segment_blobs ON segments(blob);
CREATE TABLE IF NOT EXISTS uploads(
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, initiated INTEGER NOT NULL,
  metadata TEXT NOT NULL, checksum TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS upload_order ON uploads(bucket, key, id);
CREATE TABLE IF NOT EXISTS parts(
  upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL, bytes INTEGER NOT NULL,
  md5 TEXT NOT NULL, checksums TEXT NOT NULL, modified INTEGER NOT NULL,
  PRIMARY KEY(upload, number)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS part_blobs ON parts(blob);
CREATE TABLE IF NOT EXISTS events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS event_order ON events(bucket, id);
`;

/** What the service knows, in SQLite. Everything here is synchronous: one tick is one consistent view. */
export class ObjectIndex {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** The first row; its shape is the SELECT's, which the caller states. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** All rows; statements that may match many carry a LIMIT. */
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Answers how many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** All of it or nothing; durable when it returns. */
  transaction<Result>(work: () => Result): Result {
    return inTransaction(this.#db, work);
  }

  /** Grows with every call and never repeats, across restarts. MUST be called within a transaction. */
  nextSeq(): number {
    const row = this.get<{ value: number }>(
      "UPDATE counters SET value = value + 1 WHERE name = 'seq' RETURNING value",
    );
    if (row === undefined) throw new Error('the index has lost its counter');
    return row.value;
  }

  close(): void {
    this.#db.close();
  }
}

/**
 * Opens `<folder>/index.sqlite`. `synchronous=FULL`: what was answered survives a power cut too, at 0.2 ms a
 * commit. The lock is exclusive and never waited for, because a second process would sweep the first one's
 * unfinished blobs.
 *
 * @throws when another process has the folder open
 */
export function openIndex(folder: string): ObjectIndex {
  const file = join(folder, 'index.sqlite');
  const db = new DatabaseSync(file);
  try {
    // The journal takes the mode of the database file, so this comes before WAL.
    chmodSync(file, 0o600);
    db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    inTransaction(db, () => db.exec(schema));
  } catch (error) {
    db.close();
    throw new Error(`${folder} cannot be opened; another process may be using it`, {
      cause: error,
    });
  }
  return new ObjectIndex(db);
}
