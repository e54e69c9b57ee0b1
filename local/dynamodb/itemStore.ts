import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openSqlite } from '../protocol/sqlite.ts';
import { type AttributeValue, equalItems, type Item, typeOf } from './attributeValue.ts';
import { notFound } from './failures.ts';
import { streamRecord } from './streamRecord.ts';
import {
  type IndexDefinition,
  indexed,
  indexesOf,
  indexRowKey,
  keyOf,
  rowKey,
  type TableDefinition,
} from './tableDefinition.ts';

const schema = `
CREATE TABLE IF NOT EXISTS tables(name TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS items(
  t TEXT NOT NULL, k TEXT NOT NULL, v TEXT NOT NULL, expires INTEGER, PRIMARY KEY(t, k)) STRICT;
CREATE INDEX IF NOT EXISTS items_expires ON items(t, expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS index_rows(
  t TEXT NOT NULL, i TEXT NOT NULL, k TEXT NOT NULL, v TEXT NOT NULL, PRIMARY KEY(t, i, k)) STRICT;
CREATE TABLE IF NOT EXISTS stream_records(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT NOT NULL, created INTEGER NOT NULL,
  record TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS stream_records_of_table ON stream_records(t, seq);
CREATE TABLE IF NOT EXISTS stream_positions(
  t TEXT NOT NULL, consumer TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(t, consumer)) STRICT;
CREATE TABLE IF NOT EXISTS write_log(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT NOT NULL, sort_key TEXT NOT NULL, key TEXT NOT NULL,
  old TEXT, new TEXT, at INTEGER NOT NULL, request INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS write_log_of_sort_key ON write_log(sort_key, seq);
CREATE TABLE IF NOT EXISTS request_tokens(
  token TEXT PRIMARY KEY, request TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
`;

export interface ItemStoreOptions {
  readonly folder: string;
  readonly now: () => number;
  /** Which sort keys have every write recorded in `write_log`. */
  readonly recordWritesOf: (sortKey: string) => boolean;
}

/**
 * Tables, items, index rows and stream records in SQLite. Everything is synchronous; `transaction` makes
 * one request all or nothing, indexes and stream records included.
 */
export class ItemStore {
  readonly database: DatabaseSync;
  readonly #options: ItemStoreOptions;
  readonly #definitions = new Map<string, TableDefinition>();
  readonly #sql: ReturnType<typeof prepareAll>;
  /** Called after a commit that added stream records. */
  onStreamRecords: () => void = () => {};
  #streamed = false;
  #request: number;

  constructor(options: ItemStoreOptions) {
    this.#options = options;
    this.database = openSqlite(options.folder, 'dynamodb', schema);
    this.#sql = prepareAll(this.database);
    for (const row of this.database.prepare('SELECT definition FROM tables').iterate()) {
      const definition = JSON.parse(String(row['definition'])) as TableDefinition;
      this.#definitions.set(definition.TableName, definition);
    }
    const last = this.database.prepare('SELECT max(request) AS request FROM write_log').get();
    this.#request = Number(last?.['request'] ?? 0);
  }

  get now(): number {
    return this.#options.now();
  }

  transaction<Result>(work: () => Result): Result {
    if (this.database.isTransaction) return work();
    this.#request += 1;
    try {
      const result = inTransaction(this.database, work);
      if (this.#streamed) this.onStreamRecords();
      return result;
    } finally {
      this.#streamed = false;
    }
  }

  tableNames(): readonly string[] {
    return [...this.#definitions.keys()].sort();
  }

  findTable(name: string): TableDefinition | undefined {
    return this.#definitions.get(name);
  }

  table(name: string): TableDefinition {
    const table = this.#definitions.get(name);
    if (table === undefined) throw notFound();
    return table;
  }

  saveTable(table: TableDefinition): void {
    this.#sql.saveTable.run(table.TableName, JSON.stringify(table));
    this.#definitions.set(table.TableName, table);
  }

  dropTable(name: string): void {
    this.transaction(() => {
      for (const part of ['items', 'index_rows', 'stream_records', 'stream_positions'])
        this.database.prepare(`DELETE FROM ${part} WHERE t = ?`).run(name);
      this.database.prepare('DELETE FROM tables WHERE name = ?').run(name);
    });
    this.#definitions.delete(name);
  }

  get(table: TableDefinition, key: Item): Item | undefined {
    const row = this.#sql.getItem.get(table.TableName, rowKey(table, key));
    return row === undefined ? undefined : (JSON.parse(String(row['v'])) as Item);
  }

  /** Stores `after` in the place of `before`; undefined means there is no item. Both have the same key. */
  write(
    table: TableDefinition,
    before: Item | undefined,
    after: Item | undefined,
    options: { readonly byTimeToLive?: boolean } = {},
  ): void {
    const item = after ?? before;
    if (item === undefined) return;
    const key = rowKey(table, item);
    if (after === undefined) this.#sql.deleteItem.run(table.TableName, key);
    else
      this.#sql.putItem.run(
        table.TableName,
        key,
        JSON.stringify(after),
        expiryOf(table, after) ?? null,
      );
    for (const index of indexesOf(table)) this.#writeIndex(table, index, before, after);
    this.#log(table, item, before, after);
    if (table.streamViewType === undefined) return;
    if (before !== undefined && after !== undefined && equalItems(before, after)) return;
    this.#streamed = true;
    const record = streamRecord(table, before, after, this.now, options.byTimeToLive ?? false);
    this.#sql.addRecord.run(table.TableName, this.now, JSON.stringify(record));
  }

  #writeIndex(
    table: TableDefinition,
    index: IndexDefinition,
    before: Item | undefined,
    after: Item | undefined,
  ): void {
    const oldRow = before && indexed(table, index, before);
    const newRow = after && indexed(table, index, after);
    const oldKey = oldRow && indexRowKey(table, index, oldRow);
    const newKey = newRow && indexRowKey(table, index, newRow);
    if (oldKey && oldKey !== newKey)
      this.#sql.deleteIndexRow.run(table.TableName, index.IndexName, oldKey);
    if (newKey)
      this.#sql.putIndexRow.run(table.TableName, index.IndexName, newKey, JSON.stringify(newRow));
  }

