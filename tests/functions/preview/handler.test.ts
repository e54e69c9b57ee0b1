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
    const row: Record<string, string> = {
      row_text: "'1;x'",
      line: '17',
      column_name: "'amount'",
      reason: "'not a number'",
      _source_file: "'a.csv'",
    };
    const columns = rejectFields.map(({ name }) => `${row[name] ?? 'null'} as ${name}`);
    const file = await rejects.write(`select ${columns.join(', ')}`, rejectFields);
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

  it('leaves deleted rows out, says how many there are, and shows them as of a snapshot or an instant before', async () => {
    const file = await upload(0, 6, 'a.csv');
    await table.commit(fields, [file]);
    const before = table.current.snapshotId ?? '';
    const between = new Date(table.now.getTime() - 30_000).toISOString();
    await table.delete(fields, [await table.writeDeletes(file, 'select unnest([0, 2, 5]) pos')]);
    stored();
    const ids = async (more: object = {}) => {
      const answer = await handler({ ...request, ...more });
      if (answer.kind !== 'rows') throw new Error(`not rows: ${answer.kind}`);
      return { ids: answer.rows.map((row) => row['id']), total: answer.total, more: answer.more };
    };
    expect(await ids()).toEqual({ ids: [1, 3, 4], total: 3, more: false });
    expect(await ids({ limit: 2 })).toEqual({ ids: [1, 3], total: 3, more: true });
    for (const asOf of [before, between])
      expect(await ids({ asOf })).toEqual({ ids: [0, 1, 2, 3, 4, 5], total: 6, more: false });
    const files = await handler({ ...request, what: 'files' });
    expect(previewAnswer.parse(files)).toMatchObject({ files: [{ rows: 6, deletedRows: 3 }] });
    expect(await handler({ ...request, what: 'files', asOf: before })).toMatchObject({
      files: [{ rows: 6, deletedRows: 0 }],
    });
    const history = await handler({ ...request, what: 'snapshots' });
    expect(previewAnswer.parse(history)).toMatchObject({
      snapshots: [
        { operation: 'delete', addedRows: 0, removedRows: 3, deletedRows: 3, rows: 3 },
        { operation: 'append', addedRows: 6, removedRows: 0, deletedRows: 0, rows: 6 },
      ],
    });
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
