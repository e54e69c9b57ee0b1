import { sourceIdOfRun } from '../ids.ts';
import { closeQueued, endRun, type RunDependencies } from './endRun.ts';
import { getLock } from './lock.ts';
import { getRun } from './runs.ts';
import { leavePendingSlot } from './takeLock.ts';

export type CancelAnswer = 'cancelled' | 'run_finished' | 'not_found';

/**
 * Takes the lock, or the queue slot, away from a run. Its next write is then refused, so a function that still
 * reads stops within one heartbeat; what the run committed stays. `run_finished` once its last commit happened.
 */
export async function cancelRun(
  dependencies: RunDependencies,
  { tenant, runId, by }: { readonly tenant: string; readonly runId: string; readonly by: string },
): Promise<CancelAnswer> {
  const { table, executions, now } = dependencies;
  const sourceId = sourceIdOfRun(runId);
  const run = await getRun(table, tenant, runId);
  if (sourceId === null || run === null) return 'not_found';
  const error = { code: 'run_cancelled', message: `Cancelled by ${by}.` } as const;
  // Twice, because a waiting run may get the lock between the two looks.
  for (let tries = 0; tries < 2; tries++) {
    if (await leavePendingSlot(table, tenant, sourceId, runId)) {
      await closeQueued(table, tenant, runId, now(), 'cancelled', error);
      return 'cancelled';
    }
    const lock = await getLock(table, tenant, sourceId);
    if (lock?.owner?.runId !== runId) continue;
    const fence = { tenant, sourceId, runId, token: lock.token };
    if (await endRun(dependencies, fence, { status: 'cancelled', error })) {
      await executions.stop(runId, error.message);
      return 'cancelled';
    }
  }
  return 'run_finished';
}
