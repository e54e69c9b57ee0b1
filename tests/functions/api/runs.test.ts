import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endRun } from '../../../shared/runs/endRun.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import type { StreamItem } from '../../../shared/runs/streamItem.ts';
import { ensureStream } from '../../../shared/runs/streams.ts';
import { tenantKey } from '../../../shared/table.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
async function newSource(change: object = {}): Promise<{ id: string; key: string }> {
  count += 1;
  const { body } = await api.call('createSource', {
    query: { verify: 'false' },
    body: {
      key: `runs-${count}`,
      name: 'Runs',
      connector: 'postgres',
      config: { host: 'db.example.com' },
      credentials: { user: 'u', password: 'secret-password' },
      ...change,
    },
  });
  return body;
}
/** Ids of one millisecond have no order. */
const tick = (): void => {
  api.clock.at = new Date(api.clock.at.getTime() + 1);
};
const start = (idOrKey: string, body: object = {}, headers: Record<string, string> = {}) =>
  api.call('startRun', { params: { idOrKey }, body, headers });

async function audits(): Promise<readonly Record<string, unknown>[]> {
  const { Items } = await api.table.client.send(
    new QueryCommand({
      TableName: api.table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': tenantKey('default'), ':prefix': 'AUDIT#' },
    }),
  );
  return Items ?? [];
}

async function finish(sourceId: string, status: 'succeeded' | 'failed'): Promise<void> {
  const lock = await getLock(api.table, 'default', sourceId);
  const runId = lock?.owner?.runId ?? '';
  await endRun(
    { table: api.table, executions: api.executions, now: () => new Date() },
    { tenant: 'default', sourceId, runId, token: lock?.token ?? 0 },
    status === 'succeeded'
      ? { status, result: 'loaded' }
      : { status, error: { code: 'source_unreachable', message: 'No route to host.' } },
  );
}

describe('starting', () => {
  it('answers 202 with the run and where it is', async () => {
    const source = await newSource();
    const answer = await start(source.key, { mode: 'full_refresh' });
    expect(answer).toMatchObject({ status: 202, body: { sourceId: source.id, status: 'started' } });
    expect(answer.headers['location']).toBe(`/v1/runs/${answer.body.runId}`);
    expect(api.executions.started.at(-1)).toMatchObject({ runId: answer.body.runId, seq: 1 });
    expect((await api.call('getRun', { params: { runId: answer.body.runId } })).body).toMatchObject(
      {
        id: answer.body.runId,
        mode: 'full_refresh',
        status: 'queued',
        trigger: 'api',
        costUsd: 0,
      },
    );
    expect((await api.call('getSource', { params: { idOrKey: source.id } })).body).toMatchObject({
      health: 'queued',
      currentRunId: answer.body.runId,
    });
  });

  it('needs no body', async () => {
    const source = await newSource();
    expect((await api.call('startRun', { params: { idOrKey: source.id } })).status).toBe(202);
  });

  it('of 50 simultaneous requests lets one through and refuses forty-nine with reject', async () => {
    const source = await newSource();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => start(source.id, { whenBusy: 'reject' })),
    );
    const winners = answers.filter(({ status }) => status === 202);
    const losers = answers.filter(({ status }) => status === 409);
    expect([winners.length, losers.length]).toEqual([1, 49]);
    for (const { body } of losers)
      expect(body).toMatchObject({ code: 'sync_in_progress', runId: winners[0]?.body.runId });
  });

  it('of 50 simultaneous requests runs one, queues one, and tells all others the queued one', async () => {
    const source = await newSource();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => start(source.id, { whenBusy: 'queue' })),
    );
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    const by = Map.groupBy(answers, ({ body }) => body.status as string);
    expect(by.get('started')).toHaveLength(1);
    expect(by.get('queued')).toHaveLength(1);
    expect(by.get('coalesced')).toHaveLength(48);
    const queued = by.get('queued')?.[0]?.body.runId;
    expect(by.get('coalesced')?.every(({ body }) => body.runId === queued)).toBe(true);
  });

  it('refuses a different request while one waits', async () => {
    const source = await newSource();
    await start(source.id);
    await start(source.id);
    expect(await start(source.id, { mode: 'incremental' })).toMatchObject({
      status: 409,
      body: { code: 'queue_full' },
    });
  });

  it('answers the same for the same Idempotency-Key, and 409 for another request with it', async () => {
    const source = await newSource();
    const key = { 'Idempotency-Key': 'k-1' };
    const first = await start(source.id, {}, key);
    const again = await start(source.id, {}, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(await start(source.id, { mode: 'incremental' }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_mismatch' },
    });
    expect((await start((await newSource()).id, {}, key)).body.runId).not.toBe(first.body.runId);
  });

  it('starts one run for many simultaneous requests with one Idempotency-Key', async () => {
    const source = await newSource();
    const before = api.executions.started.length;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => start(source.id, {}, { 'idempotency-key': 'k-2' })),
    );
    expect(api.executions.started.length - before).toBe(1);
    for (const { status } of answers) expect([202, 503]).toContain(status);
    const ids = answers.flatMap(({ status, body }) => (status === 202 ? [body.runId] : []));
    expect(new Set(ids).size).toBe(1);
  });

  it('keeps no failure under an Idempotency-Key', async () => {
    const source = await newSource();
    const key = { 'idempotency-key': 'k-3' };
    await start(source.id, { whenBusy: 'reject' });
    expect((await start(source.id, { whenBusy: 'reject' }, key)).status).toBe(409);
    await finish(source.id, 'succeeded');
    expect((await start(source.id, { whenBusy: 'reject' }, key)).status).toBe(202);
  });

  it.each([
    ['an end without a start', { endDate: '2026-01-01' }, '#/startDate'],
    ['an end before the start', { startDate: '2026-02-01', endDate: '2026-01-01' }, '#/endDate'],
    ['a date that is none', { startDate: '2026-02-31' }, '#/startDate'],
    ['no streams', { streams: [] }, '#/streams'],
    ['an unknown field', { forced: true }, '#/forced'],
  ])('answers 400 for %s', async (_, body, pointer) => {
    const refused = await start((await newSource()).id, body);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it('refuses date ranges where the connector knows none', async () => {
    const source = await newSource({ connector: 'csv_upload', config: {}, credentials: undefined });
    expect(await start(source.id, { startDate: '2026-01-01' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/startDate' }] },
    });
  });

  it('runs a draft and a paused source on request, and no archived one', async () => {
    const source = await newSource();
    const set = (status: string) =>
      api.call('changeSource', { params: { idOrKey: source.id }, body: { status } });
    expect((await start(source.id)).status).toBe(202);
    await finish(source.id, 'succeeded');
    await set('paused');
    expect((await start(source.id)).status).toBe(202);
    await finish(source.id, 'succeeded');
    await set('archived');
    expect(await start(source.id)).toMatchObject({
      status: 409,
      body: { code: 'source_archived' },
    });
  });

  it('refuses a source without a connector, and one whose configuration lacks something', async () => {
    const bare = await newSource({ connector: '', config: {}, credentials: undefined });
    expect(await start(bare.id)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/connector' }] },
    });
    const partial = await newSource({ config: {}, credentials: undefined });
    expect(await start(partial.id)).toMatchObject({
      status: 400,
      body: { code: 'invalid_config' },
    });
  });
});

