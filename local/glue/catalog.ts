import type { DatabaseSync } from 'node:sqlite';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { openSqlite } from '../protocol/sqlite.ts';

const schema = `
CREATE TABLE IF NOT EXISTS databases(name TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tables(
  db TEXT NOT NULL, name TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY(db, name)) STRICT;
CREATE TABLE IF NOT EXISTS archived(
  db TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, entry TEXT NOT NULL,
  PRIMARY KEY(db, name, version)) STRICT;
`;

interface Named {
  readonly Name: string;
}

/** A table as stored; times in epoch seconds. */
export interface CatalogTable {
  readonly database: string;
  readonly input: Named & Readonly<Record<string, unknown>>;
  readonly created: number;
  readonly updated: number;
  /** Grows by one with every update. Text, as Glue tells it. */
  readonly version: string;
}

const notFound = (message: string): AwsError => new AwsError('EntityNotFoundException', message);

/** Databases and tables; names are folded to lower case, as Glue does. */
export class Catalog {
  readonly database: DatabaseSync;
  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.database = openSqlite(folder, 'glue', schema);
    this.#now = now;
  }

  createDatabase(input: Named): void {
    if (this.#find('databases', input.Name) !== undefined)
      throw new AwsError('AlreadyExistsException', 'Database already exists.');
    const CreateTime = this.#now() / 1000;
    const entry = { ...input, CreateTime, CatalogId: localAccount.accountId };
    this.database
      .prepare('INSERT INTO databases VALUES (?, ?)')
      .run(input.Name, JSON.stringify(entry));
  }

  describeDatabase(name: string): object {
    const entry = this.#find('databases', name.toLowerCase());
    if (entry === undefined) throw notFound(`Database ${name.toLowerCase()} not found.`);
    return JSON.parse(entry) as object;
  }

  databases(): readonly object[] {
    return this.database
      .prepare('SELECT entry FROM databases ORDER BY name')
      .all()
      .map((row) => JSON.parse(String(row['entry'])) as object);
  }

  dropDatabase(name: string): void {
    this.describeDatabase(name);
    for (const table of this.tables(name)) this.dropTable(name, table.input.Name);
    this.database.prepare('DELETE FROM databases WHERE name = ?').run(name.toLowerCase());
  }

  createTable(database: string, input: CatalogTable['input']): void {
    this.describeDatabase(database);
    if (this.#findTable(database, input.Name) !== undefined)
      throw new AwsError('AlreadyExistsException', 'Table already exists.');
    const now = this.#now() / 1000;
    const table = { database: database.toLowerCase(), input, created: now, updated: now };
    this.#save({ ...table, version: '0' });
  }

  table(database: string, name: string): CatalogTable {
    this.describeDatabase(database);
    const table = this.#findTable(database, name);
    if (table === undefined) throw notFound(`Entity Not Found: table ${name.toLowerCase()}`);
    return table;
  }

  tables(database: string): readonly CatalogTable[] {
    this.describeDatabase(database);
    return this.database
      .prepare('SELECT entry FROM tables WHERE db = ? ORDER BY name')
      .all(database.toLowerCase())
      .map((row) => JSON.parse(String(row['entry'])) as CatalogTable);
  }

  /** Replaces a table; throws when it is no longer at `expectedVersion`. */
  updateTable(
    database: string,
    input: CatalogTable['input'],
    options: { readonly expectedVersion?: string | undefined; readonly archive: boolean },
  ): void {
    const table = this.table(database, input.Name);
    if (options.expectedVersion !== undefined && options.expectedVersion !== table.version)
      throw new AwsError(
        'ConcurrentModificationException',
        `Update table failed due to concurrent modifications: version ${options.expectedVersion} was expected, ${table.version} is current.`,
      );
    if (options.archive)
      this.database
        .prepare('INSERT OR REPLACE INTO archived VALUES (?, ?, ?, ?)')
        .run(table.database, table.input.Name, Number(table.version), JSON.stringify(table));
    const version = String(Number(table.version) + 1);
    this.#save({ ...table, input, updated: this.#now() / 1000, version });
  }

  dropTable(database: string, name: string): void {
    const table = this.table(database, name);
    for (const part of ['tables', 'archived'])
      this.database
        .prepare(`DELETE FROM ${part} WHERE db = ? AND name = ?`)
        .run(table.database, table.input.Name);
  }

  /** The current version, then the archived ones, newest first. */
  versions(database: string, name: string): readonly CatalogTable[] {
    const table = this.table(database, name);
    const archived = this.database
      .prepare('SELECT entry FROM archived WHERE db = ? AND name = ? ORDER BY version DESC')
      .all(table.database, table.input.Name)
      .map((row) => JSON.parse(String(row['entry'])) as CatalogTable);
    return [table, ...archived];
  }

  #findTable(database: string, name: string): CatalogTable | undefined {
    const row = this.database
      .prepare('SELECT entry FROM tables WHERE db = ? AND name = ?')
      .get(database.toLowerCase(), name.toLowerCase());
    return row === undefined ? undefined : (JSON.parse(String(row['entry'])) as CatalogTable);
  }

  #find(part: 'databases', name: string): string | undefined {
    const row = this.database.prepare(`SELECT entry FROM ${part} WHERE name = ?`).get(name);
    return row === undefined ? undefined : String(row['entry']);
  }

  #save(table: CatalogTable): void {
    this.database
      .prepare('INSERT OR REPLACE INTO tables VALUES (?, ?, ?)')
      .run(table.database, table.input.Name, JSON.stringify(table));
  }
}
