import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import { type Fence, type LockName, only, startLeaseMilliseconds } from './lock.ts';
import { type LockItem, type LockSeat, lockItemKey } from './lockItem.ts';

export interface Release {
  readonly tenant: string;
  readonly item: TransactItem;
  /** The lock as it stands after the release, when a waiting run got it. */
  readonly promoted: (LockItem & { owner: LockSeat }) | null;
  /** A waiting run whose time was over. */
  readonly expired: LockSeat | null;
}

/**
 * Part of a transaction: the lock goes to the waiting run, with a higher token, or is free. Refused when the
 * lock changed since `lock` was read. `attempt` is checked where given: a commit names its own, an end does not.
 */
export function releaseLock(
  table: Table,
  lock: LockItem,
  fence: Fence,
  now: Date,
  { attempt, drainedSeq }: { readonly attempt?: number; readonly drainedSeq?: number } = {},
): Release {
  const drained = Math.max(lock.drainedSeq, drainedSeq ?? 0);
  const { pending } = lock;
  const live = pending !== undefined && pending.until >= now.getTime();
  const conditions = ['#owner.#runId = :run', '#token = :token', '#fileSeq = :fileSeq'];
  const keys: LockName[] = [
    '#owner',
    '#runId',
    '#token',
    '#fileSeq',
    '#drained',
    '#pending',
    '#progress',
  ];
  const values: Record<string, unknown> = {
    ':run': fence.runId,
    ':token': fence.token,
    ':fileSeq': lock.fileSeq,
    ':drained': drained,
  };
  if (pending === undefined) conditions.push('attribute_not_exists(#pending)');
  else {
    conditions.push('#pending.#runId = :pendingRun');
    values[':pendingRun'] = pending.runId;
  }
  if (attempt !== undefined) {
    conditions.push('#attempt = :attempt');
    values[':attempt'] = attempt;
  }
  keys.push('#lease', '#since', '#extended');
  let update =
    'SET #drained = :drained REMOVE #owner, #lease, #since, #extended, #progress, #pending';
  if (lock.fileSeq <= drained) update += ', gsi2pk, gsi2sk';
  const seat = live ? seatOf(pending) : null;
  if (seat !== null) {
    update = `SET #drained = :drained, #owner = :seat, #token = #token + :one, #attempt = :zero,
      #lease = :lease, #since = :now REMOVE #pending, #progress, #extended`;
    Object.assign(values, {
      ':seat': seat,
      ':one': 1,
      ':zero': 0,
      ':lease': now.getTime() + startLeaseMilliseconds,
      ':now': now.getTime(),
    });
  }
  if (seat !== null || attempt !== undefined) keys.push('#attempt');
  return {
    tenant: lock.tenant,
    item: {
      Update: {
        TableName: table.name,
        Key: lockItemKey(lock.tenant, lock.sourceId),
        UpdateExpression: update,
        ConditionExpression: conditions.join(' AND '),
        ExpressionAttributeNames: only(...keys),
        ExpressionAttributeValues: values,
      },
    },
    promoted: seat === null ? null : { ...lock, owner: seat, token: lock.token + 1, attempt: 0 },
    expired: pending !== undefined && !live ? seatOf(pending) : null,
  };
}

const seatOf = ({ until, ...seat }: LockSeat & { until: number }): LockSeat => seat;
