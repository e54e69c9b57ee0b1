import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Log } from '../log.ts';
import { getSource } from '../sources/getSource.ts';
import { locksIndex } from '../table.ts';
import { type RunDependencies, timeOutWaiting } from './endRun.ts';
import { getLock, lockShardKey, lockShards } from './lock.ts';
import type { LockItem } from './lockItem.ts';
import { reapLock, startOrphan } from './reapLock.ts';
import { requestRun } from './requestRun.ts';
import { leavePendingSlot } from './takeLock.ts';

export interface ReapReport {
  looked: number;
  /** Runs ended because nothing was heard of them. */
  ended: number;
  /** Executions started for an owner that had none. */
  started: number;
  /** Waiting requests whose time was over. */
  timedOut: number;
  /** Sources woken for files that nobody took. */
  woken: number;
}

/**
 * Looks after every lock that is held or has files waiting. One source that cannot be looked after never keeps
 * the others waiting.
 */
export async function reap(dependencies: RunDependencies, log: Log): Promise<ReapReport> {
  const report: ReapReport = { looked: 0, ended: 0, started: 0, timedOut: 0, woken: 0 };
  for (let shard = 0; shard < lockShards; shard++)
    for await (const { tenant, sourceId } of locksIn(dependencies, shard))
      try {
        await reapSource(dependencies, tenant, sourceId, report);
      } catch (error) {
        log.error('a lock could not be looked after', { tenant, sourceId, error });
      }
  return report;
}

/** One source's share of the above. */
export async function reapSource(
  dependencies: RunDependencies,
  tenant: string,
  sourceId: string,
  report: ReapReport,
): Promise<void> {
  const { table, now } = dependencies;
  // The index is only eventually consistent; the item decides.
  let lock = await getLock(table, tenant, sourceId);
  if (lock === null) return;
  report.looked += 1;
  if (await reapLock(dependencies, lock)) report.ended += 1;
  else if (await startOrphan(dependencies, lock)) report.started += 1;
  lock = await getLock(table, tenant, sourceId);
  const { pending } = lock ?? {};
  if (pending !== undefined && pending.until < now().getTime())
    if (await leavePendingSlot(table, tenant, sourceId, pending.runId)) {
      await timeOutWaiting(table, tenant, pending, now());
      report.timedOut += 1;
    }
  if (lock !== null && isUndrained(lock) && (await wake(dependencies, lock))) report.woken += 1;
}

const isUndrained = (lock: LockItem): boolean =>
  lock.owner === undefined && lock.fileSeq > lock.drainedSeq;

async function wake(dependencies: RunDependencies, lock: LockItem): Promise<boolean> {
  const { tenant, sourceId } = lock;
  const source = await getSource(dependencies.table, tenant, sourceId);
  if (source === null || source.status !== 'active') return false;
  const { outcome } = await requestRun(dependencies, {
    tenant,
    sourceId,
    connector: source.connector,
    request: { kind: 'ingest' },
    trigger: 'file',
    requestedBy: 'reaper',
    whenBusy: 'reject',
  });
  return outcome === 'started';
}

async function* locksIn(
  { table }: RunDependencies,
  shard: number,
): AsyncGenerator<{ readonly tenant: string; readonly sourceId: string }> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: locksIndex,
        KeyConditionExpression: 'gsi2pk = :shard',
        ExpressionAttributeValues: { ':shard': lockShardKey(shard) },
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const { gsi2sk } of page.Items ?? []) {
      const [tenant, sourceId] = String(gsi2sk).split('#');
      if (tenant !== undefined && sourceId !== undefined) yield { tenant, sourceId };
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
