import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../shared/log.ts';
import { cancelRun } from '../../../shared/runs/cancelRun.ts';
import { endRun } from '../../../shared/runs/endRun.ts';
import { startAttempt } from '../../../shared/runs/holdLock.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { noteFiles } from '../../../shared/runs/noteFiles.ts';
import { reap } from '../../../shared/runs/reap.ts';
import { type RunDemand, requestRun } from '../../../shared/runs/requestRun.ts';
import { getRun, listRuns } from '../../../shared/runs/runs.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

const log = createLog(() => {});

async function setUp(change: Partial<SourceItem> = {}) {
  const source = await home.addSource('t1', change);
  const clock = { time: Date.parse('2026-03-01T12:00:00Z') };
  const executions = recordedExecutions();
  const dependencies = { table: home.table, executions, now: () => new Date(clock.time) };
  const demand: RunDemand = {
    tenant: 't1',
    sourceId: source.sourceId,
    connector: source.connector,
    request: { kind: 'ingest' },
    trigger: 'api',
    requestedBy: 'token-1',
    whenBusy: 'queue',
  };
  const lock = () => getLock(home.table, 't1', source.sourceId);
  const fenceOf = async () => {
    const held = await lock();
    return {
      tenant: 't1',
      sourceId: source.sourceId,
      runId: held?.owner?.runId ?? '',
      token: held?.token ?? 0,
    };
  };
  return { source, clock, executions, dependencies, demand, lock, fenceOf };
}

describe('requestRun', () => {
  it('starts exactly one of 50 simultaneous requests that would rather not wait', async () => {
    const { dependencies, demand, executions } = await setUp();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => requestRun(dependencies, { ...demand, whenBusy: 'reject' })),
    );
    const started = answers.filter(({ outcome }) => outcome === 'started');
    expect(started).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'busy')).toHaveLength(49);
    expect(new Set(answers.map(({ runId }) => runId))).toEqual(new Set([started[0]?.runId]));
    expect(executions.started.map(({ runId }) => runId)).toEqual([started[0]?.runId]);
  });

  it('starts one of 50 simultaneous equal requests, queues one, and answers its run to the others', async () => {
    const { dependencies, demand, lock } = await setUp();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => requestRun(dependencies, demand)),
    );
    const outcomes = Map.groupBy(answers, ({ outcome }) => outcome);
    expect(outcomes.get('started')).toHaveLength(1);
    expect(outcomes.get('queued')).toHaveLength(1);
    expect(outcomes.get('coalesced')).toHaveLength(48);
    const waiting = outcomes.get('queued')?.[0]?.runId;
    expect(new Set(outcomes.get('coalesced')?.map(({ runId }) => runId))).toEqual(
      new Set([waiting]),
    );
    expect((await lock())?.pending?.runId).toBe(waiting);
    expect((await listRuns(home.table, 't1', demand.sourceId, { limit: 100 })).length).toBe(2);
  });

  it('refuses a different request while one waits, but lets arriving files join it', async () => {
    const { dependencies, demand } = await setUp();
    await requestRun(dependencies, demand);
    const waiting = await requestRun(dependencies, demand);
    const different = {
      ...demand,
      request: { kind: 'ingest' as const, mode: 'full_refresh' as const },
    };
    expect(await requestRun(dependencies, different)).toMatchObject({
      outcome: 'busy',
      code: 'queue_full',
    });
    expect(await requestRun(dependencies, { ...demand, trigger: 'file' })).toEqual({
      outcome: 'coalesced',
      runId: waiting.runId,
    });
  });

  it('hands the lock to the waiting run, with a higher token, when the owner ends', async () => {
    const { dependencies, demand, lock, executions, fenceOf } = await setUp();
    const first = await requestRun(dependencies, demand);
    const second = await requestRun(dependencies, demand);
    const before = await lock();
    expect(await endRun(dependencies, await fenceOf(), { status: 'failed' })).toBe(true);
    const after = await lock();
    expect(after?.owner?.runId).toBe(second.runId);
    expect(after?.token).toBe((before?.token ?? 0) + 1);
    expect(after?.pending).toBeUndefined();
    expect(executions.started.map(({ runId }) => runId)).toEqual([first.runId, second.runId]);
    expect(executions.started[1]?.token).toBe(after?.token);
  });

  it('times out a request that waited longer than it may', async () => {
    const { dependencies, demand, clock, lock, fenceOf } = await setUp();
    await requestRun(dependencies, demand);
    const waiting = await requestRun(dependencies, demand);
    clock.time += 6 * 60_000;
    await endRun(dependencies, await fenceOf(), { status: 'failed' });
    expect((await lock())?.owner).toBeUndefined();
    expect(await getRun(home.table, 't1', waiting.runId)).toMatchObject({
      status: 'timed_out',
      error: { code: 'queue_timeout' },
    });
  });

  it('takes over from a run that stopped reporting, and only then', async () => {
    const { dependencies, demand, clock, executions, lock } = await setUp();
    const dead = await requestRun(dependencies, demand);
    executions.ended.add(dead.runId);
    clock.time += 15 * 60_000;
    expect((await requestRun(dependencies, { ...demand, whenBusy: 'reject' })).outcome).toBe(
      'busy',
    );
    clock.time += 31_000;
    const next = await requestRun(dependencies, { ...demand, whenBusy: 'reject' });
    expect(next.outcome).toBe('started');
    expect((await lock())?.owner?.runId).toBe(next.runId);
    expect(await getRun(home.table, 't1', dead.runId)).toMatchObject({
      status: 'failed',
      error: { code: 'lease_expired' },
    });
  });

  it('gives a silent run whose execution still runs one more lease, then stops it', async () => {
    const { dependencies, demand, clock, executions, lock } = await setUp();
    const slow = await requestRun(dependencies, demand);
    clock.time += 16 * 60_000;
    expect((await requestRun(dependencies, { ...demand, whenBusy: 'reject' })).outcome).toBe(
      'busy',
    );
    expect((await lock())?.owner?.runId).toBe(slow.runId);
    clock.time += 2 * 60_000;
    expect((await requestRun(dependencies, { ...demand, whenBusy: 'reject' })).outcome).toBe(
      'started',
    );
    expect(executions.stopped).toEqual([slow.runId]);
  });

  it('refuses the old owner everything after a takeover', async () => {
    const { dependencies, demand, clock, executions, fenceOf } = await setUp();
    const dead = await requestRun(dependencies, demand);
    const oldFence = await fenceOf();
    executions.ended.add(dead.runId);
    clock.time += 20 * 60_000;
    await requestRun(dependencies, demand);
    await expect(startAttempt(home.table, oldFence, new Date(clock.time))).rejects.toMatchObject({
      code: 'fence_lost',
    });
    expect(await endRun(dependencies, oldFence, { status: 'succeeded' })).toBe(false);
  });
});

