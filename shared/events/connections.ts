import { DeleteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';
import { transact } from '../transact.ts';
import { getItem } from './getItem.ts';

/**
 * A WebSocket connection whose token was checked. It stands twice: under its tenant, where the publisher looks, and
 * under its own id, which is all that API Gateway says of a message.
 */
const connection = z.object({
  v: z.literal(1),
  tenant: z.string(),
  connectionId: z.string(),
  tokenId: z.string(),
  /** Ids of the only sources it may hear of; null is all. */
  sources: z.array(z.string()).nullable(),
  /** When its token ends. */
  validUntil: z.iso.datetime().nullable(),
});
export type Connection = z.infer<typeof connection>;

/** API Gateway ends connections after two hours. */
const keepSeconds = 3 * 3600;

const ownKey = (connectionId: string): { pk: string; sk: string } => ({
  pk: `CONNECTION#${connectionId}`,
  sk: 'CONNECTION',
});
const tenantsKey = (tenant: string, connectionId: string): { pk: string; sk: string } => ({
  pk: `${tenantKey(tenant)}#CONNECTIONS`,
  sk: `CONNECTION#${connectionId}`,
});

/** Remembers a connection; one that says hello again is who it says it is now. */
export async function saveConnection(
  table: Table,
  value: Omit<Connection, 'v'>,
  now: Date,
): Promise<void> {
  const known = await getConnection(table, value.connectionId);
  if (known !== null && known.tenant !== value.tenant) await forgetConnection(table, known);
  const item = { v: 1, ...value, [ttlAttribute]: Math.floor(now.getTime() / 1000) + keepSeconds };
  await transact(table, [
    { Put: { TableName: table.name, Item: { ...ownKey(value.connectionId), ...item } } },
    {
      Put: {
        TableName: table.name,
        Item: { ...tenantsKey(value.tenant, value.connectionId), ...item },
      },
    },
  ]);
}

export async function getConnection(
  table: Table,
  connectionId: string,
): Promise<Connection | null> {
  const item = await getItem(table, ownKey(connectionId));
  return item === null ? null : connection.parse(item);
}

export async function forgetConnection(
  table: Table,
  { tenant, connectionId }: Pick<Connection, 'tenant' | 'connectionId'>,
): Promise<void> {
  for (const Key of [tenantsKey(tenant, connectionId), ownKey(connectionId)])
    await table.client.send(new DeleteCommand({ TableName: table.name, Key }));
}

/** All connections of a tenant, a page in memory at a time. */
export async function* connectionsOf(table: Table, tenant: string): AsyncGenerator<Connection> {
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': tenantsKey(tenant, '').pk },
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items ?? []) yield connection.parse(item);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
