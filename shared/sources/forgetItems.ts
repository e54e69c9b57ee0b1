import {
  BatchWriteCommand,
  type BatchWriteCommandOutput,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { sourceKey, type Table } from '../table.ts';

/** What one BatchWriteItem takes. */
const batchSize = 25;

/**
 * Removes up to 25 of the items stored under a source (streams, files, runs, events) and answers whether there
 * were any. Not for a source that is there.
 */
export async function forgetItems(
  table: Table,
  tenant: string,
  sourceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': sourceKey(tenant, sourceId) },
      ProjectionExpression: 'pk, sk',
      ConsistentRead: true,
      Limit: batchSize,
    }),
    { abortSignal: signal },
  );
  if (Items.length === 0) return false;
  let requests: BatchWriteCommandOutput['UnprocessedItems'] = {
    [table.name]: Items.map((Key) => ({ DeleteRequest: { Key } })),
  };
  while (requests !== undefined && Object.keys(requests).length > 0) {
    signal.throwIfAborted();
    const answer: BatchWriteCommandOutput = await table.client.send(
      new BatchWriteCommand({ RequestItems: requests }),
      { abortSignal: signal },
    );
    requests = answer.UnprocessedItems;
  }
  return true;
}
