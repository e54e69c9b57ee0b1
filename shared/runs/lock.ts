import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandOutput,
  GetCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { HeadgateError } from '../errors.ts';
import type { Table } from '../table.ts';
import { type LockItem, lockItem, lockItemKey } from './lockItem.ts';

/** Covers the time from taking the lock to Ingest's first heartbeat. */
export const startLeaseMilliseconds = 15 * 60_000;
/** Heartbeats come every 15 s; four may be missed. */
export const heartbeatMilliseconds = 15_000;
export const heartbeatLeaseMilliseconds = 75_000;
/** From Ingest's answer to the end of Commit, retries included. */
export const commitLeaseMilliseconds = 15 * 60_000;
/** How long after its lease a lock is left alone: clocks differ. */
export const takeoverGraceMilliseconds = 30_000;
/** A run that makes no progress may hold its lock no longer than this. */
export const maxHoldMilliseconds = 24 * 3_600_000;
export const defaultQueueMilliseconds = 5 * 60_000;

export const lockShards = 8;
/** Index 2: locks that are held, or have files waiting. */
export const lockShardKey = (shard: number): string => `LOCKS#${shard}`;
export const shardOf = (sourceId: string): number =>
  createHash('sha256').update(sourceId).digest().readUInt8(0) % lockShards;

/** Every attribute name an expression on the lock may use; some are reserved words. */
const names = {
  '#owner': 'owner',
  '#token': 'token',
  '#attempt': 'attempt',
  '#lease': 'leaseUntil',
  '#since': 'heldSince',
  '#extended': 'extended',
  '#progress': 'progress',
  '#pending': 'pending',
  '#fileSeq': 'fileSeq',
  '#drained': 'drainedSeq',
  '#runId': 'runId',
  '#until': 'until',
} as const;
export type LockName = keyof typeof names;
export const only = (...keys: readonly LockName[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, names[key]]));

/** Who holds the lock, as every write of the holder must prove. */
export interface Fence {
  readonly tenant: string;
  readonly sourceId: string;
  readonly runId: string;
  readonly token: number;
}

export async function getLock(
  table: Table,
  tenant: string,
  sourceId: string,
): Promise<LockItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: lockItemKey(tenant, sourceId),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? null : parseLock(Item);
}

/** Locks of many sources, by source id; a source without a lock item is left out. */
export async function getLocks(
  table: Table,
  tenant: string,
  sourceIds: readonly string[],
): Promise<ReadonlyMap<string, LockItem>> {
  const found = new Map<string, LockItem>();
  for (let index = 0; index < sourceIds.length; index += 100) {
    let keys: Record<string, unknown>[] | undefined = sourceIds
      .slice(index, index + 100)
      .map((sourceId) => lockItemKey(tenant, sourceId));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetCommandOutput = await table.client.send(
        new BatchGetCommand({ RequestItems: { [table.name]: { Keys: keys } } }),
      );
      for (const item of answer.Responses?.[table.name] ?? []) {
        const lock = parseLock(item);
        found.set(lock.sourceId, lock);
      }
      keys = answer.UnprocessedKeys?.[table.name]?.Keys;
    }
  }
  return found;
}

/** Stored keys and index attributes are not part of the item. */
export const parseLock = ({ pk, sk, gsi2pk, gsi2sk, ...item }: Record<string, unknown>): LockItem =>
  lockItem.parse(item);

export const fenceLost = (fence: Fence, cause?: unknown): HeadgateError =>
  new HeadgateError(
    'fence_lost',
    `Run ${fence.runId} no longer holds the lock of its source: it was cancelled or taken over.`,
    { cause },
  );

/** Sends an update; false when its condition did not hold. */
export async function conditional(
  table: Table,
  input: ConstructorParameters<typeof UpdateCommand>[0],
): Promise<boolean> {
  try {
    await table.client.send(new UpdateCommand(input));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
