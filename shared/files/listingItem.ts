import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Table } from '../table.ts';

/** How far the listing of all dropped objects came, which takes several rounds where there are many. One for all. */
export const listingItem = z.strictObject({
  v: z.literal(1),
  startedAt: z.iso.datetime(),
  /** Older objects were looked up by the listing before; null: there was none. */
  since: z.iso.datetime().nullable(),
  /** Where to go on; null: it is done. */
  place: z.strictObject({ keyMarker: z.string(), versionMarker: z.string().optional() }).nullable(),
  isDone: z.boolean(),
  /** Grows with every change, which is conditioned on it. */
  rev: z.int().nonnegative(),
});
export type ListingItem = z.infer<typeof listingItem>;

const key = { pk: 'LISTING', sk: 'landing' } as const;

export async function getListing(table: Table): Promise<ListingItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  if (Item === undefined) return null;
  const { pk, sk, ...item } = Item;
  return listingItem.parse(item);
}

/** False when somebody else moved it since `before` was read. */
export async function putListing(
  table: Table,
  before: ListingItem | null,
  after: ListingItem,
): Promise<boolean> {
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...key, ...after },
        ...(before === null
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#rev = :rev',
              ExpressionAttributeNames: { '#rev': 'rev' },
              ExpressionAttributeValues: { ':rev': before.rev },
            }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