  #log(
    table: TableDefinition,
    item: Item,
    before: Item | undefined,
    after: Item | undefined,
  ): void {
    const sortName = table.KeySchema[1]?.AttributeName;
    const sortKey = sortName === undefined ? undefined : item[sortName];
    if (sortKey === undefined || !('S' in sortKey)) return;
    if (!this.#options.recordWritesOf(sortKey.S)) return;
    const text = (value: Item | undefined): string | null =>
      value === undefined ? null : JSON.stringify(value);
    this.#sql.addWrite.run(
      table.TableName,
      sortKey.S,
      JSON.stringify(keyOf(table, item)),
      text(before),
      text(after),
      this.now,
      this.#request,
    );
  }

  /** Fills a new index from the items that are there. */
  fillIndex(table: TableDefinition, index: IndexDefinition): void {
    for (const item of this.items(table)) this.#writeIndex(table, index, undefined, item);
  }

  emptyIndex(table: TableDefinition, indexName: string): void {
    this.database
      .prepare('DELETE FROM index_rows WHERE t = ? AND i = ?')
      .run(table.TableName, indexName);
  }

  /** Computes again when each item expires, after the table's TTL attribute has changed. */
  refreshExpiry(table: TableDefinition): void {
    this.database.prepare('UPDATE items SET expires = NULL WHERE t = ?').run(table.TableName);
    const set = this.database.prepare('UPDATE items SET expires = ? WHERE t = ? AND k = ?');
    for (const item of this.items(table)) {
      const expires = expiryOf(table, item);
      if (expires !== undefined) set.run(expires, table.TableName, rowKey(table, item));
    }
  }

  /** Items that expire between two epoch seconds, at most `limit`. */
  expired(table: TableDefinition, from: number, before: number, limit: number): readonly Item[] {
    return this.database
      .prepare(
        'SELECT v FROM items WHERE t = ? AND expires >= ? AND expires < ? ORDER BY expires LIMIT ?',
      )
      .all(table.TableName, from, before, limit)
      .map((row) => JSON.parse(String(row['v'])) as Item);
  }

  *items(table: TableDefinition): Generator<Item> {
    for (const { item } of this.rows(table, undefined, {})) yield item;
  }

  /** Rows of a table, or of one of its indexes, in key order, read in small pieces. */
  *rows(
    table: TableDefinition,
    indexName: string | undefined,
    range: RowRange,
  ): Generator<{ readonly key: string; readonly item: Item }> {
    const source = indexName === undefined ? 'items' : 'index_rows';
    const of = indexName === undefined ? [table.TableName] : [table.TableName, indexName];
    const where = ['t = ?', ...(indexName === undefined ? [] : ['i = ?'])];
    const bounds = [...of];
    for (const [operator, bound] of [
      ['>=', range.from],
      ['>', range.after],
      ['<', range.before],
      ['<=', range.to],
    ] as const) {
      if (bound === undefined) continue;
      where.push(`k ${operator} ?`);
      bounds.push(bound);
    }
    const order = range.backward === true ? 'DESC' : 'ASC';
    const statement = this.database.prepare(
      `SELECT k, v FROM ${source} WHERE ${where.join(' AND ')} ORDER BY k ${order}`,
    );
    for (const row of statement.iterate(...bounds))
      yield { key: String(row['k']), item: JSON.parse(String(row['v'])) as Item };
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}

export interface RowRange {
  readonly from?: string;
  readonly after?: string;
  readonly before?: string;
  readonly to?: string;
  readonly backward?: boolean;
}

/** Epoch seconds after which an item may go; only a number counts (Developer Guide, "Time to Live"). */
function expiryOf(table: TableDefinition, item: Item): number | undefined {
  const value: AttributeValue | undefined =
    table.ttlAttribute === undefined ? undefined : item[table.ttlAttribute];
  if (value === undefined || typeOf(value) !== 'N' || !('N' in value)) return undefined;
  const seconds = Math.floor(Number(value.N));
  return seconds > 0 && Number.isSafeInteger(seconds) ? seconds : undefined;
}

const prepareAll = (database: DatabaseSync) => ({
  saveTable: database.prepare('INSERT OR REPLACE INTO tables VALUES (?, ?)'),
  getItem: database.prepare('SELECT v FROM items WHERE t = ? AND k = ?'),
  putItem: database.prepare('INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)'),
  deleteItem: database.prepare('DELETE FROM items WHERE t = ? AND k = ?'),
  putIndexRow: database.prepare('INSERT OR REPLACE INTO index_rows VALUES (?, ?, ?, ?)'),
  deleteIndexRow: database.prepare('DELETE FROM index_rows WHERE t = ? AND i = ? AND k = ?'),
  addRecord: database.prepare('INSERT INTO stream_records(t, created, record) VALUES (?, ?, ?)'),
  addWrite: database.prepare(
    'INSERT INTO write_log(t, sort_key, key, old, new, at, request) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ),
});
