import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConcurrentModificationException,
  CreateDatabaseCommand,
  CreateTableCommand,
  EntityNotFoundException,
  GetTableCommand,
  GetTableVersionsCommand,
  GlueClient,
  type Table,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tableInput } from '../../../functions/glueMirror/glueTable.ts';
import { makeHandler } from '../../../functions/glueMirror/handler.ts';
import { openGlue } from '../../../local/glue/openGlue.ts';
import { type LocalService, localAccount } from '../../../local/localService.ts';
import { newRunId, newSourceId } from '../../../shared/ids.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { createLog } from '../../../shared/log.ts';
import { type StreamItem, streamItemKey } from '../../../shared/runs/streamItem.ts';
import { rejectFields } from '../../../shared/staging/streamLoader.ts';
import { openDuckdb, TestTable } from '../../shared/lake/testTable.ts';

const database = 'headgate_test';
const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'long', doc: 'Order\nID' },
  { id: 2, name: 'price', type: 'decimal(12, 2)' },
  { id: 3, name: 'at', type: 'timestamptz' },
];
const day = 86_400_000;

let duckdb: DuckDBConnection;
let folder: string;
let service: LocalService;
let server: Server;
let glue: GlueClient;
let table: TestTable;
let lines: Record<string, unknown>[];
let sequence = 0;

beforeAll(async () => {
  duckdb = await openDuckdb();
  folder = mkdtempSync(join(tmpdir(), 'headgate-glue-'));
  service = openGlue({ folder });
  server = createServer((request, response) => void service.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  glue = new GlueClient({
    region: localAccount.region,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: localAccount,
    maxAttempts: 1,
  });
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
});
afterAll(async () => {
  glue.destroy();
  server.close();
  await service.close();
  rmSync(folder, { recursive: true });
});
let streamNumber = 0;
let stream = '';
beforeEach(() => {
  stream = `orders${++streamNumber}`;
  table = new TestTable(duckdb, stream);
  lines = [];
});

const handle = (records: readonly DynamoDBRecord[], client = glue) =>
  makeHandler({
    glue: client,
    database,
    store: table.store,
    now: () => table.now,
    log: createLog((line) => void lines.push(JSON.parse(line) as Record<string, unknown>)),
  })({ Records: [...records] });

const itemNow = (change: Partial<StreamItem> = {}): StreamItem => ({
  v: 1,
  tenant: 'acme',
  sourceId: 's1',
  stream,
  table: `shop.${stream}`,
  location: table.location,
  metadataPrefix: table.metadataPrefix,
  lastFieldId: 3,
  schema: [...fields],
  pointer: table.pointer,
  rejects: null,
  cursor: null,
  stage: null,
  committedBy: null,
  updatedAt: '2026-03-01T00:00:00.000Z',
  ...change,
});
function record(now: StreamItem | null, before: StreamItem | null = null): DynamoDBRecord {
  const { sourceId, tenant } = now ?? before ?? itemNow();
  const key = streamItemKey(tenant, sourceId, stream);
  const image = (item: StreamItem) =>
    marshall({ ...key, ...item }, { removeUndefinedValues: true }) as NonNullable<
      DynamoDBRecord['dynamodb']
    >['NewImage'] &
      object;
  return {
    eventName: now === null ? 'REMOVE' : before === null ? 'INSERT' : 'MODIFY',
    dynamodb: {
      Keys: marshall(key) as NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['Keys']>,
      SequenceNumber: String(1_000 + sequence++),
      ...(now === null ? {} : { NewImage: image(now) }),
      ...(before === null ? {} : { OldImage: image(before) }),
    },
  };
}
const commit = async () => {
  const [rows] = [`select 1::bigint id, 2.50::decimal(12,2) price, now() as "at"`];
  await table.commit(fields, [await table.write(rows, fields)]);
};
const entry = async (name = `acme__shop__${stream}`): Promise<Table | null> => {
  try {
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: database, Name: name }));
    return Table ?? null;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return null;
    throw error;
  }
};
const location = (item: StreamItem) => `s3://lake/${item.pointer?.metadataKey}`;

