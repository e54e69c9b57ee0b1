import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import { type Json, json } from '../json.ts';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';

/** How long an answer is kept. */
const keepSeconds = 86_400;
/** A request that has not finished by then has died, and its key may be used again. */
const abandonedSeconds = 60;

const idempotencyItem = z.object({
  hash: z.string(),
  at: z.int(),
  answer: json.optional(),
});

export interface IdempotentRequest {
  readonly tenant: string;
  /** What the key counts for: the operation and what it acts on. */
  readonly scope: string;
  /** The caller's Idempotency-Key; undefined: the work is simply done. */
  readonly key: string | undefined;
  readonly request: unknown;
  readonly now: Date;
}

/**
 * Does the work once per key within a day and answers the same from then on. A failure is not kept, so that it
 * can be tried again. Throws `idempotency_mismatch` when the key came with another request, and
 * `service_unavailable` while the first request with it is still at work.
 */
export async function idempotently<Answer extends Json>(
  table: Table,
  { tenant, scope, key, request, now }: IdempotentRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  if (key === undefined) return work();
  const itemKey = { pk: tenantKey(tenant), sk: `IDEM#${digest([scope, key])}` };
  const hash = digest(request);
  const at = now.getTime();
  const kept = await begin(table, itemKey, hash, at);
  if (kept !== null) {
    if (kept.hash !== hash)
      throw new HeadgateError(
        'idempotency_mismatch',
        'This Idempotency-Key came with a different request before. Use a new one.',
      );
    if (kept.answer === undefined)
      throw new HeadgateError(
        'service_unavailable',
        'The first request with this key is at work.',
        {
          retryAfterSeconds: 1,
        },
      );
    return kept.answer as Answer;
  }
  try {
    const answer = await work();
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKey,
        UpdateExpression: 'SET answer = :answer',
        ExpressionAttributeValues: { ':answer': answer },
      }),
    );
    return answer;
  } catch (error) {
    await table.client.send(new DeleteCommand({ TableName: table.name, Key: itemKey }));
    throw error;
  }
}

/** null: the key is ours. Else what was kept under it. */
async function begin(
  table: Table,
  itemKey: { readonly pk: string; readonly sk: string },
  hash: string,
  at: number,
): Promise<z.infer<typeof idempotencyItem> | null> {
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: {
          ...itemKey,
          v: 1,
          hash,
          at,
          [ttlAttribute]: Math.ceil(at / 1000) + keepSeconds,
        },
        // TTL removes late, so an item may be over and still there.
        ConditionExpression:
          'attribute_not_exists(pk) OR #at < :expired OR (attribute_not_exists(answer) AND #at < :abandoned)',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: {
          ':expired': at - keepSeconds * 1000,
          ':abandoned': at - abandonedSeconds * 1000,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return null;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return idempotencyItem.parse(unmarshall(error.Item ?? {}));
  }
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');
