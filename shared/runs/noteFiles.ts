import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table.ts';
import { lockShardKey, only, parseLock, shardOf } from './lock.ts';
import { lockItemKey } from './lockItem.ts';

/** Notes that files arrived, whoever holds the lock, and answers the new `fileSeq`. */
export async function noteFiles(table: Table, tenant: string, sourceId: string): Promise<number> {
  const { Attributes } = await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: lockItemKey(tenant, sourceId),
      UpdateExpression: `SET v = :v, tenant = :tenant, sourceId = :sourceId,
        #fileSeq = if_not_exists(#fileSeq, :zero) + :one, #drained = if_not_exists(#drained, :zero),
        #token = if_not_exists(#token, :zero), #attempt = if_not_exists(#attempt, :zero),
        gsi2pk = :shard, gsi2sk = :sort`,
      ExpressionAttributeNames: only('#fileSeq', '#drained', '#token', '#attempt'),
      ExpressionAttributeValues: {
        ':v': 1,
        ':tenant': tenant,
        ':sourceId': sourceId,
        ':zero': 0,
        ':one': 1,
        ':shard': lockShardKey(shardOf(sourceId)),
        ':sort': `${tenant}#${sourceId}`,
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return parseLock(Attributes ?? {}).fileSeq;
}
