import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorCodes, errorTable } from '../../../shared/errors.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

it('lists connectors by name in pages, by label', async () => {
  const first = await api.call('listConnectors', { query: { limit: '2' } });
  const names = (body: { data: { name: string }[] }) => body.data.map(({ name }) => name);
  expect(names(first.body)).toEqual(['csv_upload', 'local_files']);
  const cursor = first.body.pagination.nextCursor;
  const second = await api.call('listConnectors', { query: { limit: '2', cursor } });
  expect(names(second.body)).toEqual(['postgres', 'vendor_contacts']);
  expect(second.body.pagination).toEqual({ limit: 2, hasMore: false, nextCursor: null });
  expect(names((await api.call('listConnectors', { query: { label: 'database' } })).body)).toEqual([
    'postgres',
  ]);
});

it('tells what a form for a connector would ask', async () => {
  const { body } = await api.call('getConnector', { params: { name: 'postgres' } });
  expect(body.authFields).toEqual([
    { name: 'user', type: 'string', required: true, title: 'User', description: 'Name.' },
    {
      name: 'password',
      type: 'password',
      required: true,
      title: 'Password',
      description: 'Of it.',
    },
  ]);
  expect(body.configSchema).toMatchObject({
    type: 'object',
    required: ['host'],
    properties: { host: { title: 'Host' }, port: { default: 5432 } },
  });
  expect((await api.call('getConnector', { params: { name: 'none' } })).status).toBe(404);
});

it('explains every problem type without a token', async () => {
  for (const code of errorCodes)
    expect((await api.call('getProblem', { params: { code }, token: null })).body).toEqual({
      code,
      ...errorTable[code],
    });
  for (const code of ['nothing', 'constructor', '__proto__'])
    expect((await api.call('getProblem', { params: { code } })).status).toBe(404);
});

it('counts sources by health and tells which are stale', async () => {
  const token = await api.tokenOf('admin', { tenant: 'health' });
  expect((await api.call('getHealth', { token })).body).toMatchObject({
    status: 'ok',
    sources: { total: 0, byHealth: {}, stale: 0 },
    recentFailures: [],
    running: [],
  });
  const made = await api.home.addSource('health', {
    freshnessTargetSeconds: 60,
    lastSuccessAt: new Date(api.clock.at.getTime() - 61_000).toISOString(),
    attention: [{ code: 'schema_drift', message: 'A column went.', since: '2026-05-05T00:00:00Z' }],
  });
  // Sources are found by the index, which the helper leaves out.
  const limited = await api.tokenOf('viewer', { tenant: 'health', sources: [made.sourceId] });
  expect((await api.call('getHealth', { token: limited })).body).toMatchObject({
    status: 'attention',
    sources: { total: 1, byHealth: { synced: 1 }, stale: 1 },
    attention: [{ sourceId: made.sourceId, code: 'schema_drift' }],
  });
});

it('tells which locks are held, and until when', async () => {
  const token = await api.tokenOf('admin', { tenant: 'locks' });
  await api.call('createSource', {
    token,
    body: { key: 'busy', name: 'Busy', connector: 'csv_upload', status: 'active' },
  });
  const { body } = await api.call('startRun', { token, params: { idOrKey: 'busy' }, body: {} });
  const { running } = (await api.call('getHealth', { token })).body;
  expect(running).toMatchObject([
    { sourceKey: 'busy', runId: body.runId, kind: 'ingest', attempt: 0, waitingRunId: null },
  ]);
  expect(Date.parse(running[0].leaseUntil)).toBeGreaterThan(Date.parse(running[0].heldSince));
});

it('tells an administrator which functions failed, the worst first', async () => {
  Object.assign(api.failing, { 'headgate-test-webhooks': 1, 'headgate-test-ingest-postgres': 7 });
  const { body } = await api.call('getFunctionHealth');
  expect(body.failing).toEqual([
    { name: 'ingest-postgres', invocations: 2, failures: 7 },
    { name: 'webhooks', invocations: 2, failures: 1 },
  ]);
  expect(body.invocations).toBeGreaterThan(40);
  expect(Date.parse(body.to) - Date.parse(body.from)).toBe(24 * 3600 * 1000);
  const token = await api.tokenOf('editor');
  expect((await api.call('getFunctionHealth', { token })).status).toBe(403);
});
