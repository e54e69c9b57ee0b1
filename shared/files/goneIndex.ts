import { createHash } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { locksIndex, type Table } from '../table.ts';
import type { FileItem } from './fileItem.ts';

/** Many files may go at once, and a partition of an index takes 1,000 writes a second. */
export const goneShards = 8;
const shardKey = (shard: number): string => `GONE#${shard}`;

/** Attributes by which the reaper finds a file that was deleted and whose object is still to be seen in S3. */
export function goneIndexOf({
  state,
  hidden,
  versionId,
}: Pick<FileItem, 'state' | 'hidden' | 'versionId'>): {
  readonly gsi2pk?: string;
  readonly gsi2sk?: string;
} {
  if (state !== 'deleted' || hidden === true) return {};
  const shard = createHash('sha256').update(versionId).digest().readUInt8(0) % goneShards;
  return { gsi2pk: shardKey(shard), gsi2sk: versionId };
}

/** Table keys of files that may have to be hidden; the item itself decides. */
export async function* goneFiles(
  table: Table,
  shard: number,
): AsyncGenerator<{ readonly pk: string; readonly sk: string }> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: locksIndex,
        KeyConditionExpression: 'gsi2pk = :shard',
        ExpressionAttributeValues: { ':shard': shardKey(shard) },
        Limit: 100,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const { pk, sk } of page.Items ?? []) yield { pk: String(pk), sk: String(sk) };
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
