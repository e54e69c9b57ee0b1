import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table.ts';
import { type SourceItem, sourceItem, sourceItemKey } from './sourceItem.ts';

/** A stored item without its keys and index attributes. */
export const parseSource = ({
  pk,
  sk,
  gsi1pk,
  gsi1sk,
  ...item
}: Record<string, unknown>): SourceItem => sourceItem.parse(item);

/** One source by its id, read consistently; null when the tenant has none of that id. */
export async function getSource(
  table: Table,
  tenant: string,
  sourceId: string,
): Promise<SourceItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: sourceItemKey(tenant, sourceId),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? null : parseSource(Item);
}