describe('cancelRun', () => {
  it('frees the lock, stops the execution and keeps the word cancelled', async () => {
    const { dependencies, demand, lock, executions } = await setUp();
    const { runId } = await requestRun(dependencies, demand);
    expect(await cancelRun(dependencies, { tenant: 't1', runId, by: 'Ada' })).toBe('cancelled');
    expect((await lock())?.owner).toBeUndefined();
    expect(executions.stopped).toEqual([runId]);
    expect(await getRun(home.table, 't1', runId)).toMatchObject({
      status: 'cancelled',
      error: { code: 'run_cancelled', message: 'Cancelled by Ada.' },
    });
    expect(await cancelRun(dependencies, { tenant: 't1', runId, by: 'Ada' })).toBe('run_finished');
  });

  it('takes a waiting run out of the slot and leaves the owner alone', async () => {
    const { dependencies, demand, lock } = await setUp();
    const owner = await requestRun(dependencies, demand);
    const waiting = await requestRun(dependencies, demand);
    expect(await cancelRun(dependencies, { tenant: 't1', runId: waiting.runId, by: 'Ada' })).toBe(
      'cancelled',
    );
    expect(await lock()).toMatchObject({ owner: { runId: owner.runId } });
    expect((await lock())?.pending).toBeUndefined();
    expect((await getRun(home.table, 't1', waiting.runId))?.status).toBe('cancelled');
  });

  it('does not know the run of another tenant', async () => {
    const { dependencies, demand } = await setUp();
    const { runId } = await requestRun(dependencies, demand);
    expect(await cancelRun(dependencies, { tenant: 't2', runId, by: 'Eve' })).toBe('not_found');
  });
});

describe('reap', () => {
  it('starts an owner that has no execution, with the token it holds', async () => {
    const { dependencies, demand, clock, executions, lock } = await setUp();
    const { runId } = await requestRun(
      { ...dependencies, executions: { ...executions, start: async () => {} } },
      demand,
    );
    clock.time += 61_000;
    await reap(dependencies, log);
    expect(executions.started.find((input) => input.runId === runId)).toMatchObject({
      runId,
      token: (await lock())?.token,
      seq: 1,
      checkpoint: null,
    });
  });

  it('wakes a free source whose files nobody took', async () => {
    const { dependencies, source, executions, lock } = await setUp({ connector: 'local_files' });
    await noteFiles(home.table, 't1', source.sourceId);
    await reap(dependencies, log);
    expect(executions.started.map(({ sourceId }) => sourceId)).toContain(source.sourceId);
    expect((await lock())?.owner?.trigger).toBe('file');
  });

  it('does not wake a paused source', async () => {
    const { dependencies, source, executions } = await setUp({ status: 'paused' });
    await noteFiles(home.table, 't1', source.sourceId);
    await reap(dependencies, log);
    expect(executions.started.map(({ sourceId }) => sourceId)).not.toContain(source.sourceId);
  });

  it('ends a run that held its lock for more than 24 hours', async () => {
    const { dependencies, demand, clock, lock, executions } = await setUp();
    const { runId } = await requestRun(dependencies, demand);
    clock.time += 24 * 3_600_000 + 1;
    await reap(dependencies, log);
    expect((await lock())?.owner).toBeUndefined();
    expect(executions.stopped).toContain(runId);
    expect((await getRun(home.table, 't1', runId))?.error?.code).toBe('max_hold_exceeded');
  });
});
