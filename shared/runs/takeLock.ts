import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Table } from '../table.ts';
import {
  conditional,
  lockShardKey,
  only,
  parseLock,
  shardOf,
  startLeaseMilliseconds,
} from './lock.ts';
import { type LockItem, type LockSeat, lockItemKey } from './lockItem.ts';

export type TakeResult =
  | { readonly taken: true; readonly lock: LockItem }
  | { readonly taken: false; readonly lock: LockItem };

/** Takes the lock if nobody has it, with a token higher than any before; else answers it as it stands. */
export async function takeLock(
  table: Table,
  tenant: string,
  sourceId: string,
  seat: LockSeat,
  now: Date,
): Promise<TakeResult> {
  try {
    const { Attributes } = await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: lockItemKey(tenant, sourceId),
        UpdateExpression: `SET v = :v, tenant = :tenant, sourceId = :sourceId, #owner = :seat,
          #token = if_not_exists(#token, :zero) + :one, #attempt = :zero, #lease = :lease, #since = :now,
          #fileSeq = if_not_exists(#fileSeq, :zero), #drained = if_not_exists(#drained, :zero),
          gsi2pk = :shard, gsi2sk = :sort REMOVE #progress, #extended`,
        ConditionExpression: 'attribute_not_exists(#owner)',
        ExpressionAttributeNames: only(
          '#owner',
          '#token',
          '#attempt',
          '#lease',
          '#since',
          '#fileSeq',
          '#drained',
          '#progress',
          '#extended',
        ),
        ExpressionAttributeValues: {
          ':v': 1,
          ':tenant': tenant,
          ':sourceId': sourceId,
          ':seat': seat,
          ':zero': 0,
          ':one': 1,
          ':lease': now.getTime() + startLeaseMilliseconds,
          ':now': now.getTime(),
          ':shard': lockShardKey(shardOf(sourceId)),
          ':sort': `${tenant}#${sourceId}`,
        },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return { taken: true, lock: parseLock(Attributes ?? {}) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { taken: false, lock: parseLock(unmarshall(error.Item ?? {})) };
  }
}

/**
 * Sits down in the one queue slot behind the owner as read. False when the owner changed or the slot is taken;
 * a slot whose time is over counts as empty (its run is the caller's to end).
 */
export async function takePendingSlot(
  table: Table,
  lock: LockItem,
  seat: LockSeat,
  until: Date,
  now: Date,
): Promise<boolean> {
  return conditional(table, {
    TableName: table.name,
    Key: lockItemKey(lock.tenant, lock.sourceId),
    UpdateExpression: 'SET #pending = :seat',
    ConditionExpression:
      '#owner.#runId = :owner AND #token = :token AND (attribute_not_exists(#pending) OR #pending.#until < :now)',
    ExpressionAttributeNames: only('#owner', '#token', '#pending', '#runId', '#until'),
    ExpressionAttributeValues: {
      ':seat': { ...seat, until: until.getTime() },
      ':owner': lock.owner?.runId ?? '',
      ':token': lock.token,
      ':now': now.getTime(),
    },
  });
}

/** Empties the queue slot if this run sits in it. */
export async function leavePendingSlot(
  table: Table,
  tenant: string,
  sourceId: string,
  runId: string,
): Promise<boolean> {
  return conditional(table, {
    TableName: table.name,
    Key: lockItemKey(tenant, sourceId),
    UpdateExpression: 'REMOVE #pending',
    ConditionExpression: '#pending.#runId = :run',
    ExpressionAttributeNames: only('#pending', '#runId'),
    ExpressionAttributeValues: { ':run': runId },
  });
}