describe('reading', () => {
  it('lists the history newest first, without gaps or repeats while runs are added', async () => {
    const source = await newSource();
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) {
      tick();
      ids.unshift((await start(source.id)).body.runId);
      await finish(source.id, index % 2 === 0 ? 'succeeded' : 'failed');
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await api.call('listRuns', {
        params: { idOrKey: source.id },
        query: { limit: '2', ...(cursor === null ? {} : { cursor }) },
      });
      seen.push(...page.body.data.map((run: { id: string }) => run.id));
      cursor = page.body.pagination.nextCursor;
      expect(page.body.pagination.hasMore).toBe(cursor !== null);
      tick();
      // A newer run belongs before the first page.
      await start(source.id);
      await finish(source.id, 'succeeded');
    } while (cursor !== null);
    expect(seen).toEqual(ids);
  });

  it('shows how a run ended, its log, and the source’s health', async () => {
    const source = await newSource();
    const { runId } = (await start(source.id)).body;
    await finish(source.id, 'failed');
    const { body: run } = await api.call('getRun', { params: { runId } });
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'source_unreachable', message: 'No route to host.' },
      committedRows: 0,
    });
    const { body: log } = await api.call('getRunLog', { params: { runId } });
    expect(log.entries.at(0)?.message).toMatch(/^Requested by/);
    expect(log.entries.at(-1)).toMatchObject({
      level: 'error',
      message: 'Ended: failed: No route to host.',
      facts: { code: 'source_unreachable' },
    });
    const { body: shown } = await api.call('getSource', { params: { idOrKey: source.id } });
    expect(shown).toMatchObject({
      health: 'failed',
      lastSyncStatus: 'failed',
      lastRunId: runId,
      currentRunId: null,
    });
    const { body: health } = await api.call('getHealth');
    expect(health.status).toBe('attention');
    expect(health.recentFailures[0]).toMatchObject({ sourceId: source.id, runId });
  });

  it('answers 404 for runs of other tenants, of nobody, and for what is no run id', async () => {
    const source = await newSource();
    const { runId } = (await start(source.id)).body;
    const token = await api.tokenOf('admin', { tenant: 'other' });
    for (const operation of ['getRun', 'getRunLog', 'cancelRun'] as const) {
      expect((await api.call(operation, { params: { runId }, token })).status).toBe(404);
      expect((await api.call(operation, { params: { runId: 'nonsense' } })).status).toBe(404);
      const nobody = `${source.id}-00000000000000000000000000`;
      expect((await api.call(operation, { params: { runId: nobody } })).status).toBe(404);
    }
  });
});

