import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../shared/api/openApi.ts';
import { type OperationId, routes } from '../../../shared/api/routes.ts';
import { appendEvents } from '../../../shared/events/appendEvents.ts';
import { type ApiHarness, apiHarness, type Call } from './apiHarness.ts';

interface Operation {
  readonly operationId: OperationId;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
}
const document = openApiDocument(routes) as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

let api: ApiHarness;
/** Of tenant A. */
let stranger: string;
/** Of tenant B: everything that a path can name. */
const theirs: Record<string, string> = {};
/** Texts that no answer to A may hold. */
let secrets: readonly string[] = [];
beforeAll(async () => {
  api = await apiHarness();
  stranger = await api.tokenOf('admin', { tenant: 'a' });
  const token = await api.tokenOf('admin', { tenant: 'b' });
  const call = async (operationId: OperationId, more: Omit<Call, 'token'> = {}) => {
    const { status, body } = await api.call(operationId, { ...more, token });
    expect([operationId, status < 300]).toEqual([operationId, true]);
    return body;
  };
  const source = await call('createSource', {
    body: { key: 'their-key', name: 'Their source', connector: 'csv_upload', status: 'active' },
  });
  const params = { idOrKey: source.id };
  const upload = await call('createUpload', { params, body: { name: 'their-file.csv' } });
  const run = await call('startRun', { params, body: {} });
  const made = await call('createToken', { body: { name: 'Their token' } });
  const webhook = await call('createWebhook', {
    body: { name: 'Their webhook', url: 'https://their-hook.test/x' },
  });
  await appendEvents(
    api.table,
    'b',
    [
      {
        id: 'their-event',
        at: new Date().toISOString(),
        sourceId: source.id,
        sourceKey: 'their-key',
        type: 'sync_cancelled',
        data: { runId: run.runId, kind: 'ingest', status: 'cancelled' },
      },
    ],
    new Date(),
  );
  Object.assign(theirs, {
    idOrKey: source.id,
    runId: run.runId,
    uploadId: upload.uploadId,
    name: 'their-file.csv',
    stream: 'their-file',
    code: 'breaking_drift',
    tokenId: made.id,
    webhookId: webhook.id,
  });
  secrets = [source.id, run.runId, 'their-', 'Their ', made.id, webhook.id, upload.uploadId];
});
afterAll(() => api[Symbol.asyncDispose]());

/** Bodies that pass the first check, so that what is refused is the tenant. */
const bodies: Partial<Record<OperationId, unknown>> = {
  changeSource: { name: 'mine now' },
  putSource: { name: 'mine now' },
  replaceCredentials: { credentials: {} },
  replaceConfig: { config: {} },
  startRun: {},
  replayRejects: {},
  setCursor: { cursor: null },
  createUpload: { name: 'x.csv' },
  completeUpload: {},
  reloadFile: {},
  changeWebhook: { name: 'mine now' },
};

/** Of these a path names nothing that belongs to a tenant. */
const ofNobody: readonly OperationId[] = [
  'getProblem',
  'getConnector',
  'testConnection',
  'inspectConnection',
];
const pathParameters = ({ parameters = [] }: Operation): readonly string[] =>
  parameters.flatMap((each) => (each.in === 'path' ? [each.name] : []));
const named = operations.filter(
  (operation) => pathParameters(operation).length > 0 && !ofNobody.includes(operation.operationId),
);
const unnamed = operations.filter((operation) => pathParameters(operation).length === 0);

describe('another tenant', () => {
  it('is tried at every operation that there is', () => {
    expect(operations.length).toBe(routes.length);
    expect(named.length).toBeGreaterThan(40);
    expect(unnamed.length).toBeGreaterThan(15);
  });

  it.each(
    named.map((operation) => [operation.operationId, operation] as const),
  )('gets 404 from %s for what is not its own, and learns nothing', async (operationId, operation) => {
    const wanted = pathParameters(operation);
    for (const name of wanted) expect(theirs, `what ${name} is of B`).toHaveProperty(name);
    if (operation.requestBody !== undefined)
      expect(bodies, `a body for ${operationId}`).toHaveProperty(operationId);
    const byKey = wanted.includes('idOrKey') ? [{ idOrKey: 'their-key' }] : [];
    for (const change of [{}, ...byKey]) {
      const params: Record<string, string> = {
        ...Object.fromEntries(wanted.map((name) => [name, theirs[name] ?? ''])),
        ...change,
      };
      const body = bodies[operationId];
      const { status, body: answer } = await api.call(operationId, {
        token: stranger,
        params,
        ...(body === undefined ? {} : { body }),
      });
      expect([operationId, status, answer.code]).toEqual([operationId, 404, 'not_found']);
      // What it asked for may be said again, and nothing else.
      const text = JSON.stringify(answer);
      for (const secret of secrets)
        if (!Object.values<string>(params).some((value) => value.includes(secret)))
          expect(text).not.toContain(secret);
    }
  });

  it.each(
    unnamed.map(({ operationId }) => [operationId] as const),
  )('sees in %s nothing that is not its own', async (operationId) => {
    const { method } = api.routeOf(operationId);
    if (method !== 'GET') return;
    const query = operationId === 'previewSchedule' ? { cron: '0 2 * * *', timezone: 'UTC' } : {};
    const { status, body } = await api.call(operationId, { token: stranger, query });
    expect(status).toBe(200);
    const text = JSON.stringify(body);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it('cannot filter by what is not its own', async () => {
    for (const operationId of ['listTables', 'listEvents'] as const)
      for (const source of [theirs['idOrKey'] ?? '', 'their-key'])
        expect((await api.call(operationId, { token: stranger, query: { source } })).status).toBe(
          404,
        );
    const sources = [theirs['idOrKey']];
    for (const [operationId, body] of [
      ['createToken', { name: 'n', sources }],
      ['createWebhook', { name: 'n', url: 'https://x.test/', sources }],
    ] as const)
      expect((await api.call(operationId, { token: stranger, body })).status).toBe(404);
  });

  it('has left everything as it was', async () => {
    const token = await api.tokenOf('admin', { tenant: 'b' });
    const params = { idOrKey: theirs['idOrKey'] ?? '' };
    const { body } = await api.call('getSource', { token, params });
    expect(body).toMatchObject({ name: 'Their source', rowVersion: 1 });
  });
});
