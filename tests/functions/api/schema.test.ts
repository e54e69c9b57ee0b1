import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streamItemKey } from '../../../shared/runs/streamItem.ts';
import { maskKeyOf } from '../../../shared/schema/maskKey.ts';
import { maskKeyName } from '../../../shared/schema/maskKeyName.ts';
import { recordSchema } from '../../../shared/schema/recordSchema.ts';
import type { SchemaDrift } from '../../../shared/schema/schemaDrift.ts';
import { flagBreakingDrift } from '../../../shared/sources/attention.ts';
import { transact } from '../../../shared/transact.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
async function makeSource(more: Record<string, unknown> = {}): Promise<string> {
  api.clock.at = new Date(api.clock.at.getTime() + 1);
  const { status, body } = await api.call('createSource', {
    body: {
      key: `schema-${++count}`,
      name: 'Schema',
      connector: 'local_files',
      status: 'active',
      ...more,
    },
  });
  expect([status, body.errors]).toEqual([201, undefined]);
  return body.id;
}

const stream = (sourceId: string, name = 'orders') => ({
  v: 1 as const,
  tenant: 'default',
  sourceId,
  stream: name,
  table: `shop.${name}`,
  location: 's3://lake/x',
  metadataPrefix: 'lake/metadata/x/',
  lastFieldId: 1,
  schema: [{ id: 7, name: 'before', type: 'long' as const }],
  pointer: null,
  rejects: null,
  cursor: null,
  stage: null,
  committedBy: null,
  updatedAt: '2026-01-01T00:00:00.000Z',
});
const gone: SchemaDrift = {
  added: [],
  removed: [{ name: 'note', type: 'string' }],
  changed: [],
  more: 0,
};

/** Everything stored of the tenant itself. */
async function ofTenant(): Promise<Record<string, unknown>[]> {
  const { Items } = await api.table.client.send(
    new QueryCommand({
      TableName: api.table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'T#default' },
    }),
  );
  return Items ?? [];
}

/** What Commit writes down of a run. */
async function committed(sourceId: string, runId: string, drift: SchemaDrift | null) {
  const item = stream(sourceId);
  const { items, breaking } = await recordSchema(api.table, {
    runId,
    seq: 1,
    stream: item,
    schema: [{ id: 1, name: 'id', type: 'long', doc: 'ID' }],
    drift,
    now: api.clock.at,
  });
  if (breaking !== null)
    await flagBreakingDrift(api.table, item, item.stream, breaking, api.clock.at);
  await transact(api.table, [
    ...items,
    {
      Put: {
        TableName: api.table.name,
        Item: { ...streamItemKey('default', sourceId, 'orders'), ...item },
      },
    },
  ]);
}

describe('the history of a schema', () => {
  it('lists every version with its run and columns, and drift with the run', async () => {
    const idOrKey = await makeSource();
    const { body: run } = await api.call('startRun', { params: { idOrKey }, body: {} });
    await committed(idOrKey, run.runId, gone);
    const history = await api.call('listSchemaVersions', { params: { idOrKey } });
    expect(history.body.data).toMatchObject([
      {
        stream: 'orders',
        runId: run.runId,
        columns: [{ id: 1, name: 'id', type: 'long', doc: 'ID' }],
      },
    ]);
    const drift = await api.call('getRunDrift', { params: { runId: run.runId } });
    expect(drift.body).toMatchObject({
      runId: run.runId,
      drift: [{ stream: 'orders', isBreaking: true, removed: [{ name: 'note', type: 'string' }] }],
    });
    const all = await api.call('listDrift', { params: { idOrKey } });
    expect(all.body.data).toEqual(drift.body.drift);
  });

  it('pages, and refuses the cursor of another list', async () => {
    const idOrKey = await makeSource();
    for (const n of [1, 2, 3])
      await committed(idOrKey, `${idOrKey}-${n}`, {
        ...gone,
        removed: [{ name: `c${n}`, type: 'long' }],
      });
    const first = await api.call('listDrift', { params: { idOrKey }, query: { limit: '2' } });
    expect(first.body.pagination).toMatchObject({ hasMore: true });
    const cursor = first.body.pagination.nextCursor;
    const second = await api.call('listDrift', { params: { idOrKey }, query: { cursor } });
    expect([...first.body.data, ...second.body.data].map(({ removed }) => removed[0].name)).toEqual(
      ['c3', 'c2', 'c1'],
    );
    const wrong = await api.call('listSchemaVersions', { params: { idOrKey }, query: { cursor } });
    expect(wrong.status).toBe(400);
  });

  it('of another tenant is not there', async () => {
    const idOrKey = await makeSource();
    const { body: run } = await api.call('startRun', { params: { idOrKey }, body: {} });
    const token = await api.tokenOf('admin', { tenant: 'other' });
    for (const [operation, params] of [
      ['listSchemaVersions', { idOrKey }],
      ['listDrift', { idOrKey }],
      ['getRunDrift', { runId: run.runId }],
      ['downloadRejects', { idOrKey }],
    ] as const)
      expect((await api.call(operation, { params, token })).status).toBe(404);
  });
});

