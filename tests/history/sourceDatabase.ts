import type { Connector } from '../../shared/connectors/connector.ts';
import type { Json } from '../../shared/json.ts';

/** A row of the table `items`, as text; micros since 1970 for `at`. null where the column is. */
export interface Item {
  readonly id: string;
  readonly at: string | null;
  readonly n: string | null;
  readonly word: string | null;
  readonly amount: string | null;
}

/** What of a row is compared: everything. */
export const textOf = ({ id, at, n, word, amount }: Item): string =>
  JSON.stringify([id, at, n, word, amount]);

export interface Writer {
  insert(items: readonly Item[]): Promise<void>;
  update(item: Item): Promise<void>;
  remove(id: string): Promise<void>;
}

/** A database whose clock is the test's, with one table `items` that the test writes and Headgate reads. */
export interface SourceDatabase extends AsyncDisposable {
  readonly name: 'postgres' | 'mysql';
  readonly stream: string;
  readonly config: Readonly<Record<string, Json>>;
  readonly credentials: Readonly<Record<string, Json>>;
  readonly host: string;
  /** Batches of a few rows, so that every read has many borders. */
  readonly connector: (rowsPerBatch: number) => Connector;
  /** An empty table: `keyed` with a primary key, `dated` with a time that is never null. */
  createTable(shape: { readonly keyed: boolean; readonly dated: boolean }): Promise<void>;
  setClock(at: Date): Promise<void>;
  /** Each statement its own transaction. */
  readonly writer: Writer;
  /** A transaction of its own, seen by nobody until it commits. */
  begin(): Promise<Writer & { commit(): Promise<void> }>;
  items(): Promise<readonly Item[]>;
}