describe('the Glue mirror', () => {
  it('creates a table with its first commit: columns in Glue’s form, Iceberg’s parameters', async () => {
    await commit();
    expect(await handle([record(itemNow())])).toEqual({ batchItemFailures: [] });
    const found = await entry();
    expect(found).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Parameters: {
        table_type: 'ICEBERG',
        metadata_location: location(itemNow()),
        'headgate.source_id': 's1',
        'headgate.version': '1',
      },
      StorageDescriptor: {
        Location: table.location,
        Columns: [
          { Name: 'id', Type: 'bigint', Comment: 'Order ID' },
          { Name: 'price', Type: 'decimal(12,2)' },
          { Name: 'at', Type: 'timestamp', Parameters: { 'iceberg.field.id': '3' } },
        ],
      },
    });
    expect(found?.Parameters?.['previous_metadata_location']).toBeUndefined();
  });

  it('moves on with each commit and names the metadata before, without archiving versions', async () => {
    await commit();
    const first = itemNow();
    await handle([record(first)]);
    await commit();
    const second = itemNow();
    await handle([record(second, first)]);
    expect((await entry())?.Parameters).toMatchObject({
      metadata_location: location(second),
      previous_metadata_location: location(first),
      'headgate.version': '2',
    });
    const versions = await glue.send(
      new GetTableVersionsCommand({
        DatabaseName: database,
        TableName: `acme__shop__${stream}`,
      }),
    );
    expect(versions.TableVersions).toHaveLength(1);
  });

  it('never goes back: a record that comes late or twice changes nothing', async () => {
    await commit();
    const first = itemNow();
    await commit();
    const second = itemNow();
    await handle([record(first), record(second, first)]);
    const before = await entry();
    expect(before?.Parameters?.['metadata_location']).toBe(location(second));
    await handle([record(first)]);
    await handle([record(second, first)]);
    expect(await entry()).toEqual(before);
  });

  it('leaves a metadata location alone that another engine committed, and says so', async () => {
    await commit();
    const first = itemNow();
    await handle([record(first)]);
    const found = await entry();
    const foreign = `s3://lake/${table.metadataPrefix}00002-7d9f.metadata.json`;
    const { Name, TableType, StorageDescriptor, Parameters } = found ?? {};
    await glue.send(
      new UpdateTableCommand({
        DatabaseName: database,
        TableInput: {
          Name,
          TableType,
          StorageDescriptor,
          Parameters: {
            ...Parameters,
            metadata_location: foreign,
            previous_metadata_location: location(first),
          },
        },
      }),
    );
    await commit();
    expect(await handle([record(itemNow(), first)])).toEqual({ batchItemFailures: [] });
    expect((await entry())?.Parameters?.['metadata_location']).toBe(foreign);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        code: 'glue_foreign_metadata',
        tenant: 'acme',
        sourceId: 's1',
        stream,
        metadataLocation: foreign,
      }),
    );
  });

  it('leaves a table alone that was made by hand', async () => {
    await glue.send(
      new CreateTableCommand({
        DatabaseName: database,
        TableInput: { Name: `acme__shop__${stream}`, Parameters: { classification: 'csv' } },
      }),
    );
    await commit();
    await handle([record(itemNow())]);
    expect((await entry())?.Parameters).toEqual({ classification: 'csv' });
    expect(lines.map((line) => line['code'])).toContain('glue_foreign_metadata');
  });

  it('takes over the entry of a source that was deleted, and keeps what people wrote into it', async () => {
    await commit();
    await handle([record(itemNow())]);
    const found = await entry();
    const { Name, TableType, StorageDescriptor, Parameters } = found ?? {};
    await glue.send(
      new UpdateTableCommand({
        DatabaseName: database,
        TableInput: {
          Name,
          TableType,
          StorageDescriptor,
          Description: 'Orders of the shop',
          Parameters: { ...Parameters, owner_team: 'sales' },
        },
      }),
    );
    const next = itemNow({ sourceId: 's2' });
    await handle([record(next)]);
    expect(await entry()).toMatchObject({
      Description: 'Orders of the shop',
      Parameters: { owner_team: 'sales', 'headgate.source_id': 's2' },
    });
  });

  it('mirrors the table of rejected rows beside it', async () => {
    await commit();
    const rejects = new TestTable(duckdb, `${stream}__rejects`, table.store);
    await rejects.commit(rejectFields, []);
    await handle([record(itemNow({ rejects: rejects.current }))]);
    expect(await entry(`acme__shop__${stream}__rejects`)).toMatchObject({
      StorageDescriptor: { Location: `${table.location}__rejects` },
      Parameters: { metadata_location: `s3://lake/${rejects.current.metadataKey}` },
    });
  });

  it('drops the entries of a stream that is gone, and only its own', async () => {
    await commit();
    const item = itemNow();
    await handle([record(item)]);
    await handle([record(null, itemNow({ sourceId: 'another' }))]);
    expect(await entry()).not.toBeNull();
    await handle([record(null, item)]);
    expect(await entry()).toBeNull();
    expect(await handle([record(null, item)])).toEqual({ batchItemFailures: [] });
  });

  it('passes over other items and writes that were no commit', async () => {
    await commit();
    const item = itemNow();
    await handle([record(item)]);
    const before = await entry();
    const other = record(item);
    other.dynamodb = { ...other.dynamodb, Keys: { pk: { S: 'T#acme#S#s1' }, sk: { S: 'LOCK' } } };
    await handle([other, record({ ...item, lastFieldId: 9 }, item)]);
    expect(await entry()).toEqual(before);
  });
});

