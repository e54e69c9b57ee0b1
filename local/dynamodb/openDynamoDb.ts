import type { Log } from '../../shared/log.ts';
import type { LocalService } from '../localService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import type { Item } from './attributeValue.ts';
import { ensureTable, type TableSpecification } from './ensureTable.ts';
import { ItemStore } from './itemStore.ts';
import { batchGet, readItem } from './readItems.ts';
import { query, scan } from './searchItems.ts';
import {
  type DeliverStreamRecords,
  type StreamConsumerOptions,
  StreamDelivery,
  trimStream,
} from './streamDelivery.ts';
import {
  createTable,
  deleteTable,
  describe,
  listTables,
  tableOrNotFound,
  tagOperations,
  updateTable,
} from './tables.ts';
import { describeTimeToLive, sweepExpired, updateTimeToLive } from './timeToLive.ts';
import { transactGet, transactWrite } from './transactions.ts';
import { validateRequest } from './validateRequest.ts';
import { batchWrite, writeItem } from './writeItems.ts';

export interface LocalDynamoDbOptions {
  readonly folder: string;
  readonly now?: () => number;
  /** Every write of items with such a sort key is recorded, for checkers. Default: none. */
  readonly recordWritesOf?: (sortKey: string) => boolean;
  /** How often expired items are removed. Default 60. */
  readonly sweepSeconds?: number;
  readonly log?: Log;
}

/** One recorded write, in the order in which they happened. */
export interface RecordedWrite {
  /** Grows with every recorded write. */
  readonly sequence: number;
  /** Equal for writes of one request or transaction; grows. */
  readonly request: number;
  readonly table: string;
  readonly sortKey: string;
  readonly key: Item;
  /** undefined: there was no item. */
  readonly before: Item | undefined;
  /** undefined: the item was deleted. */
  readonly after: Item | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface LocalDynamoDb extends LocalService {
  /** Creates the table, or brings an existing one to the same stream, TTL and global indexes. */
  createTable(specification: TableSpecification): void;
  /**
   * Delivers the changes of a table in order, at least once, kept across kill -9 until accepted.
   * `deliver` rejects to have the batch again. Answers a function that stops the delivery.
   */
  onStreamRecords(
    tableName: string,
    deliver: DeliverStreamRecords,
    options?: StreamConsumerOptions,
  ): () => Promise<void>;
  /** Resolves when all consumers have accepted everything written so far. */
  streamsIdle(): Promise<void>;
  /** The recorded writes of items with this sort key, or all, oldest first. */
  writesOf(sortKey?: string): Iterable<RecordedWrite>;
  /** Removes expired items now; answers how many. */
  sweep(): number;
}

/** The embedded DynamoDB: one SQLite file, one transaction per request. */
export function openDynamoDb(options: LocalDynamoDbOptions): LocalDynamoDb {
  const store = new ItemStore({
    folder: options.folder,
    now: options.now ?? Date.now,
    recordWritesOf: options.recordWritesOf ?? (() => false),
  });
  const deliveries = new Set<StreamDelivery>();
  store.onStreamRecords = () => {
    for (const delivery of deliveries) delivery.wake();
  };
  const sweep = (): number => {
    let removed = 0;
    for (let round = sweepExpired(store); round > 0; round = sweepExpired(store)) removed += round;
    for (const table of store.tableNames()) trimStream(store, table);
    return removed;
  };
  const sweeper = setInterval(
    () => {
      try {
        sweep();
      } catch (error) {
        options.log?.error('removing expired items failed', { error });
      }
    },
    (options.sweepSeconds ?? 60) * 1000,
  );
  sweeper.unref();
  const service = jsonService({
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    jsonVersion: '1.0',
    operations: operationsOf(store),
    log: options.log,
    close: async () => {
      clearInterval(sweeper);
      await Promise.all([...deliveries].map((delivery) => delivery.stop()));
      store.close();
    },
  });
  return {
    ...service,
    createTable: (specification) => ensureTable(store, specification),
    onStreamRecords: (tableName, deliver, consumer = {}) => {
      const delivery = new StreamDelivery(store, tableName, deliver, consumer, options.log);
      deliveries.add(delivery);
      delivery.wake();
      return async () => {
        deliveries.delete(delivery);
        await delivery.stop();
      };
    },
    streamsIdle: async () => {
      for (const delivery of deliveries) await delivery.idle();
    },
    writesOf: (sortKey) => recordedWrites(store, sortKey),
    sweep,
  };
}

const operationsOf = (store: ItemStore): Record<string, (input: unknown) => unknown> => ({
  CreateTable: (input) => ({ TableDescription: describe(createTable(store, input)) }),
  UpdateTable: (input) => ({ TableDescription: describe(updateTable(store, input)) }),
  DeleteTable: (input) => deleteTable(store, input),
  DescribeTable: (input) => ({
    Table: describe(tableOrNotFound(store, validateRequest('DescribeTable', input).TableName)),
  }),
  ListTables: (input) => listTables(store, input),
  TagResource: (input) => tagOperations.tag(store, input),
  UntagResource: (input) => tagOperations.untag(store, input),
  ListTagsOfResource: (input) => tagOperations.list(store, input),
  UpdateTimeToLive: (input) => updateTimeToLive(store, input),
  DescribeTimeToLive: (input) => describeTimeToLive(store, input),
  GetItem: (input) => readItem(store, input),
  BatchGetItem: (input) => batchGet(store, input),
  Query: (input) => query(store, input),
  Scan: (input) => scan(store, input),
  PutItem: (input) => writeItem(store, 'Put', input),
  UpdateItem: (input) => writeItem(store, 'Update', input),
  DeleteItem: (input) => writeItem(store, 'Delete', input),
  BatchWriteItem: (input) => batchWrite(store, input),
  TransactWriteItems: (input) => transactWrite(store, input),
  TransactGetItems: (input) => transactGet(store, input),
});

function* recordedWrites(store: ItemStore, sortKey: string | undefined): Generator<RecordedWrite> {
  const statement = store.database.prepare(
    `SELECT * FROM write_log ${sortKey === undefined ? '' : 'WHERE sort_key = ?'} ORDER BY seq`,
  );
  const item = (text: unknown): Item | undefined =>
    typeof text === 'string' ? (JSON.parse(text) as Item) : undefined;
  for (const row of statement.iterate(...(sortKey === undefined ? [] : [sortKey])))
    yield {
      sequence: Number(row['seq']),
      request: Number(row['request']),
      table: String(row['t']),
      sortKey: String(row['sort_key']),
      key: item(row['key']) ?? {},
      before: item(row['old']),
      after: item(row['new']),
      at: Number(row['at']),
    };
}
