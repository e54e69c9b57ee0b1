import { endRun, type RunDependencies } from './endRun.ts';
import { executionInputOf } from './executions.ts';
import { extendLease } from './holdLock.ts';
import { maxHoldMilliseconds, startLeaseMilliseconds, takeoverGraceMilliseconds } from './lock.ts';
import type { LockItem } from './lockItem.ts';
import { recordRun } from './runs.ts';
import { getUnits, unitsAliveUntil } from './units.ts';

/**
 * Looks after one held lock, as read. Ends the run when its lease is over (with 30 s of grace, because clocks
 * differ) and its execution is not running, or when it was held for longer than the hard maximum; a waiting run
 * then gets the lock. Answers true when the lock changed hands or is free.
 *
 * An execution that still runs although its lease is over is given one more lease if it made progress since it
 * took the lock, and is stopped otherwise. One whose units are at work is given leases for as long as they are heard
 * of. An owner whose execution was never started is started.
 */
export async function reapLock(dependencies: RunDependencies, lock: LockItem): Promise<boolean> {
  const { executions, now } = dependencies;
  const { owner } = lock;
  if (owner === undefined) return false;
  const fence = {
    tenant: lock.tenant,
    sourceId: lock.sourceId,
    runId: owner.runId,
    token: lock.token,
  };
  const time = now().getTime();
  if (time - (lock.heldSince ?? time) > maxHoldMilliseconds) {
    await executions.stop(owner.runId, 'The run held its lock longer than allowed');
    return endRun(dependencies, fence, {
      status: 'failed',
      error: {
        code: 'max_hold_exceeded',
        message:
          'The run held the source for more than 24 hours and was ended. What it committed stays.',
      },
    });
  }
  if (time <= (lock.leaseUntil ?? 0) + takeoverGraceMilliseconds) return false;
  const execution = await executions.describe(owner.runId);
  if (execution === 'running') {
    const units = await getUnits(dependencies.table, lock.tenant, owner.runId);
    const aliveUntil = units === null ? 0 : unitsAliveUntil(units);
    if (await extendLease(dependencies.table, lock, now(), aliveUntil)) return false;
  }
  if (execution === 'running') await executions.stop(owner.runId, 'The run stopped reporting');
  return endRun(dependencies, fence, {
    status: 'failed',
    error: {
      code: 'lease_expired',
      message:
        'The run stopped reporting and was ended. What it committed stays; the next run goes on from there.',
    },
  });
}

/** How long an owner may be without an execution: taking the lock and starting it are two calls. */
const startGraceMilliseconds = 60_000;

/**
 * Starts the execution of an owner that has none: the process that took the lock died before it could.
 * Starting is idempotent. Answers whether it did.
 */
export async function startOrphan(
  { table, executions, now }: RunDependencies,
  lock: LockItem,
): Promise<boolean> {
  const { owner } = lock;
  const waitedFor = now().getTime() - (lock.heldSince ?? 0);
  const fresh = lock.attempt === 0 && waitedFor < startLeaseMilliseconds;
  if (owner === undefined || !fresh || waitedFor < startGraceMilliseconds) return false;
  if ((await executions.describe(owner.runId)) !== 'missing') return false;
  await recordRun(table, lock.tenant, lock.sourceId, owner);
  await executions.start(executionInputOf(lock, owner));
  return true;
}