describe('cancelling and clearing', () => {
  it('cancels a run once, and answers 409 after it has ended', async () => {
    const source = await newSource();
    const { runId } = (await start(source.id)).body;
    const cancelled = await api.call('cancelRun', { params: { runId } });
    expect(cancelled).toMatchObject({ status: 202, body: { id: runId, status: 'cancelled' } });
    expect(await api.call('cancelRun', { params: { runId } })).toMatchObject({
      status: 409,
      body: { code: 'run_finished' },
    });
    const { body } = await api.call('getSource', { params: { idOrKey: source.id } });
    expect(body.health).toBe('never_synced');
  });

  it('clears by a run under the lock, and not while another holds it', async () => {
    const source = await newSource();
    await start(source.id);
    const params = { idOrKey: source.id };
    expect(await api.call('clearData', { params })).toMatchObject({
      status: 409,
      body: { code: 'sync_in_progress' },
    });
    await finish(source.id, 'succeeded');
    const cleared = await api.call('clearData', { params });
    expect(cleared).toMatchObject({ status: 202, body: { status: 'started' } });
    expect((await api.call('getRun', { params: { runId: cleared.body.runId } })).body.kind).toBe(
      'clear',
    );
    expect((await api.call('getSource', { params })).body.health).toBe('processing');
  });

  it('writes down who asked', async () => {
    const source = await newSource();
    const token = await api.tokenOf('editor');
    const { body: me } = await api.call('getMe', { token });
    await api.call('startRun', { params: { idOrKey: source.id }, token });
    const mine = (await audits()).filter(
      (item) => item['subject'] === source.id && item['action'] === 'run.requested',
    );
    expect(mine).toMatchObject([{ by: me.tokenId, after: { outcome: 'started' } }]);
  });
});

describe('doing it again, and taking it back', () => {
  it('retries a failed run with the request it had', async () => {
    const source = await newSource();
    const { body } = await start(source.id, { mode: 'full_refresh', streams: ['public.a'] });
    await finish(source.id, 'failed');
    const answer = await api.call('retryRun', { params: { runId: body.runId } });
    expect(answer).toMatchObject({ status: 202, body: { status: 'started' } });
    expect((await getLock(api.table, 'default', source.id))?.owner?.request).toEqual({
      kind: 'ingest',
      mode: 'full_refresh',
      streams: ['public.a'],
    });
  });

  it('refuses to retry what succeeded, and to undo what changed nothing', async () => {
    const source = await newSource();
    const { body } = await start(source.id);
    await finish(source.id, 'succeeded');
    const params = { runId: body.runId };
    expect(await api.call('retryRun', { params })).toMatchObject({
      status: 409,
      body: { code: 'cannot_retry' },
    });
    expect(await api.call('undoRun', { params })).toMatchObject({
      status: 409,
      body: { code: 'cannot_undo', detail: expect.stringContaining('changed no table') },
    });
  });

  it('shows streams with their cursors, and undoes the run that changed them last', async () => {
    const source = await newSource();
    const { body } = await start(source.id);
    await finish(source.id, 'succeeded');
    await ensureStream(api.table, streamAfter(source.id, body.runId));
    const streams = await api.call('listStreams', { params: { idOrKey: source.key } });
    expect(streams.body).toEqual({
      items: [
        {
          name: 'public.a',
          table: 'shop.a',
          rows: 0,
          cursor: { v: 1, after: 7 },
          unfinishedSince: null,
          renewed: null,
          lastRunId: body.runId,
          updatedAt: expect.any(String),
        },
      ],
    });
    const undone = await api.call('undoRun', { params: { runId: body.runId } });
    expect(undone.status).toBe(202);
    expect((await getLock(api.table, 'default', source.id))?.owner?.request).toEqual({
      kind: 'undo',
      undoes: body.runId,
    });
    expect(await api.call('detectDeletes', { params: { idOrKey: source.id } })).toMatchObject({
      status: 202,
      body: { status: 'queued' },
    });
    // A cursor is not changed behind a run that moves it.
    expect(
      await api.call('setCursor', {
        params: { idOrKey: source.id, stream: 'public.a' },
        body: { cursor: null },
      }),
    ).toMatchObject({ status: 409, body: { code: 'sync_in_progress' } });
  });

  it('sets a cursor by a run under the lock, and writes down who did', async () => {
    const source = await newSource();
    const answer = await api.call('setCursor', {
      params: { idOrKey: source.id, stream: 'public.a' },
      body: { cursor: { v: 1, after: 9 } },
    });
    expect(answer.status).toBe(202);
    expect((await getLock(api.table, 'default', source.id))?.owner?.request).toEqual({
      kind: 'set_cursor',
      streams: ['public.a'],
      cursor: { v: 1, after: 9 },
    });
    expect(await audits()).toContainEqual(
      expect.objectContaining({ action: 'cursor.set', subject: source.id }),
    );
  });
});

const streamAfter = (sourceId: string, runId: string): StreamItem => ({
  v: 1,
  tenant: 'default',
  sourceId,
  stream: 'public.a',
  table: 'shop.a',
  location: 's3://lake/x',
  metadataPrefix: 'm/',
  lastFieldId: 1,
  schema: [],
  pointer: null,
  rejects: null,
  cursor: { v: 1, after: 7 },
  stage: null,
  before: { runId, pointer: null, rejects: null, cursor: null },
  committedBy: { runId, seq: 1 },
  updatedAt: new Date().toISOString(),
});
