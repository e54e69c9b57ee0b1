import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { HeadgateError } from '../errors.ts';
import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { type Executions, executionInputOf } from './executions.ts';
import { type Fence, getLock } from './lock.ts';
import type { LockSeat } from './lockItem.ts';
import { pauseAfterFailures } from './pauseAfterFailures.ts';
import { type Release, releaseLock } from './releaseLock.ts';
import { runItemKey } from './runItem.ts';
import { commitRun, getRun, type RunEnd, recordRun } from './runs.ts';
import { summarise } from './sourceSummary.ts';
import { removeUnits } from './units.ts';

export interface RunDependencies {
  readonly table: Table;
  readonly executions: Executions;
  readonly now: () => Date;
}

const maxTries = 6;

/**
 * Ends a run that is queued or running and holds the lock with this token: history, source summary and lock
 * change in one transaction, and a waiting run gets the lock and is started. Its units stop at their next sign of
 * life. Answers false when the run is
 * already over or no longer holds the lock; then nothing changes.
 */
export async function endRun(
  { table, executions, now }: RunDependencies,
  fence: Fence,
  end: Omit<RunEnd, 'finishedAt'>,
): Promise<boolean> {
  for (let tries = 1; tries <= maxTries; tries++) {
    const lock = await getLock(table, fence.tenant, fence.sourceId);
    if (lock?.owner?.runId !== fence.runId || lock.token !== fence.token) return false;
    const run = await getRun(table, fence.tenant, fence.runId);
    if (run === null || (run.status !== 'queued' && run.status !== 'running')) return false;
    await recordRun(table, fence.tenant, fence.sourceId, lock.owner);
    const finished: RunEnd = { ...end, finishedAt: now() };
    const release = releaseLock(table, lock, fence, now());
    const result = await transact(table, [
      release.item,
      commitRun(table, run, null, finished, 0),
      summarise(table, run, 0, finished, run.counts),
      removeUnits(table, fence),
    ]);
    // Somebody queued behind us, or files arrived, since the lock was read: read it again.
    if (!result.done) continue;
    await afterRelease({ table, executions, now }, release);
    if (end.status === 'failed') await pauseAfterFailures(table, fence, now());
    return true;
  }
  throw new HeadgateError(
    'service_unavailable',
    `The lock of source ${fence.sourceId} kept changing while run ${fence.runId} was being ended.`,
  );
}

/** Starts the run that got the lock, and ends the one whose waiting time was over. */
export async function afterRelease(
  { table, executions, now }: RunDependencies,
  release: Release,
): Promise<void> {
  if (release.promoted !== null)
    await executions.start(executionInputOf(release.promoted, release.promoted.owner));
  if (release.expired !== null) await timeOutWaiting(table, release.tenant, release.expired, now());
}

/** A run that never got its turn: `queued → timed_out`. */
export async function timeOutWaiting(
  table: Table,
  tenant: string,
  seat: LockSeat,
  now: Date,
): Promise<void> {
  await closeQueued(table, tenant, seat.runId, now, 'timed_out', {
    code: 'queue_timeout',
    message: 'Another run held the source for longer than this request could wait. Start it again.',
  });
}

/** Moves a run that waits, or waited, in the queue slot to its end. False when it is not queued any more. */
export async function closeQueued(
  table: Table,
  tenant: string,
  runId: string,
  now: Date,
  status: 'timed_out' | 'cancelled',
  error: { readonly code: 'queue_timeout' | 'run_cancelled'; readonly message: string },
): Promise<boolean> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: runItemKey(tenant, runId),
        UpdateExpression: 'SET #status = :status, #error = :error, finishedAt = :now',
        ConditionExpression: '#status = :queued',
        ExpressionAttributeNames: { '#status': 'status', '#error': 'error' },
        ExpressionAttributeValues: {
          ':status': status,
          ':error': error,
          ':now': now.toISOString(),
          ':queued': 'queued',
        },
      }),
    );
    return true;
  } catch (error_) {
    if (error_ instanceof ConditionalCheckFailedException) return false;
    throw error_;
  }
}
