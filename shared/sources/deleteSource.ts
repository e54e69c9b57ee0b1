import { audited } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import type { Log } from '../log.ts';
import { lockItemKey } from '../runs/lockItem.ts';
import { isOwnSecret } from '../secrets/secretStore.ts';
import { type TransactItem, transact } from '../transact.ts';
import { auditView } from './auditView.ts';
import { syncInProgress } from './changeSource.ts';
import { requireSourceOf } from './findSource.ts';
import { forgetItems } from './forgetItems.ts';
import { purgeLater } from './purgeItem.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import { sourceItemKey } from './sourceItem.ts';
import { countSources, keyClaimKey, tableClaimKey } from './sourceKeys.ts';

/**
 * Deletes a source: item, lock, key, count and audit entry in one transaction that a held lock refuses
 * (`sync_in_progress`). Its schedule and its own secret follow. With `data` its tables, files and history are
 * forgotten too, and the reaper removes their objects (`purgeSources`); without, its tables stay as they are, and so
 * does their name.
 */
export async function deleteSource(
  { table, connectors, secrets, secretPrefix, schedules, now }: SourceDependencies,
  { principal, requestId, signal }: Caller,
  idOrKey: string,
  { data, log }: { readonly data: boolean; readonly log: Log },
): Promise<void> {
  const source = await requireSourceOf(table, principal, idOrKey);
  const { tenant, sourceId, secretRef } = source;
  const items: TransactItem[] = [
    {
      Delete: {
        TableName: table.name,
        Key: lockItemKey(tenant, sourceId),
        ConditionExpression: 'attribute_not_exists(#owner)',
        ExpressionAttributeNames: { '#owner': 'owner' },
      },
    },
    {
      Delete: {
        TableName: table.name,
        Key: sourceItemKey(tenant, sourceId),
        ConditionExpression: 'attribute_exists(pk)',
      },
    },
    { Delete: { TableName: table.name, Key: keyClaimKey(tenant, source.key) } },
    countSources(table, tenant, -1),
    audited(
      table,
      {
        tenant,
        by: principal.tokenId,
        requestId,
        action: 'source.deleted',
        subject: sourceId,
        before: auditView(source, connectors),
        after: { data },
      },
      now(),
    ),
    ...(data
      ? [
          {
            Delete: {
              TableName: table.name,
              Key: tableClaimKey(tenant, `${source.namespace}.${source.table}`),
            },
          },
          purgeLater(table, tenant, sourceId, now()),
        ]
      : []),
  ];
  const result = await transact(table, items);
  if (!result.done) {
    if (result.refused.includes(0)) throw await syncInProgress({ table }, source);
    throw new HeadgateError('not_found', 'The source is already gone.');
  }
  // The source is gone; what is left over is harmless and told to the operator. Its items, if there are more than
  // this request has time for, go with its objects.
  const forgetNow = async (): Promise<void> => {
    while (await forgetItems(table, tenant, sourceId, signal));
  };
  const leftovers = await Promise.allSettled([
    schedules.remove(sourceId),
    secretRef !== null && isOwnSecret(secretRef, secretPrefix, tenant, sourceId)
      ? secrets.remove(secretRef)
      : undefined,
    data ? forgetNow() : undefined,
  ]);
  for (const leftover of leftovers)
    if (leftover.status === 'rejected')
      log.error('something of a deleted source is left over', { sourceId, error: leftover.reason });
}
