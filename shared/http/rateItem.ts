import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';

/**
 * The pace of one credential, kept in `next_<limit>`: epoch milliseconds up to which its requests are spoken for. Nothing
 * is owed by a run that dies: time passes over what it took.
 */
const rateItem = z.object({
  v: z.literal(1),
  /** Nobody sends before, because the source said so. */
  pausedUntil: z.number().optional(),
});

export interface Pace {
  readonly next: number | null;
  readonly pausedUntil: number | null;
}

const noPace: Pace = { next: null, pausedUntil: null };
const keptSeconds = 86_400;

const rateKey = (tenant: string, credential: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `RATE#${credential}`,
});

const attributeOf = (limit: string): string => `next_${limit}`;

function paceOf(item: Readonly<Record<string, unknown>> | undefined, limit: string): Pace {
  if (item === undefined) return noPace;
  const next = item[attributeOf(limit)];
  return {
    next: typeof next === 'number' ? next : null,
    pausedUntil: rateItem.parse(item).pausedUntil ?? null,
  };
}

/** One credential's item. */
export const paceItem = (table: Table, tenant: string, credential: string) => {
  const Key = rateKey(tenant, credential);
  const lifetime = (now: number): number => Math.floor(now / 1000) + keptSeconds;
  return {
    async read(limit: string): Promise<Pace> {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key, ConsistentRead: true }),
      );
      return paceOf(Item, limit);
    },

    /** Moves the pace on from what was seen; answers what is there instead when somebody was faster. */
    async advance(limit: string, seen: Pace, next: number, now: number): Promise<Pace | null> {
      try {
        await table.client.send(
          new UpdateCommand({
            TableName: table.name,
            Key,
            UpdateExpression: 'SET #next = :next, v = :v, #ttl = :ttl',
            ConditionExpression: [
              seen.next === null ? 'attribute_not_exists(#next)' : '#next = :seen',
              seen.pausedUntil === null
                ? 'attribute_not_exists(pausedUntil)'
                : 'pausedUntil = :paused',
            ].join(' AND '),
            ExpressionAttributeNames: { '#next': attributeOf(limit), '#ttl': ttlAttribute },
            ExpressionAttributeValues: {
              ':next': next,
              ':v': 1,
              ':ttl': lifetime(now),
              ...(seen.next === null ? {} : { ':seen': seen.next }),
              ...(seen.pausedUntil === null ? {} : { ':paused': seen.pausedUntil }),
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return null;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return paceOf(error.Item === undefined ? undefined : unmarshall(error.Item), limit);
      }
    },

    /** Pauses every limit; a longer pause stays. */
    async pause(until: number, now: number): Promise<void> {
      try {
        await table.client.send(
          new UpdateCommand({
            TableName: table.name,
            Key,
            UpdateExpression: 'SET pausedUntil = :until, v = :v, #ttl = :ttl',
            ConditionExpression: 'attribute_not_exists(pausedUntil) OR pausedUntil < :until',
            ExpressionAttributeNames: { '#ttl': ttlAttribute },
            ExpressionAttributeValues: { ':until': until, ':v': 1, ':ttl': lifetime(now) },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
};
