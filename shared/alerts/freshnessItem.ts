import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SourceItem } from '../sources/sourceItem.ts';
import { locksIndex, sourceKey, type Table } from '../table.ts';

/**
 * When a source with a freshness target is due to be stale. Sort key `FRESHNESS`; in the sparse index under one
 * partition, by time, so that a look at what is overdue reads only that.
 */
const freshnessKey = (tenant: string, sourceId: string): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: 'FRESHNESS',
});
const indexPartition = 'FRESHNESS';

/** From when on a source is stale; null when nobody expects it to be fresh. */
export function staleFrom({
  status,
  freshnessTargetSeconds,
  lastSuccessAt,
  createdAt,
}: Pick<
  SourceItem,
  'status' | 'freshnessTargetSeconds' | 'lastSuccessAt' | 'createdAt'
>): Date | null {
  if (status !== 'active' || freshnessTargetSeconds === null) return null;
  return new Date(Date.parse(lastSuccessAt ?? createdAt) + freshnessTargetSeconds * 1000);
}

/** Writes down when a source is to be looked at, or that it is not. */
export async function watchFreshness(
  table: Table,
  tenant: string,
  sourceId: string,
  from: Date | null,
): Promise<void> {
  const Key = freshnessKey(tenant, sourceId);
  if (from === null) await table.client.send(new DeleteCommand({ TableName: table.name, Key }));
  else
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: {
          ...Key,
          v: 1,
          gsi2pk: indexPartition,
          gsi2sk: `${from.toISOString()}#${tenant}#${sourceId}`,
        },
      }),
    );
}

/**
 * Takes a source out of sight: it is known to be stale, and its next success brings it back. Nothing happens when it was
 * put down anew since `position` was read.
 */
export async function stopWatching(
  table: Table,
  { tenant, sourceId, position }: Overdue,
): Promise<void> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: freshnessKey(tenant, sourceId),
        UpdateExpression: 'REMOVE gsi2pk, gsi2sk',
        ConditionExpression: 'gsi2sk = :position',
        ExpressionAttributeValues: { ':position': position },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

export interface Overdue {
  readonly tenant: string;
  readonly sourceId: string;
  /** Where it stood in the index. */
  readonly position: string;
}

/** Sources that are due, the longest overdue first. */
export async function* overdue(table: Table, now: Date): AsyncGenerator<Overdue> {
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: locksIndex,
        KeyConditionExpression: 'gsi2pk = :pk AND gsi2sk < :now',
        ExpressionAttributeValues: { ':pk': indexPartition, ':now': now.toISOString() },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items ?? []) {
      const position = String(item['gsi2sk']);
      const [, tenant, sourceId] = position.split('#');
      if (tenant !== undefined && sourceId !== undefined) yield { tenant, sourceId, position };
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
