import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { sourceKey, type Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import type { FileItem } from './fileItem.ts';

/**
 * The version that an upload last put under a name. Sort key `NAME#<name>`. Two uploads of one name both change it, so
 * that one of them is refused.
 */
const nameItem = z.strictObject({ v: z.literal(1), versionId: z.string() });

const nameKey = (tenant: string, sourceId: string, name: string) => ({
  pk: sourceKey(tenant, sourceId),
  sk: `NAME#${name}`,
});

/** The version under a name, whatever has become of it since; null where no upload put any. */
export async function getName(
  table: Table,
  { tenant, sourceId, name }: Pick<FileItem, 'tenant' | 'sourceId' | 'name'>,
): Promise<string | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: nameKey(tenant, sourceId, name),
      ConsistentRead: true,
    }),
  );
  if (Item === undefined) return null;
  const { pk, sk, ...item } = Item;
  return nameItem.parse(item).versionId;
}

/** Part of a transaction: the version is under its name now. Refused when another one came since `seen` was read. */
export const putName = (
  table: Table,
  { tenant, sourceId, name, versionId }: FileItem,
  seen: string | null,
): TransactItem => ({
  Put: {
    TableName: table.name,
    Item: { ...nameKey(tenant, sourceId, name), v: 1, versionId },
    ...(seen === null
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'versionId = :seen',
          ExpressionAttributeValues: { ':seen': seen },
        }),
  },
});
