import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DuckDBConnection } from '@duckdb/node-api';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/preview/handler.ts';
import { previewAnswer } from '../../../shared/lake/previewProtocol.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { createLog } from '../../../shared/log.ts';
import { type StreamItem, streamItemKey } from '../../../shared/runs/streamItem.ts';
import { rejectFields } from '../../../shared/staging/streamLoader.ts';
import { openDuckdb, TestTable } from '../../shared/lake/testTable.ts';

const dynamodb = mockClient(DynamoDBDocumentClient);
const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: '_source_file', type: 'string' },
];
const request = {
  v: 1,
  tenant: 'acme',
  sourceId: 's1',
  stream: 'orders',
  what: 'rows',
  limit: 10,
} as const;

let duckdb: DuckDBConnection;
let table: TestTable;
let rejects: TestTable;
const lines: string[] = [];
const handler = (event: unknown) =>
  makeHandler({
    table: { client, name: 'headgate' },
    store: table.store,
    log: createLog((line) => void lines.push(line)),
  })(event);

beforeAll(async () => {
  duckdb = await openDuckdb();
});
beforeEach(async () => {
  dynamodb.reset();
  lines.length = 0;
  table = new TestTable(duckdb);
  rejects = new TestTable(duckdb, 'orders__rejects', table.store);
});

function stored(change: Partial<StreamItem> = {}): void {
  const key = streamItemKey('acme', 's1', 'orders');
  const item: Omit<StreamItem, 'stage'> = {
    v: 1,
    tenant: 'acme',
    sourceId: 's1',
    stream: 'orders',
    table: 'shop.orders',
    location: table.location,
    metadataPrefix: table.metadataPrefix,
    lastFieldId: 2,
    schema: [...fields],
    pointer: table.pointer,
    rejects: rejects.pointer,
    cursor: null,
    committedBy: null,
    updatedAt: '2026-03-01T00:00:00.000Z',
    ...change,
  };
  dynamodb
    .on(GetCommand, { TableName: 'headgate', Key: key })
    .resolves({ Item: { ...key, stage: null, ...item } });
}
const upload = (from: number, to: number, name: string) =>
  table.write(
    `select i::int id, '${name}' as _source_file from range(${from}, ${to}) t(i)`,
    fields,
    { sourceFile: name },
  );

describe('the preview function', () => {
  it('answers rows with their columns, and says that there are more', async () => {
    await table.commit(fields, [await upload(0, 30, 'a.csv')]);
    stored();
    const answer = await handler({ ...request, limit: 2 });
    expect(previewAnswer.parse(answer)).toEqual(answer);
    expect(answer).toEqual({
      kind: 'rows',
      snapshotId: table.current.snapshotId,
      columns: fields,
      rows: [
        { id: 0, _source_file: 'a.csv' },
        { id: 1, _source_file: 'a.csv' },
      ],
      cut: [],
      total: 30,
      more: true,
    });
  });

  it('answers a stream without rows with its schema', async () => {
    stored();
    expect(await handler(request)).toMatchObject({
      kind: 'rows',
      snapshotId: null,
      columns: fields,
      rows: [],
      total: 0,
      more: false,
    });
    expect(await handler({ ...request, what: 'rejects' })).toMatchObject({
      columns: rejectFields,
      rows: [],
    });
    expect(await handler({ ...request, what: 'files' })).toMatchObject({ files: [] });
    expect(await handler({ ...request, what: 'snapshots' })).toMatchObject({ snapshots: [] });
  });

  it('answers rejects from the table beside', async () => {
    const file = await rejects.write(
      `select '1;x' as row_text, 17::bigint as line, 'amount' as column_name, 'not a number' as reason,
       'r1' as _run_id, timestamptz '2026-03-01 00:00:00+00' as _ingested_at, 'a.csv' as _source_file`,
      rejectFields,
    );
    await rejects.commit(rejectFields, [file]);
    stored();
    expect(await handler({ ...request, what: 'rejects' })).toMatchObject({
      rows: [{ row_text: '1;x', line: '17', column_name: 'amount', _source_file: 'a.csv' }],
      more: false,
    });
  });

  it('lists files with their uploads, and snapshots newest first', async () => {
    await table.commit(fields, [await upload(0, 3, 'a.csv'), await upload(3, 4, 'b.csv')]);
    await table.commit(fields, [await upload(4, 6, 'c.csv')]);
    stored();
    const files = await handler({ ...request, what: 'files', limit: 2 });
    expect(previewAnswer.parse(files)).toEqual(files);
    expect(files).toMatchObject({
      more: true,
      files: [
        { rows: 3, sourceFile: 'a.csv' },
        { rows: 1, sourceFile: 'b.csv' },
      ],
    });
    const history = await handler({ ...request, what: 'snapshots' });
    expect(previewAnswer.parse(history)).toEqual(history);
    expect(history).toMatchObject({ snapshots: [{ rows: 6 }, { rows: 4 }], more: false });
  });

  it('answers what a caller can put right as a problem', async () => {
    await table.commit(fields, [await upload(0, 3, 'a.csv')]);
    stored();
    expect(await handler({ ...request, columns: ['nope'] })).toMatchObject({
      kind: 'problem',
      code: 'validation_failed',
    });
    expect(await handler({ ...request, asOf: '42' })).toMatchObject({ code: 'not_found' });
    dynamodb.reset();
    dynamodb.on(GetCommand).resolves({});
    expect(await handler(request)).toMatchObject({ kind: 'problem', code: 'not_found' });
  });

  it('refuses a request that is none, and fails on a table it cannot read', async () => {
    await expect(handler({ ...request, limit: 0 })).rejects.toThrow();
    await expect(handler({ ...request, extra: 1 })).rejects.toThrow();
    await table.commit(fields, [await upload(0, 3, 'a.csv')]);
    stored();
    table.store.objects.set(table.current.metadataKey, Buffer.from('{}'));
    await expect(handler(request)).rejects.toMatchObject({ code: 'internal_error' });
  });

  it('keeps an answer below Lambda’s 6 MB', async () => {
    const wide: Field[] = Array.from({ length: 40 }, (_, index) => ({
      id: index + 1,
      name: `c${index}`,
      type: 'string',
    }));
    const file = await table.write(
      `select ${wide.map(({ name }) => `repeat('é', 5000) as ${name}`).join(', ')} from range(500)`,
      wide,
    );
    await table.commit(wide, [file]);
    stored({ schema: wide });
    const answer = await handler({ ...request, limit: 500 });
    if (answer.kind !== 'rows') throw new Error(`not rows: ${answer.kind}`);
    expect(answer.more).toBe(true);
    expect(answer.rows.length).toBeGreaterThan(10);
    expect(answer.cut).toHaveLength(40);
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(6_000_000);
  });
});
