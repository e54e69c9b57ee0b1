import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { json } from '../json.ts';
import { type Table, ttlAttribute } from '../table.ts';

/** What is kept of a connection that was begun, until the person comes back. */
const begun = z.strictObject({
  tenant: z.string(),
  sourceId: z.string(),
  /** Whose browser it is: nobody else may finish it. */
  tokenId: z.string(),
  credentials: z.record(z.string(), json),
  redirectUri: z.string(),
  verifier: z.string().nullable(),
  until: z.iso.datetime(),
});
export type BegunConnection = z.infer<typeof begun>;

export const connectMinutes = 10;

/**
 * The item stands under the state's hash and is sealed with a key made from the state, which only the browser has: whoever
 * reads the table reads neither the client's secret nor the PKCE verifier.
 */
const keyOf = (state: string): { pk: string; sk: string } => ({
  pk: `OAUTHSTATE#${createHash('sha256').update(state).digest('hex')}`,
  sk: 'STATE',
});
const sealKey = (state: string): Buffer =>
  Buffer.from(hkdfSync('sha256', state, 'headgate connect 1', 'key', 32));

/** Keeps what was begun and answers its state: 256 random bits, good once. */
export async function keepBegun(table: Table, value: BegunConnection): Promise<string> {
  const state = randomBytes(32).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealKey(state), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  await table.client.send(
    new PutCommand({
      TableName: table.name,
      Item: {
        ...keyOf(state),
        v: 1,
        sealed: Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64'),
        [ttlAttribute]: Math.floor(Date.parse(value.until) / 1000),
      },
    }),
  );
  return state;
}

/** Takes what was begun, so that nobody takes it again; null when there is nothing of this state, or its time is over. */
export async function takeBegun(
  table: Table,
  state: string,
  now: Date,
): Promise<BegunConnection | null> {
  try {
    const { Attributes } = await table.client.send(
      new DeleteCommand({
        TableName: table.name,
        Key: keyOf(state),
        ConditionExpression: 'attribute_exists(pk)',
        ReturnValues: 'ALL_OLD',
      }),
    );
    const bytes = Buffer.from(String(Attributes?.['sealed']), 'base64');
    const opening = createDecipheriv('aes-256-gcm', sealKey(state), bytes.subarray(0, 12), {
      authTagLength: 16,
    }).setAuthTag(bytes.subarray(12, 28));
    const text = Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]);
    const value = begun.parse(JSON.parse(text.toString('utf8')));
    return Date.parse(value.until) > now.getTime() ? value : null;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}