describe('what expired', () => {
  it('is deleted once the catalogue has moved on, and the table stays whole', async () => {
    for (let index = 0; index < 40; index++) {
      await table.commit(
        fields,
        [
          await table.write(
            'select 1::bigint id, 1.00::decimal(12,2) price, now() as "at"',
            fields,
          ),
        ],
        { kind: 'everything' },
      );
      if (index === 38) table.now = new Date(table.now.getTime() + 10 * day);
    }
    const log = JSON.parse(
      Buffer.from(table.store.objects.get(table.current.metadataKey) ?? '').toString(),
    ) as { 'metadata-log': { 'metadata-file': string }[] };
    const before = itemNow({
      pointer: {
        ...table.current,
        version: 39,
        metadataKey: log['metadata-log'].at(-1)?.['metadata-file'].slice('s3://lake/'.length) ?? '',
      },
    });
    const objects = table.store.objects.size;
    await handle([record(itemNow(), before)]);
    expect(table.store.objects.size).toBeLessThan(objects - 60);
    expect(lines).toContainEqual(expect.objectContaining({ message: 'expired objects deleted' }));
    await commit();
    expect(table.current.rows).toBe(2);
  });
});

describe('what dead tries left behind', () => {
  const sourceId = newSourceId(new Date('2026-01-01T00:00:00Z'));
  const runAt = (time: Date) => newRunId(sourceId, time);
  const item = (change: Partial<StreamItem> = {}) => itemNow({ sourceId, ...change });
  const writeRow = () =>
    table.write('select 1::bigint id, 1.00::decimal(12,2) price, now() as "at"', fields);
  /** A commit of a new run, mirrored. Answers the item before and after. */
  const commitRun = async (before: StreamItem | null) => {
    table.runId = runAt(table.now);
    await table.commit(fields, [await writeRow()]);
    const now = item({ committedBy: { runId: table.runId, seq: 1 } });
    await handle([record(now, before)]);
    return now;
  };
  /** One file of an attempt that was cut off. Answers its key. */
  const orphan = async () => {
    table.runId = runAt(table.now);
    return (await writeRow()).path.replace('s3://lake/', '');
  };
  const pass = (milliseconds: number) => {
    table.now = new Date(table.now.getTime() + milliseconds);
  };
  const swept = () =>
    lines.filter(({ message }) => message === 'objects that nothing referred to deleted');

  it('is deleted after three days, once a day, with the day’s first commit', async () => {
    const first = await commitRun(null);
    const key = await orphan();
    pass(2 * day);
    const second = await commitRun(first);
    expect(table.store.objects.has(key)).toBe(true);
    pass(2 * day);
    const third = await commitRun(second);
    expect(table.store.objects.has(key)).toBe(false);
    expect(swept()).toEqual([expect.objectContaining({ objects: 1, more: false, sourceId })]);
    pass(4 * day);
    const fourth = await commitRun(third);
    // Later that day nothing is looked at.
    const gets = table.store.list.bind(table.store);
    table.store.list = () => {
      throw new Error('listed');
    };
    await commitRun(fourth);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    table.store.list = gets;
    await commit();
    expect(table.current.rows).toBe(6);
  });

  it('stays while an unfinished refresh goes on from it, or the catalogue names something else', async () => {
    const first = await commitRun(null);
    const key = await orphan();
    const staged = table.runId ?? '';
    pass(4 * day);
    table.runId = runAt(table.now);
    await table.commit(fields, [await writeRow()]);
    const parts = [{ key: `runs/acme/${staged}/a1/staged.json`, index: 0 }];
    const stage = { hash: 'h', startedAt: table.now.toISOString(), parts, position: 1 };
    const second = item({ stage, committedBy: { runId: table.runId, seq: 1 } });
    await handle([record(second, first)]);
    expect(table.store.objects.has(key)).toBe(true);
    await handle([
      record({ ...second, stage: { ...stage, parts: [{ key: 'odd', index: 0 }] } }, first),
    ]);
    expect(table.store.objects.has(key)).toBe(true);
    pass(day);
    await commitRun(second);
    const late = { ...second, stage: null };
    // The catalogue has moved on: what a later commit refers to is not known here.
    expect(table.store.objects.has(key)).toBe(false);
    const other = await orphan();
    table.store.written.set(other, new Date(0));
    pass(4 * day);
    await handle([record(late, first)]);
    expect(table.store.objects.has(other)).toBe(true);
  });

  it('costs storage only: a failure is logged, and the record is done', async () => {
    const first = await commitRun(null);
    pass(4 * day);
    table.store.list = () => {
      throw new Error('AccessDenied');
    };
    await table.commit(fields, [await writeRow()]);
    expect(await handle([record(item(), first)])).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ code: 'sweep_failed', stream }));
  });
});

