import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table.ts';

/** The item as it is now, whoever wrote it a moment ago; null when there is none. */
export async function getItem(
  table: Table,
  Key: { readonly pk: string; readonly sk: string },
): Promise<Record<string, unknown> | null> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key, ConsistentRead: true }),
  );
  return Item ?? null;
}
