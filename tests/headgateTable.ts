import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalDynamoDb, openDynamoDb } from '../local/dynamodb/openDynamoDb.ts';
import { newSourceId } from '../shared/ids.ts';
import { type SourceItem, sourceItemKey } from '../shared/sources/sourceItem.ts';
import { locksIndex, sourcesIndex, type Table, ttlAttribute } from '../shared/table.ts';
import { hostServices, localClientConfig } from './local/hostServices.ts';

export interface HeadgateTable extends AsyncDisposable {
  readonly table: Table;
  readonly database: LocalDynamoDb;
  readonly endpoint: string;
  /** Stores a source, by default an active postgres one, and answers its id. */
  addSource(tenant: string, change?: Partial<SourceItem>): Promise<SourceItem>;
}

/** Headgate's table in the embedded DynamoDB, in a folder of its own. LOCK, RUN and STREAM writes are recorded. */
export async function headgateTable(): Promise<HeadgateTable> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-table-'));
  const database = openDynamoDb({
    folder,
    recordWritesOf: (sortKey) => /^(LOCK$|RUN#|STREAM#)/.test(sortKey),
  });
  const index = (name: string) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: `${name}pk`, KeyType: 'HASH' as const },
      { AttributeName: `${name}sk`, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  const attributes = ['pk', 'sk', 'gsi1pk', 'gsi1sk', 'gsi2pk', 'gsi2sk'];
  database.createTable({
    TableName: 'headgate',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributes.map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [index(sourcesIndex), index(locksIndex)],
    timeToLiveAttribute: ttlAttribute,
  });
  const host = await hostServices(database);
  const raw = new DynamoDBClient({ ...localClientConfig, endpoint: host.endpoint });
  const table: Table = {
    name: 'headgate',
    client: DynamoDBDocumentClient.from(raw, { marshallOptions: { removeUndefinedValues: true } }),
  };
  return {
    table,
    database,
    endpoint: host.endpoint,
    async addSource(tenant, change = {}) {
      const source = { ...exampleSource(tenant), ...change };
      await table.client.send(
        new PutCommand({
          TableName: table.name,
          Item: { ...sourceItemKey(tenant, source.sourceId), ...source },
        }),
      );
      return source;
    },
    async [Symbol.asyncDispose]() {
      raw.destroy();
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function exampleSource(tenant: string): SourceItem {
  const now = new Date();
  const sourceId = newSourceId(now);
  return {
    v: 1,
    tenant,
    sourceId,
    key: `key-${sourceId}`,
    name: 'Orders',
    description: '',
    tags: [],
    collection: null,
    connector: 'postgres',
    config: {},
    secretRef: null,
    fileFormat: null,
    namespace: 'shop',
    table: 'orders',
    syncMode: 'full_refresh',
    primaryKey: [],
    cursorField: null,
    streams: null,
    schedule: null,
    contract: 'evolve',
    freshnessTargetSeconds: null,
    status: 'active',
    attention: [],
    lastRun: null,
    lastSuccessAt: null,
    recordCount: 0,
    syncCount: 0,
    createdBy: 'tests',
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    rowVersion: 1,
  };
}