describe('failures', () => {
  const client = new GlueClient({ region: 'us-east-1' });
  // The instance, not the class: the other tests speak to the embedded Glue.
  const failing = mockClient(client);
  afterEach(() => failing.reset());
  const named = (name: string, more: object = {}) =>
    Object.assign(new Error(name), { name, $fault: 'client', ...more });

  it('that pass are reported with the number of the stream’s first record', async () => {
    await commit();
    const first = itemNow();
    await commit();
    failing.on(GetTableCommand).rejects(named('ThrottlingException'));
    const records = [record(first), record(itemNow(), first)];
    expect(await handle(records, client)).toEqual({
      batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb?.SequenceNumber }],
    });
    for (const error of [
      named('InternalServiceException', { $fault: 'server' }),
      named('Error', { code: 'ECONNRESET' }),
    ]) {
      failing.reset();
      failing.on(GetTableCommand).rejects(error);
      expect((await handle([record(itemNow())], client)).batchItemFailures).toHaveLength(1);
    }
  });

  it('that do not pass are logged with a code and let go', async () => {
    await commit();
    failing.on(GetTableCommand).rejects(named('AccessDeniedException'));
    expect(await handle([record(itemNow())], client)).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(
      expect.objectContaining({ code: 'glue_mirror_failed', retried: false }),
    );
    const broken = record(itemNow());
    broken.dynamodb = { ...broken.dynamodb, NewImage: { v: { N: '7' } } };
    expect(await handle([broken], client)).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ code: 'glue_record_invalid' }));
  });

  it('of one stream do not hold up another', async () => {
    await commit();
    const other = itemNow({ stream: 'zz', table: 'shop.zz' });
    failing.on(GetTableCommand).rejects(named('EntityNotFoundException'));
    failing.on(GetTableCommand, { Name: `acme__shop__${stream}` }).rejects(named('SlowDown'));
    failing.on(CreateTableCommand).resolves({});
    failing
      .on(GetTableCommand, { Name: 'acme__shop__zz' })
      .rejects(new EntityNotFoundException({ message: 'none', $metadata: {} }));
    const answer = await handle([record(itemNow()), record(other)], client);
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(failing.commandCalls(CreateTableCommand)).toHaveLength(1);
  });

  it('to write at the version that was read are tried again on what is there then', async () => {
    await commit();
    const item = itemNow();
    const mirrored = {
      name: `acme__shop__${stream}`,
      sourceId: 's1',
      stream,
      location: table.location,
      metadataLocation: 's3://lake/old.metadata.json',
      pointer: { ...table.current, version: 0 },
      schema: fields,
    };
    const at = (VersionId: string): Table => ({
      ...tableInput(null, mirrored),
      Name: mirrored.name,
      VersionId,
    });
    failing
      .on(GetTableCommand)
      .resolvesOnce({ Table: at('4') })
      .resolves({ Table: at('5') });
    failing
      .on(UpdateTableCommand)
      .rejectsOnce(new ConcurrentModificationException({ message: 'changed', $metadata: {} }))
      .resolves({});
    expect(await handle([record(item)], client)).toEqual({ batchItemFailures: [] });
    const updates = failing.commandCalls(UpdateTableCommand).map((call) => call.args[0].input);
    expect(updates.map(({ VersionId, SkipArchive }) => [VersionId, SkipArchive])).toEqual([
      ['4', true],
      ['5', true],
    ]);
    expect(updates[1]).toMatchObject({
      DatabaseName: database,
      TableInput: {
        Parameters: {
          metadata_location: location(item),
          previous_metadata_location: 's3://lake/old.metadata.json',
        },
      },
    });
  });
});
