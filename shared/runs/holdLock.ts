import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import {
  conditional,
  type Fence,
  fenceLost,
  heartbeatLeaseMilliseconds,
  only,
  parseLock,
} from './lock.ts';
import { type LockItem, lockItemKey, type RunProgress } from './lockItem.ts';

/**
 * An Ingest invocation's first write: a new attempt, whose number is part of every key it writes.
 * Throws `fence_lost` when the run does not hold the lock.
 */
export async function startAttempt(table: Table, fence: Fence, now: Date): Promise<LockItem> {
  try {
    const { Attributes } = await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: lockItemKey(fence.tenant, fence.sourceId),
        UpdateExpression: 'SET #attempt = #attempt + :one, #lease = :lease',
        ConditionExpression: '#owner.#runId = :run AND #token = :token',
        ExpressionAttributeNames: only('#attempt', '#lease', '#owner', '#runId', '#token'),
        ExpressionAttributeValues: {
          ':one': 1,
          ':lease': now.getTime() + heartbeatLeaseMilliseconds,
          ':run': fence.runId,
          ':token': fence.token,
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return parseLock(Attributes ?? {});
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw fenceLost(fence, error);
  }
}

/** Renews the lease and records progress in one write. Throws `fence_lost` when lock or attempt moved on. */
export async function heartbeat(
  table: Table,
  fence: Fence,
  attempt: number,
  progress: RunProgress,
  leaseUntil: Date,
): Promise<void> {
  const held = await conditional(table, {
    TableName: table.name,
    Key: lockItemKey(fence.tenant, fence.sourceId),
    UpdateExpression: 'SET #lease = :lease, #progress = :progress',
    ConditionExpression: '#owner.#runId = :run AND #token = :token AND #attempt = :attempt',
    ExpressionAttributeNames: only('#lease', '#progress', '#owner', '#runId', '#token', '#attempt'),
    ExpressionAttributeValues: {
      ':lease': leaseUntil.getTime(),
      ':progress': progress,
      ':run': fence.runId,
      ':token': fence.token,
      ':attempt': attempt,
    },
  });
  if (!held) throw fenceLost(fence);
}

/** Part of a transaction: the fence holds, and the lease reaches until the given time. */
export const keepLock = (
  table: Table,
  fence: Fence,
  attempt: number,
  leaseUntil: Date,
): TransactItem => ({
  Update: {
    TableName: table.name,
    Key: lockItemKey(fence.tenant, fence.sourceId),
    UpdateExpression: 'SET #lease = :lease',
    ConditionExpression: '#owner.#runId = :run AND #token = :token AND #attempt = :attempt',
    ExpressionAttributeNames: only('#lease', '#owner', '#runId', '#token', '#attempt'),
    ExpressionAttributeValues: {
      ':lease': leaseUntil.getTime(),
      ':run': fence.runId,
      ':token': fence.token,
      ':attempt': attempt,
    },
  },
});

/**
 * Gives a run whose execution still runs one more lease, once: only where a heartbeat or Commit moved the lease
 * since the lock was taken, and not twice without another one in between. A run whose units are at work is given
 * as many as they last: `aliveUntil` is until when it may be silent because of them, in epoch milliseconds.
 * False when it may not have one.
 */
export async function extendLease(
  table: Table,
  lock: LockItem,
  now: Date,
  aliveUntil = 0,
): Promise<boolean> {
  if (lock.owner === undefined) return false;
  if (aliveUntil <= now.getTime() && lock.extended === lock.leaseUntil) return false;
  const lease = Math.max(now.getTime() + heartbeatLeaseMilliseconds, aliveUntil);
  return conditional(table, {
    TableName: table.name,
    Key: lockItemKey(lock.tenant, lock.sourceId),
    UpdateExpression: 'SET #lease = :lease, #extended = :lease',
    ConditionExpression: '#owner.#runId = :run AND #token = :token AND #lease = :before',
    ExpressionAttributeNames: only('#lease', '#extended', '#owner', '#runId', '#token'),
    ExpressionAttributeValues: {
      ':lease': lease,
      ':run': lock.owner.runId,
      ':token': lock.token,
      ':before': lock.leaseUntil,
    },
  });
}
