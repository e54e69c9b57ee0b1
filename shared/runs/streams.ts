import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Json } from '../json.ts';
import type { Field } from '../lake/schema.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import { sourceKey, type Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import { type StreamItem, streamItem, streamItemKey, streamItemPrefix } from './streamItem.ts';

const parseStream = ({ pk, sk, ...item }: Record<string, unknown>): StreamItem =>
  streamItem.parse(item);

export async function getStream(
  table: Table,
  tenant: string,
  sourceId: string,
  stream: string,
): Promise<StreamItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: streamItemKey(tenant, sourceId, stream),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? null : parseStream(Item);
}

/** All streams of a source that ever landed, by name. */
export async function listStreams(
  table: Table,
  tenant: string,
  sourceId: string,
): Promise<readonly StreamItem[]> {
  const found: StreamItem[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: {
          ':pk': sourceKey(tenant, sourceId),
          ':prefix': streamItemPrefix,
        },
        ConsistentRead: true,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    found.push(...(page.Items ?? []).map(parseStream));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
}

/** Creates the stream's item before its first file is written; one that is there is answered as it is. */
export async function ensureStream(table: Table, fresh: StreamItem): Promise<StreamItem> {
  const { tenant, sourceId, stream } = fresh;
  const there = await getStream(table, tenant, sourceId, stream);
  if (there !== null) return there;
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...streamItemKey(tenant, sourceId, stream), ...fresh },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return fresh;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return ensureStream(table, fresh);
  }
}

/** Reserves `count` field ids, never given out before, and answers the first. */
export async function reserveFieldIds(
  table: Table,
  { tenant, sourceId, stream }: Pick<StreamItem, 'tenant' | 'sourceId' | 'stream'>,
  count: number,
): Promise<number> {
  const { Attributes } = await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: streamItemKey(tenant, sourceId, stream),
      UpdateExpression: 'SET lastFieldId = lastFieldId + :count',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':count': count },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return Number(Attributes?.['lastFieldId']) - count + 1;
}

/** Writes down that a run reads everything again, because the source no longer knows the stream's cursor. */
export async function noteRenewal(
  table: Table,
  { tenant, sourceId, stream }: Pick<StreamItem, 'tenant' | 'sourceId' | 'stream'>,
  renewed: NonNullable<StreamItem['renewed']>,
): Promise<void> {
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: streamItemKey(tenant, sourceId, stream),
      UpdateExpression: 'SET renewed = :renewed',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':renewed': renewed },
    }),
  );
}

export interface StreamChange {
  readonly schema: readonly Field[];
  readonly pointer: TablePointer | null;
  readonly rejects: TablePointer | null;
  /** Absent leaves the cursor alone. */
  readonly cursor?: Json | null;
  readonly unfinished?: boolean;
  readonly stage: StreamItem['stage'];
  readonly committedBy: { readonly runId: string; readonly seq: number };
  readonly now: Date;
}

/**
 * Part of a transaction: pointer, cursor, schema and stage of one stream move together. Refused when the
 * stream was committed to since it was read.
 */
export function commitStream(table: Table, read: StreamItem, change: StreamChange): TransactItem {
  const moved = change.cursor !== undefined;
  const { runId } = change.committedBy;
  // An undo is not undone: what was before the run before it is gone.
  const first = read.committedBy?.runId !== runId;
  const before: StreamItem['before'] = first
    ? {
        runId,
        pointer: read.pointer,
        rejects: read.rejects,
        cursor: read.cursor,
        unfinished: read.unfinished === true,
      }
    : (read.before ?? null);
  return {
    Update: {
      TableName: table.name,
      Key: streamItemKey(read.tenant, read.sourceId, read.stream),
      UpdateExpression: `SET #schema = :schema, #pointer = :pointer, rejects = :rejects, #stage = :stage,
        committedBy = :by, #before = :before, updatedAt = :now${moved ? ', #cursor = :cursor, unfinished = :unfinished' : ''}`,
      ConditionExpression: 'committedBy = :committed',
      ExpressionAttributeNames: {
        '#schema': 'schema',
        '#pointer': 'pointer',
        '#stage': 'stage',
        '#before': 'before',
        ...(moved ? { '#cursor': 'cursor' } : {}),
      },
      ExpressionAttributeValues: {
        ':schema': change.schema,
        ':pointer': change.pointer,
        ':rejects': change.rejects,
        ':stage': change.stage,
        ':by': change.committedBy,
        ':committed': read.committedBy,
        ':before': before,
        ':now': change.now.toISOString(),
        ...(moved ? { ':cursor': change.cursor, ':unfinished': change.unfinished === true } : {}),
      },
    },
  };
}
