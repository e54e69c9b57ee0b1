import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Executions } from '../../../shared/runs/executions.ts';
import { startAttempt } from '../../../shared/runs/holdLock.ts';
import { type Fence, getLock } from '../../../shared/runs/lock.ts';
import { reapLock } from '../../../shared/runs/reapLock.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import type { RunStatus } from '../../../shared/runs/runItem.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import {
  beatUnits,
  closeUnits,
  getUnits,
  openUnits,
  quietUnits,
  unitsSilenceMilliseconds,
} from '../../../shared/runs/units.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';

const minute = 60_000;
const planKey = 'runs/acme/r/a1/units/plan.json';
const some = { pages: 1, rows: 10, bytes: 100 };

let own: HeadgateTable;
let time: number;
let stopped: string[];
let fence: Fence;
const now = (): Date => new Date(time);
const executions: Executions = {
  start: async () => undefined,
  stop: async (runId) => void stopped.push(runId),
  describe: async () => 'running',
};
beforeEach(async () => {
  own = await headgateTable();
  time = Date.now();
  stopped = [];
  const { sourceId } = await own.addSource('acme');
  const { runId } = await requestRun(
    { table: own.table, executions, now },
    {
      tenant: 'acme',
      sourceId,
      connector: 'postgres',
      request: { kind: 'ingest' },
      trigger: 'api',
      requestedBy: 'tests',
      whenBusy: 'reject',
    },
  );
  fence = { tenant: 'acme', sourceId, runId, token: 1 };
  await startAttempt(own.table, fence, now());
  await openUnits(own.table, fence, planKey, now());
});
afterEach(() => own[Symbol.asyncDispose]());

/** The reaper's look at the lock; answers what became of the run. */
async function reap(): Promise<RunStatus | undefined> {
  const lock = await getLock(own.table, 'acme', fence.sourceId);
  if (lock !== null) await reapLock({ table: own.table, executions, now }, lock);
  return (await getRun(own.table, 'acme', fence.runId))?.status;
}

describe('a run whose units are at work', () => {
  it('keeps its lock for as long as one of them is heard of, however long its lease is over', async () => {
    for (let round = 0; round < 12; round++) {
      time += 9 * minute;
      await beatUnits(own.table, fence, planKey, some, now());
      time += 2 * minute;
      expect(await reap(), `round ${round}`).not.toBe('failed');
    }
    expect(await getUnits(own.table, 'acme', fence.runId)).toMatchObject({
      pages: 12,
      rows: 120,
      bytes: 1200,
    });
    expect(stopped).toEqual([]);
  });

  it('is stopped and ended once none of them is heard of any more', async () => {
    time += 5 * minute;
    expect(await reap()).not.toBe('failed');
    time += unitsSilenceMilliseconds + minute;
    expect(await reap()).toBe('failed');
    expect(stopped).toEqual([fence.runId]);
    expect((await getLock(own.table, 'acme', fence.sourceId))?.owner).toBeUndefined();
    expect(await getUnits(own.table, 'acme', fence.runId)).toBeNull();
  });

  it('may be silent for as long as one of them is parked', async () => {
    const until = new Date(time + 5 * 60 * minute);
    await quietUnits(own.table, fence, planKey, until);
    await quietUnits(own.table, fence, planKey, new Date(time + minute));
    for (time += 2 * minute; time < until.getTime(); time += 30 * minute)
      expect(await reap()).not.toBe('failed');
    time = until.getTime() + 2 * unitsSilenceMilliseconds;
    expect(await reap()).toBe('failed');
  });

  it('is not kept alive by units of an earlier plan, which hear that they are not wanted', async () => {
    await openUnits(own.table, fence, `${planKey}2`, now());
    await expect(beatUnits(own.table, fence, planKey, some, now())).rejects.toMatchObject({
      code: 'fence_lost',
    });
    await beatUnits(own.table, fence, `${planKey}2`, some, now());
    await closeUnits(own.table, fence);
    await expect(beatUnits(own.table, fence, `${planKey}2`, some, now())).rejects.toMatchObject({
      code: 'fence_lost',
    });
  });
});
