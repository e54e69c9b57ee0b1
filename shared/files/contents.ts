import { createHash } from 'node:crypto';
import { BatchGetCommand, type BatchGetCommandOutput, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { sourceKey, type Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import type { Claimant } from './claimFiles.ts';
import { type FileRef, fileRef, refKey } from './fileItem.ts';

/** What tells bytes apart: how many, and their hash. */
export interface Content {
  readonly bytes: number;
  readonly contentHash: string;
}

/**
 * Which file was the last to be claimed with certain bytes. That its rows are in the table it does not say: the file
 * does. Sort key `HASH#<bytes>#<contentHash>`, so that those of one size lie together.
 */
const contentItem = z.strictObject({
  v: z.literal(1),
  bytes: z.int().nonnegative(),
  contentHash: z.string(),
  file: fileRef,
  /** Of who claimed it: who came before never may again. */
  token: z.int().positive(),
  attempt: z.int().positive(),
});
export type ContentItem = z.infer<typeof contentItem>;

const contentKey = (tenant: string, sourceId: string, content: Content) => ({
  pk: sourceKey(tenant, sourceId),
  sk: `HASH#${content.bytes}#${content.contentHash}`,
});

export const contentText = ({ bytes, contentHash }: Content): string => `${bytes}#${contentHash}`;

/** DynamoDB's limit. */
const contentsPerRead = 100;

const parse = ({ pk, sk, ...item }: Record<string, unknown>): ContentItem =>
  contentItem.parse(item);

/** The last file with each of these contents, by `contentText`. */
export async function getContents(
  table: Table,
  tenant: string,
  sourceId: string,
  contents: readonly Content[],
): Promise<ReadonlyMap<string, FileRef>> {
  const found = new Map<string, FileRef>();
  const unique = [...new Map(contents.map((content) => [contentText(content), content])).values()];
  for (let from = 0; from < unique.length; from += contentsPerRead) {
    let keys: Record<string, unknown>[] | undefined = unique
      .slice(from, from + contentsPerRead)
      .map((content) => contentKey(tenant, sourceId, content));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetCommandOutput = await table.client.send(
        new BatchGetCommand({
          RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } },
        }),
      );
      for (const item of answer.Responses?.[table.name] ?? []) {
        const content = parse(item);
        found.set(contentText(content), content.file);
      }
      keys = answer.UnprocessedKeys?.[table.name]?.Keys;
    }
  }
  return found;
}

/** Contents of this size, `limit` of them at most. */
export async function contentsOfSize(
  table: Table,
  tenant: string,
  sourceId: string,
  bytes: number,
  limit: number,
): Promise<readonly ContentItem[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': sourceKey(tenant, sourceId),
        ':prefix': `HASH#${bytes}#`,
      },
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  return Items.map(parse);
}

/** Part of a transaction: these bytes are this file's. Refused to who was superseded. */
export function putContent(
  table: Table,
  { tenant, sourceId, token, attempt }: Claimant,
  { bytes, contentHash }: Content,
  { name, versionId }: FileRef,
): TransactItem {
  const item: ContentItem = {
    v: 1,
    bytes,
    contentHash,
    file: { name, versionId },
    token,
    attempt,
  };
  return {
    Put: {
      TableName: table.name,
      Item: { ...contentKey(tenant, sourceId, item), ...item },
      ConditionExpression:
        'attribute_not_exists(pk) OR #token < :token OR (#token = :token AND #attempt <= :attempt)',
      ExpressionAttributeNames: { '#token': 'token', '#attempt': 'attempt' },
      ExpressionAttributeValues: { ':token': token, ':attempt': attempt },
    },
  };
}

/**
 * That a file is a duplicate of another, to be found from that one. Names may be long, so the key holds hashes:
 * `DUPLICATE#<the other>#<the duplicate>`.
 */
const short = (ref: FileRef): string =>
  createHash('sha256').update(refKey(ref)).digest('hex').slice(0, 32);
const duplicateKey = (tenant: string, sourceId: string, of: FileRef, file: FileRef) => ({
  pk: sourceKey(tenant, sourceId),
  sk: `DUPLICATE#${short(of)}#${short(file)}`,
});

/** Part of a transaction. */
export const putDuplicate = (
  table: Table,
  { tenant, sourceId }: Pick<Claimant, 'tenant' | 'sourceId'>,
  of: FileRef,
  { name, versionId }: FileRef,
): TransactItem => ({
  Put: {
    TableName: table.name,
    Item: {
      ...duplicateKey(tenant, sourceId, of, { name, versionId }),
      v: 1,
      file: { name, versionId },
    },
  },
});

/** Part of a transaction. */
export const removeDuplicate = (
  table: Table,
  { tenant, sourceId }: Pick<Claimant, 'tenant' | 'sourceId'>,
  of: FileRef,
  file: FileRef,
): TransactItem => ({
  Delete: { TableName: table.name, Key: duplicateKey(tenant, sourceId, of, file) },
});

/** Files that are, or once were, duplicates of this one, in pages. */
export async function* duplicatesOf(
  table: Table,
  tenant: string,
  sourceId: string,
  of: FileRef,
): AsyncGenerator<readonly FileRef[]> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: {
          ':pk': sourceKey(tenant, sourceId),
          ':prefix': `DUPLICATE#${short(of)}#`,
        },
        ConsistentRead: true,
        Limit: 100,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    yield (page.Items ?? []).map(({ file }) => fileRef.parse(file));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
