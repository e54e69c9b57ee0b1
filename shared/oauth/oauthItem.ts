import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';

/** The live tokens of one grant. Times are epoch milliseconds. */
const oauthItem = z.object({
  v: z.literal(1),
  /** Grows with every refresh; part of what seals the tokens. */
  version: z.int().nonnegative(),
  /** See `sealTokens`; absent before the first refresh. */
  sealed: z.string().optional(),
  usableUntil: z.number().optional(),
  /** Who is at the token endpoint, and until when nobody else goes. */
  refreshing: z.object({ by: z.string(), until: z.number() }).optional(),
});
export type OAuthItem = z.infer<typeof oauthItem>;

/** Longer than any unused refresh token lives. */
const keptSeconds = 400 * 86_400;

/** One grant's item. */
export const tokenItem = (table: Table, tenant: string, id: string) => {
  const Key = { pk: tenantKey(tenant), sk: `OAUTH#${id}` };
  const change = async (input: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> => {
    try {
      await table.client.send(new UpdateCommand({ TableName: table.name, Key, ...input }));
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return false;
    }
  };
  return {
    async read(): Promise<OAuthItem | null> {
      const { Item } = await table.client.send(
        new GetCommand({ TableName: table.name, Key, ConsistentRead: true }),
      );
      return Item === undefined ? null : oauthItem.parse(Item);
    },

    /** Takes the way to the token endpoint, if the item is as it was read and nobody else is there. */
    lease: (seen: OAuthItem | null, by: string, until: number, now: number): Promise<boolean> =>
      change({
        UpdateExpression: 'SET v = :v, #version = :version, refreshing = :lease, #ttl = :ttl',
        ConditionExpression: `${seen === null ? 'attribute_not_exists(pk)' : '#version = :version'}
          AND (attribute_not_exists(refreshing) OR refreshing.#until < :now)`,
        ExpressionAttributeNames: {
          '#version': 'version',
          '#until': 'until',
          '#ttl': ttlAttribute,
        },
        ExpressionAttributeValues: {
          ':v': 1,
          ':version': seen?.version ?? 0,
          ':lease': { by, until },
          ':now': now,
          ':ttl': Math.floor(now / 1000) + keptSeconds,
        },
      }),

    /** Stores new tokens. False when somebody else has stored newer ones since. */
    store: (version: number, sealed: string, usableUntil: number, now: number): Promise<boolean> =>
      change({
        UpdateExpression:
          'SET sealed = :sealed, #version = :next, usableUntil = :until, #ttl = :ttl REMOVE refreshing',
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version', '#ttl': ttlAttribute },
        ExpressionAttributeValues: {
          ':sealed': sealed,
          ':version': version,
          ':next': version + 1,
          ':until': usableUntil,
          ':ttl': Math.floor(now / 1000) + keptSeconds,
        },
      }),

    /** Gives the way free after a refusal. */
    release: (by: string): Promise<boolean> =>
      change({
        UpdateExpression: 'REMOVE refreshing',
        ConditionExpression: 'refreshing.#by = :by',
        ExpressionAttributeNames: { '#by': 'by' },
        ExpressionAttributeValues: { ':by': by },
      }),
  };
};
