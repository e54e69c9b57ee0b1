import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ParkUntil } from '../../../shared/connectors/connector.ts';
import { cancelRun } from '../../../shared/runs/cancelRun.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { reapLock } from '../../../shared/runs/reapLock.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { type FanOutWorld, fanOutWorld } from './fanOutWorld.ts';
import { numbersConnector } from './numbersConnector.ts';

const parkMilliseconds = 5000;

/** Asks once, in the middle of its only stream, to be left alone for a while. */
const parking = (until: () => Date, times = 1) => {
  let parked = 0;
  return numbersConnector({
    streams: { a: 30 },
    slices: 1,
    onBatch: (_, first) => {
      if (first !== 20 || parked === times) return;
      parked++;
      throw new ParkUntil(until(), 'The quota of this hour is used up.');
    },
  });
};

/** The lock once Commit has made real what was read before the wait. */
async function parked(world: FanOutWorld, source: SourceItem): ReturnType<typeof getLock> {
  await expect.poll(async () => (await world.stream(source, 'a'))?.pointer?.rows).toBe(20);
  return getLock(world.table, 'acme', source.sourceId);
}

it('a source that says "come back later" is left alone until then, and no function runs meanwhile', async () => {
  await using world = await fanOutWorld({
    connector: parking(() => new Date(Date.now() + parkMilliseconds)),
  });
  const source = await world.addSource();
  const runId = await world.request(source);
  // The lease covers the wait, so nobody takes the source from it.
  const lock = await parked(world, source);
  expect(lock?.owner?.runId).toBe(runId);
  expect(lock?.leaseUntil).toBeGreaterThan(Date.now() + 4 * 60_000);
  if (lock !== null) expect(await reapLock(world.runs, lock)).toBe(false);
  await sleep(parkMilliseconds / 4);
  expect(world.ops()).toEqual(['ingest', 'commit']);
  const run = await world.ended(runId);
  expect(run).toMatchObject({ status: 'succeeded', counts: { read: 30, written: 30 } });
  expect(world.ops()).toEqual(['ingest', 'commit', 'ingest', 'commit']);
  expect(run.stateTransitions).toBe(4 + 3);
});

it('a run that is cancelled while it is parked ends at once, is not woken, and leaves the source free', async () => {
  await using world = await fanOutWorld({
    connector: parking(() => new Date(Date.now() + parkMilliseconds)),
  });
  const source = await world.addSource();
  const runId = await world.request(source);
  await parked(world, source);
  expect(await cancelRun(world.runs, { tenant: 'acme', runId, by: 'tests' })).toBe('cancelled');
  expect(await world.executions.describe(runId)).toBe('ended');
  expect((await getLock(world.table, 'acme', source.sourceId))?.owner).toBeUndefined();
  await sleep(parkMilliseconds + 300);
  expect(world.ops()).toEqual(['ingest', 'commit']);
  expect((await getRun(world.table, 'acme', runId))?.status).toBe('cancelled');
});

it('a source that only ever says so fails the run', async () => {
  await using world = await fanOutWorld({
    connector: parking(() => new Date(Date.now() + 50), 99),
  });
  const source = await world.addSource();
  const run = await world.run(source);
  expect(run).toMatchObject({ status: 'failed', error: { code: 'no_progress' } });
  expect(run.error?.message).toMatch(/parked 3 times/);
});
