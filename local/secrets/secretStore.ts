import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { openSqlite } from '../protocol/sqlite.ts';

const schema = `
CREATE TABLE IF NOT EXISTS secrets(
  name TEXT PRIMARY KEY, arn TEXT NOT NULL UNIQUE, secret TEXT NOT NULL, deletes INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS versions(
  name TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY(name, id)) STRICT;
`;

/** What is told about a secret; all times in epoch seconds. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly created: number;
  readonly changed: number;
  readonly accessed?: number | undefined;
  /** When it was marked for deletion, and when it goes for good. */
  readonly deleted?: number | undefined;
  readonly deletes?: number | undefined;
}

export interface SecretVersion {
  readonly id: string;
  readonly text?: string | undefined;
  /** Base64. */
  readonly binary?: string | undefined;
  readonly created: number;
  readonly stages: readonly string[];
}

export const notFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");

/** Secrets and their versions in one file that only its owner may read. */
export class SecretStore {
  readonly database: DatabaseSync;
  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.database = openSqlite(folder, 'secrets', schema);
    this.#now = now;
  }

  /** Epoch seconds. */
  get now(): number {
    return this.#now() / 1000;
  }

  /** By name, ARN, or ARN without its random ending; also one that is marked for deletion. */
  find(id: string): Secret | undefined {
    this.#purge();
    const name = id.startsWith('arn:') ? (id.split(':secret:')[1] ?? '') : id;
    const row = this.database
      .prepare('SELECT secret FROM secrets WHERE arn = ?1 OR name = ?2')
      .get(id, name);
    return row === undefined ? undefined : (JSON.parse(String(row['secret'])) as Secret);
  }

  get(id: string): Secret {
    const secret = this.find(id);
    if (secret === undefined) throw notFound();
    return secret;
  }

  /** Like `get`, but refuses a secret that is marked for deletion. */
  getLive(id: string): Secret {
    const secret = this.get(id);
    if (secret.deleted !== undefined)
      throw new AwsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    return secret;
  }

  newArn(name: string): string {
    const ending = randomBytes(12)
      .toString('base64')
      .replace(/[^A-Za-z0-9]/g, 'x')
      .slice(0, 6);
    return `arn:aws:secretsmanager:${localAccount.region}:${localAccount.accountId}:secret:${name}-${ending}`;
  }

  save(secret: Secret): void {
    this.database
      .prepare('INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)')
      .run(secret.name, secret.arn, JSON.stringify(secret), secret.deletes ?? null);
  }

  remove(name: string): void {
    this.database.prepare('DELETE FROM versions WHERE name = ?').run(name);
    this.database.prepare('DELETE FROM secrets WHERE name = ?').run(name);
  }

  versions(name: string): readonly SecretVersion[] {
    return this.database
      .prepare('SELECT version FROM versions WHERE name = ?')
      .all(name)
      .map((row) => JSON.parse(String(row['version'])) as SecretVersion)
      .sort((left, right) => right.created - left.created);
  }

  saveVersion(name: string, version: SecretVersion): void {
    this.database
      .prepare('INSERT OR REPLACE INTO versions VALUES (?, ?, ?)')
      .run(name, version.id, JSON.stringify(version));
  }

  removeVersion(name: string, id: string): void {
    this.database.prepare('DELETE FROM versions WHERE name = ? AND id = ?').run(name, id);
  }

  /** A page of names after `after`, in order. */
  names(after: string, limit: number): readonly string[] {
    this.#purge();
    return this.database
      .prepare('SELECT name FROM secrets WHERE name > ? ORDER BY name LIMIT ?')
      .all(after, limit)
      .map((row) => String(row['name']));
  }

  #purge(): void {
    const gone = this.database
      .prepare('SELECT name FROM secrets WHERE deletes IS NOT NULL AND deletes <= ?')
      .all(Math.floor(this.now));
    for (const row of gone) this.remove(String(row['name']));
  }
}