describe('attention', () => {
  it('is raised once by breaking drift, keeps what was said, and goes when acknowledged', async () => {
    const idOrKey = await makeSource();
    const place = { tenant: 'default', sourceId: idOrKey };
    await committed(idOrKey, `${idOrKey}-1`, gone);
    await flagBreakingDrift(api.table, place, 'orders', gone, api.clock.at);
    const changed: SchemaDrift = {
      ...gone,
      removed: [],
      changed: [
        { name: 'id', from: 'long', to: 'string', samples: ['x'], isStored: true, discarded: 0 },
      ],
    };
    await flagBreakingDrift(api.table, place, 'orders', changed, api.clock.at);
    const { body: source } = await api.call('getSource', { params: { idOrKey } });
    expect(source.attention).toMatchObject([
      {
        code: 'breaking_drift',
        message: 'orders: column note is gone. orders: column id changed from long to string.',
      },
    ]);
    const params = { idOrKey, code: 'breaking_drift' };
    const viewer = await api.tokenOf('viewer');
    expect((await api.call('acknowledgeAttention', { params, token: viewer })).status).toBe(403);
    const done = await api.call('acknowledgeAttention', { params });
    expect(done.body).toMatchObject({ attention: [], rowVersion: source.rowVersion + 1 });
    const trail = await ofTenant();
    expect(trail.filter(({ action }) => action === 'attention.acknowledged')).toMatchObject([
      { subject: idOrKey, before: { code: 'breaking_drift' } },
    ]);
    expect((await api.call('acknowledgeAttention', { params })).status).toBe(404);
  });
});

