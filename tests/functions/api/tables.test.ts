import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StreamItem, streamItemKey } from '../../../shared/runs/streamItem.ts';
import { sourceItemKey } from '../../../shared/sources/sourceItem.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.previews.length = 0;
});

let count = 0;
/** A source whose streams have landed. */
async function loaded(streams: readonly string[], tenant = 'default', token = api.adminToken) {
  count += 1;
  api.clock.at = new Date(api.clock.at.getTime() + 1);
  const { body } = await api.call('createSource', {
    token,
    body: { key: `tables-${count}`, name: 'Tables', connector: 'local_files', status: 'active' },
  });
  for (const stream of streams) {
    const item: StreamItem = {
      v: 1,
      tenant,
      sourceId: body.id,
      stream,
      table: `shop.${stream}`,
      location: `s3://lake/lake/data/${tenant}/${body.id}/${stream}`,
      metadataPrefix: `lake/metadata/${tenant}/${body.id}/${stream}/`,
      lastFieldId: 2,
      schema: [
        { id: 1, name: 'id', type: 'long' },
        { id: 2, name: 'full_name', type: 'string', doc: 'Full Name' },
      ],
      pointer: {
        metadataKey: 'lake/metadata/v1.json',
        snapshotId: '9007199254740993',
        version: 1,
        rows: 7,
        bytes: 700,
        dataFiles: 1,
      },
      rejects: { metadataKey: 'r', snapshotId: '1', version: 1, rows: 2, bytes: 1, dataFiles: 1 },
      cursor: null,
      stage: null,
      committedBy: null,
      updatedAt: '2026-05-05T00:00:00.000Z',
    };
    await api.table.client.send(
      new PutCommand({
        TableName: api.table.name,
        Item: { ...streamItemKey(tenant, body.id, stream), ...item },
      }),
    );
  }
  if (streams.length > 0)
    await api.table.client.send(
      new UpdateCommand({
        TableName: api.table.name,
        Key: sourceItemKey(tenant, body.id),
        UpdateExpression: 'SET syncCount = :one',
        ExpressionAttributeValues: { ':one': 1 },
      }),
    );
  return body;
}

describe('tables', () => {
  it('are listed across sources in pages, each once', async () => {
    const token = await api.tokenOf('admin', { tenant: 'tables' });
    const sources = [
      await loaded(['a', 'b', 'c'], 'tables', token),
      await loaded([], 'tables', token),
      await loaded(['d'], 'tables', token),
      await loaded(['e', 'f'], 'tables', token),
    ];
    for (const limit of ['1', '2', '4', '200']) {
      const names: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await api.call('listTables', {
          token,
          query: { limit, ...(cursor === null ? {} : { cursor }) },
        });
        names.push(...page.body.data.map((table: { name: string }) => table.name));
        cursor = page.body.pagination.nextCursor;
      } while (cursor !== null);
      expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((stream) => `shop.${stream}`));
    }
    const only = await api.call('listTables', { token, query: { source: sources[3].key } });
    expect(only.body.data.map((table: { stream: string }) => table.stream)).toEqual(['e', 'f']);
    expect((await api.call('listTables')).body.data).toEqual([]);
  });

  it('show rows, rejects and columns with the source’s own spelling', async () => {
    const source = await loaded(['people']);
    const { body } = await api.call('getTable', {
      params: { idOrKey: source.key, stream: 'people' },
    });
    expect(body).toMatchObject({
      name: 'shop.people',
      rows: 7,
      rejectedRows: 2,
      snapshotId: '9007199254740993',
      columns: [
        { name: 'id', type: 'long', doc: null },
        { name: 'full_name', type: 'string', doc: 'Full Name' },
      ],
    });
    expect(
      (await api.call('getTable', { params: { idOrKey: source.key, stream: 'other' } })).status,
    ).toBe(404);
  });
});

describe('looking into a table', () => {
  it('asks the preview function for the one stream there is', async () => {
    const source = await loaded(['people']);
    api.answers.preview = {
      kind: 'rows',
      snapshotId: '9',
      columns: [{ id: 1, name: 'id', type: 'long' }],
      rows: [{ id: '9007199254740993' }],
      cut: [],
      total: 7,
      more: true,
    };
    const answer = await api.call('previewRows', {
      params: { idOrKey: source.id },
      query: { limit: '1', asOf: '9', columns: 'id,full_name' },
    });
    expect(answer.body).toEqual({
      sourceId: source.id,
      stream: 'people',
      snapshotId: '9',
      columns: [{ name: 'id', type: 'long' }],
      rows: [{ id: '9007199254740993' }],
      cut: [],
      total: 7,
      hasMore: true,
    });
    expect(api.previews).toEqual([
      {
        v: 1,
        tenant: 'default',
        sourceId: source.id,
        stream: 'people',
        what: 'rows',
        limit: 1,
        asOf: '9',
        columns: ['id', 'full_name'],
      },
    ]);
    await api.call('listRejects', { params: { idOrKey: source.id } });
    expect(api.previews.at(-1)).toMatchObject({ what: 'rejects', limit: 100 });
  });

  it('wants the stream’s name when there are several', async () => {
    const source = await loaded(['orders', 'people']);
    const refused = await api.call('previewRows', { params: { idOrKey: source.id } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/stream' }] } });
    expect(refused.body.detail).toContain('orders, people');
    const unknown = await api.call('previewRows', {
      params: { idOrKey: source.id },
      query: { stream: 'x' },
    });
    expect(unknown.status).toBe(404);
  });

  it('answers no rows for a source that never loaded any, without asking', async () => {
    const source = await loaded([]);
    for (const operation of ['previewRows', 'listRejects'] as const)
      expect((await api.call(operation, { params: { idOrKey: source.id } })).body).toMatchObject({
        rows: [],
        total: 0,
        snapshotId: null,
      });
    expect(
      (await api.call('listSnapshots', { params: { idOrKey: source.id } })).body.snapshots,
    ).toEqual([]);
    expect(api.previews).toEqual([]);
  });

  it('passes on what the preview refuses', async () => {
    const source = await loaded(['people']);
    api.answers.preview = {
      kind: 'problem',
      code: 'not_found',
      message: 'No snapshot 7 (any more)',
    };
    expect(await api.call('previewRows', { params: { idOrKey: source.id } })).toMatchObject({
      status: 404,
      body: { detail: 'No snapshot 7 (any more)' },
    });
  });

  it('shows the history', async () => {
    const source = await loaded(['people']);
    const snapshot = {
      snapshotId: '9007199254740993',
      committedAt: '2026-05-05T00:00:00.000Z',
      operation: 'append',
      addedRows: 7,
      removedRows: 0,
      rows: 7,
      bytes: 700,
      dataFiles: 1,
      runId: null,
    };
    api.answers.preview = { kind: 'snapshots', snapshots: [snapshot], more: false };
    const { body } = await api.call('listSnapshots', { params: { idOrKey: source.id } });
    expect(body).toMatchObject({ snapshots: [snapshot], hasMore: false });
  });

  it.each([
    ['limit', { limit: '501' }],
    ['limit', { limit: '0' }],
    ['columns', { columns: 'id;drop table' }],
  ])('refuses a wrong %s', async (name, query) => {
    const source = await loaded(['people']);
    expect(await api.call('previewRows', { params: { idOrKey: source.id }, query })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: `#/${name}` }] },
    });
  });
});
