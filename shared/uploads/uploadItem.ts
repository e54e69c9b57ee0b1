import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { sourceKey, type Table, ttlAttribute } from '../table.ts';

/** A day longer than S3 keeps parts of an upload that nobody finished. */
const keepSeconds = 8 * 86_400;

/** One upload that was promised. Sort key `UPLOAD#<uploadId>`. Forgotten by TTL. */
export const uploadItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  uploadId: z.string(),
  name: z.string(),
  /** Key in the landing bucket. */
  key: z.string(),
  replace: z.boolean(),
  /** As declared; null when nothing was. */
  bytes: z.int().nullable(),
  /** S3's own upload id and the size of a part; null for a single POST. */
  multipart: z.strictObject({ id: z.string(), partBytes: z.int(), partCount: z.int() }).nullable(),
  /** The version of the object that was recorded as a file; null until then. */
  versionId: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
});
export type UploadItem = z.infer<typeof uploadItem>;

const keyOf = (tenant: string, sourceId: string, uploadId: string): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `UPLOAD#${uploadId}`,
});

export async function putUpload(table: Table, item: UploadItem): Promise<void> {
  await table.client.send(
    new PutCommand({
      TableName: table.name,
      Item: {
        ...keyOf(item.tenant, item.sourceId, item.uploadId),
        ...item,
        [ttlAttribute]: Math.ceil(Date.parse(item.createdAt) / 1000) + keepSeconds,
      },
    }),
  );
}

export async function getUpload(
  table: Table,
  tenant: string,
  sourceId: string,
  uploadId: string,
): Promise<UploadItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: keyOf(tenant, sourceId, uploadId),
      ConsistentRead: true,
    }),
  );
  if (Item === undefined) return null;
  const { pk, sk, [ttlAttribute]: _, ...item } = Item;
  return uploadItem.parse(item);
}

/** Remembers which version became the file, so that completing again answers the same. */
export async function markUploaded(
  table: Table,
  { tenant, sourceId, uploadId }: UploadItem,
  versionId: string,
): Promise<void> {
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: keyOf(tenant, sourceId, uploadId),
      UpdateExpression: 'SET versionId = :version',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':version': versionId },
    }),
  );
}