describe('rules', () => {
  it('are kept, shown, and changed', async () => {
    const idOrKey = await makeSource({
      rules: { maxRejectedRows: 5, nested: 'flatten' },
      streams: {
        files: {
          rename: { Total: 'amount' },
          types: { Total: 'decimal(12, 2)' },
          contract: 'freeze',
        },
      },
    });
    const { body } = await api.call('getSource', { params: { idOrKey } });
    expect(body).toMatchObject({
      rules: { maxRejectedRows: 5, nested: 'flatten' },
      streams: { files: { contract: 'freeze', rename: { Total: 'amount' } } },
    });
    const changed = await api.call('changeSource', {
      params: { idOrKey },
      body: { rules: { maxRejectedRatio: 0.1 } },
    });
    expect(changed.body.rules).toEqual({ maxRejectedRatio: 0.1 });
  });

  it.each([
    ['a name that a table would spell otherwise', { rename: { a: 'Größe' } }, 'rename/a'],
    ['a name of Headgate’s own', { rename: { a: '_run_id' } }, 'rename/a'],
    ['one name twice', { rename: { a: 'x', b: 'x' } }, 'rename/b'],
    ['a type for a masked column', { types: { a: 'long' }, masks: { A: 'hash' } }, 'types/a'],
    [
      'a key that cannot tell rows apart',
      { primaryKey: ['id'], masks: { id: 'redact' } },
      'masks/id',
    ],
    ['a key that is left out', { primaryKey: ['id'], exclude: ['ID'] }, 'exclude'],
    ['a cursor that is masked', { cursorField: 'at', masks: { at: 'hash' } }, 'masks/at'],
    ['a type that does not exist', { types: { a: 'number' } }, 'types/a'],
    ['a mask that does not exist', { masks: { a: 'rot13' } }, 'masks/a'],
  ])('refuse %s', async (_, settings, where) => {
    const { status, body } = await api.call('createSource', {
      body: {
        key: `bad-${++count}`,
        name: 'x',
        connector: 'local_files',
        streams: { files: settings },
      },
    });
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(`#/streams/files/${where}`);
  });

  it('that hash make the tenant’s key, once, and never show it', async () => {
    const id = `${api.secretPrefix}default/${maskKeyName}`;
    const read = () => api.secretsClient.send(new GetSecretValueCommand({ SecretId: id }));
    await expect(read()).rejects.toThrow();
    const plain = await makeSource();
    await expect(read()).rejects.toThrow();
    await api.call('changeSource', {
      params: { idOrKey: plain },
      body: { streams: { files: { masks: { email: 'hash' } } } },
    });
    const { SecretString: made } = await read();
    const key = maskKeyOf(JSON.parse(made ?? ''));
    expect(key.length).toBe(32);
    await makeSource({ streams: { files: { masks: { email: 'hash' } } } });
    expect((await read()).SecretString).toBe(made);
    const text = Buffer.from(key).toString('base64');
    expect(JSON.stringify(await ofTenant())).not.toContain(text);
    expect(api.lines.join('\n')).not.toContain(text);
  });
});

describe('rejects', () => {
  it('are replayed by a run of their own, once for one key', async () => {
    const idOrKey = await makeSource();
    const headers = { 'idempotency-key': 'replay' };
    const call = { params: { idOrKey }, headers, body: { files: ['a.csv'] } };
    const first = await api.call('replayRejects', call);
    const again = await api.call('replayRejects', call);
    expect([first.status, again.body.runId]).toEqual([202, first.body.runId]);
    const { body: run } = await api.call('getRun', { params: { runId: first.body.runId } });
    expect(run.kind).toBe('replay');
    const viewer = await api.tokenOf('viewer');
    expect((await api.call('replayRejects', { ...call, token: viewer })).status).toBe(403);
  });

  it('are downloaded in parts', async () => {
    const idOrKey = await makeSource();
    const empty = await api.call('downloadRejects', { params: { idOrKey } });
    expect(empty.body).toMatchObject({ text: '', rows: 0, hasMore: false });
    await api.table.client.send(
      new PutCommand({
        TableName: api.table.name,
        Item: { ...streamItemKey('default', idOrKey, 'orders'), ...stream(idOrKey) },
      }),
    );
    const next = { snapshotId: '1', path: 's3://lake/a', row: 7 };
    api.answers.preview = { kind: 'text', text: 'file,line\n', rows: 1, next };
    const first = await api.call('downloadRejects', { params: { idOrKey } });
    expect(first.body).toMatchObject({ format: 'csv', text: 'file,line\n', hasMore: true });
    const cursor = first.body.nextCursor;
    api.answers.preview = { kind: 'text', text: 'x', rows: 1, next: null };
    await api.call('downloadRejects', { params: { idOrKey }, query: { cursor } });
    expect(api.previews.at(-1)).toMatchObject({ what: 'rejectsText', format: 'csv', after: next });
    const other = { cursor, format: 'ndjson' };
    expect((await api.call('downloadRejects', { params: { idOrKey }, query: other })).status).toBe(
      400,
    );
  });
});
