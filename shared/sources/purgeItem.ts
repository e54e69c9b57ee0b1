import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { locksIndex, type Table, tenantKey } from '../table.ts';
import type { TransactItem } from '../transact.ts';

/**
 * A source deleted with its data whose objects are still to be removed. Under the tenant, sort key
 * `PURGE#<sourceId>`; index 2 lists them by the time of the next attempt. Both ids become object prefixes, so
 * neither may be empty or hold a slash.
 */
export const purgeItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string().regex(/^[^/#]+$/),
  sourceId: z.string().regex(/^[0-9a-z]{26}$/),
  deletedAt: z.iso.datetime(),
  notBefore: z.iso.datetime(),
});
export type PurgeItem = z.infer<typeof purgeItem>;

/**
 * A function that was at work when its source went may write until Lambda ends it, after 15 minutes at most:
 * before this nothing is removed.
 */
export const firstLookMilliseconds = 20 * 60_000;
/** Presigned addresses hold for an hour, so files may land until then: a source is looked at again after this. */
export const lastLookMilliseconds = 2 * 3_600_000;

const keyOf = (tenant: string, sourceId: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `PURGE#${sourceId}`,
});

/** Deletions are rare, and one partition takes a thousand writes a second: no shards. */
const purgesKey = 'PURGES';
const positionOf = ({
  notBefore,
  tenant,
  sourceId,
}: Pick<PurgeItem, 'notBefore' | 'tenant' | 'sourceId'>): string =>
  `${notBefore}#${tenant}#${sourceId}`;

/** Part of the transaction that deletes the source. */
export function purgeLater(
  table: Table,
  tenant: string,
  sourceId: string,
  now: Date,
): TransactItem {
  const item = purgeItem.parse({
    v: 1,
    tenant,
    sourceId,
    deletedAt: now.toISOString(),
    notBefore: new Date(now.getTime() + firstLookMilliseconds).toISOString(),
  });
  return {
    Put: {
      TableName: table.name,
      Item: {
        ...keyOf(tenant, sourceId),
        ...item,
        gsi2pk: purgesKey,
        gsi2sk: positionOf(item),
      },
    },
  };
}

/** Names a purge. */
export type PurgeName = Pick<PurgeItem, 'tenant' | 'sourceId'>;

/** What seems due, longest due first; what is postponed meanwhile does not come again. The item decides. */
export async function* duePurges(table: Table, now: Date): AsyncGenerator<PurgeName> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: locksIndex,
        KeyConditionExpression: 'gsi2pk = :purges AND gsi2sk < :now',
        ExpressionAttributeValues: { ':purges': purgesKey, ':now': now.toISOString() },
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const { gsi2sk } of page.Items ?? []) {
      const [, tenant, sourceId] = String(gsi2sk).split('#');
      if (tenant !== undefined && sourceId !== undefined) yield { tenant, sourceId };
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}

/** null when it is finished. Throws for an item that is not one of ours. */
export async function getPurge(
  table: Table,
  { tenant, sourceId }: PurgeName,
): Promise<PurgeItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: keyOf(tenant, sourceId), ConsistentRead: true }),
  );
  if (Item === undefined) return null;
  const { pk, sk, gsi2pk, gsi2sk, ...item } = Item;
  return purgeItem.parse(item);
}

/** Puts a purge behind those that are due before `notBefore`. One that is finished meanwhile stays gone. */
export async function postponePurge(
  table: Table,
  purge: PurgeName,
  notBefore: Date,
): Promise<void> {
  const next = { ...purge, notBefore: notBefore.toISOString() };
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keyOf(purge.tenant, purge.sourceId),
        UpdateExpression: 'SET notBefore = :notBefore, gsi2sk = :position',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':notBefore': next.notBefore, ':position': positionOf(next) },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Nothing of the source is left. */
export async function finishPurge(table: Table, { tenant, sourceId }: PurgeName): Promise<void> {
  await table.client.send(
    new DeleteCommand({ TableName: table.name, Key: keyOf(tenant, sourceId) }),
  );
}
