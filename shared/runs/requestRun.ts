import { isDeepStrictEqual } from 'node:util';
import { HeadgateError } from '../errors.ts';
import { newRunId } from '../ids.ts';
import { type RunDependencies, timeOutWaiting } from './endRun.ts';
import { executionInputOf } from './executions.ts';
import { defaultQueueMilliseconds } from './lock.ts';
import type { LockItem, LockSeat } from './lockItem.ts';
import { reapLock } from './reapLock.ts';
import type { RunRequest, RunTrigger, WhenBusy } from './runRequest.ts';
import { recordRun } from './runs.ts';
import { takeLock, takePendingSlot } from './takeLock.ts';

export interface RunDemand {
  readonly tenant: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly request: RunRequest;
  readonly trigger: RunTrigger;
  /** Token id, schedule or file that asked, for the history. */
  readonly requestedBy: string;
  readonly whenBusy: WhenBusy;
  /** How long the request may wait for its turn; 5 minutes when left out. */
  readonly queueMilliseconds?: number;
}

export type RunAnswer =
  /** The run has the lock and its execution is started. */
  | { readonly outcome: 'started'; readonly runId: string }
  /** It waits in the queue slot. */
  | { readonly outcome: 'queued'; readonly runId: string }
  /** An equal request already waits; this is its run. */
  | { readonly outcome: 'coalesced'; readonly runId: string }
  /** `runId` is the run that holds the lock. */
  | {
      readonly outcome: 'busy';
      readonly code: 'sync_in_progress' | 'queue_full';
      readonly runId: string;
    };

const maxTries = 12;

/**
 * The one door for every trigger. Takes the source's lock, or the one queue slot behind it, or says who has it.
 * Exactly one of any number of simultaneous requests starts; a crash after the lock was taken loses nothing,
 * because the reaper starts an owner that has no execution.
 */
export async function requestRun(
  dependencies: RunDependencies,
  demand: RunDemand,
): Promise<RunAnswer> {
  const { table, executions, now } = dependencies;
  const { tenant, sourceId } = demand;
  const seat: LockSeat = {
    runId: newRunId(sourceId, now()),
    request: demand.request,
    trigger: demand.trigger,
    requestedBy: demand.requestedBy,
    connector: demand.connector,
    requestedAt: now().toISOString(),
  };
  for (let tries = 1; tries <= maxTries; tries++) {
    const { taken, lock } = await takeLock(table, tenant, sourceId, seat, now());
    if (taken) {
      await recordRun(table, tenant, sourceId, seat);
      await executions.start(executionInputOf(lock, seat));
      return { outcome: 'started', runId: seat.runId };
    }
    // A holder that stopped reporting is no holder: end it, and try again.
    if (await reapLock(dependencies, lock)) continue;
    const answer = await waitBehind(dependencies, demand, seat, lock);
    if (answer !== null) return answer;
  }
  throw new HeadgateError(
    'service_unavailable',
    `The lock of source ${sourceId} kept changing. Try again.`,
    { retryAfterSeconds: 1 },
  );
}

/** null when the lock changed since it was read. */
async function waitBehind(
  { table, now }: RunDependencies,
  demand: RunDemand,
  seat: LockSeat,
  lock: LockItem,
): Promise<RunAnswer | null> {
  const { owner, pending } = lock;
  if (owner === undefined) return null;
  const busy = (code: 'sync_in_progress' | 'queue_full'): RunAnswer => ({
    outcome: 'busy',
    code,
    runId: owner.runId,
  });
  if (demand.whenBusy === 'reject') return busy('sync_in_progress');
  const waiting = pending !== undefined && pending.until >= now().getTime() ? pending : null;
  if (waiting !== null)
    return servedBy(waiting, demand)
      ? { outcome: 'coalesced', runId: waiting.runId }
      : busy('queue_full');
  const until = new Date(now().getTime() + (demand.queueMilliseconds ?? defaultQueueMilliseconds));
  if (!(await takePendingSlot(table, lock, seat, until, now()))) return null;
  if (pending !== undefined) await timeOutWaiting(table, demand.tenant, pending, now());
  await recordRun(table, demand.tenant, demand.sourceId, seat);
  return { outcome: 'queued', runId: seat.runId };
}

/** Any waiting ingest drains all files that arrived, so a file never needs a second one. */
const servedBy = (waiting: LockSeat, { request, trigger }: RunDemand): boolean =>
  isDeepStrictEqual(waiting.request, request) ||
  (trigger === 'file' &&
    waiting.request.kind === 'ingest' &&
    waiting.request.startDate === undefined);
