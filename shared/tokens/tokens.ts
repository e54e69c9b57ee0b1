import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Role, TokenView } from '../api/schemas/token.ts';
import { audited, type Change } from '../audit/auditItem.ts';
import { ulid } from '../ids.ts';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';
import { type TransactItem, transact } from '../transact.ts';
import {
  bootstrapTokenId,
  hashToken,
  parseToken,
  type TokenItem,
  tokenEntryKey,
  tokenEntryPrefix,
  tokenItemKey,
} from './tokenItem.ts';

/** Expired tokens stay listed for a week. */
const keepExpiredSeconds = 7 * 86_400;

export interface NewToken {
  readonly tenant: string;
  readonly name: string;
  readonly role: Role;
  readonly sources: readonly string[] | null;
  readonly validUntil: Date | null;
  readonly createdBy: string;
}

/** `hg_` and 256 random bits. */
export const newTokenText = (): string => `hg_${randomBytes(32).toString('base64url')}`;

function tokenItems(table: Table, item: TokenItem, hash: string): TransactItem[] {
  const expires =
    item.validUntil === null
      ? {}
      : { [ttlAttribute]: Math.ceil(Date.parse(item.validUntil) / 1000) + keepExpiredSeconds };
  return [
    {
      Put: {
        TableName: table.name,
        Item: { ...tokenItemKey(hash), ...item, ...expires },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    {
      Put: {
        TableName: table.name,
        Item: {
          ...tokenEntryKey(item.tenant, item.tokenId),
          v: 1,
          tokenId: item.tokenId,
          hash,
          ...expires,
        },
      },
    },
  ];
}

/** Makes a token and answers its text, which is kept nowhere. */
export async function createToken(
  table: Table,
  token: NewToken,
  requestId: string,
  now: Date,
): Promise<{ readonly text: string; readonly item: TokenItem }> {
  const text = newTokenText();
  const { validUntil, sources, ...rest } = token;
  const item: TokenItem = {
    v: 1,
    tokenId: ulid(now),
    ...rest,
    sources: sources === null ? null : [...sources],
    validUntil: validUntil?.toISOString() ?? null,
    createdAt: now.toISOString(),
    lastUsedAt: null,
  };
  const change: Change = {
    tenant: token.tenant,
    by: token.createdBy,
    requestId,
    action: 'token.created',
    subject: item.tokenId,
    after: { name: item.name, role: item.role, sources: item.sources, validUntil: item.validUntil },
  };
  const result = await transact(table, [
    ...tokenItems(table, item, hashToken(text)),
    audited(table, change, now),
  ]);
  if (!result.done) throw new Error('a fresh token exists already');
  return { text, item };
}

/**
 * Makes a given text the bootstrap admin token of a tenant. May be called any number of times; a token that is
 * there stays as it is, with its last use.
 */
export async function seedAdminToken(
  table: Table,
  token: string,
  now: Date,
  tenant = 'default',
): Promise<void> {
  const hash = hashToken(token);
  const item: TokenItem = {
    v: 1,
    tenant,
    tokenId: bootstrapTokenId(token),
    name: 'bootstrap',
    role: 'admin',
    sources: null,
    createdBy: 'headgate',
    createdAt: now.toISOString(),
    validUntil: null,
    lastUsedAt: null,
  };
  // Refused when it is there: nothing to do.
  await transact(table, tokenItems(table, item, hash));
}

/** The token with this text, expired or not; null when there is none. */
export async function findToken(table: Table, text: string): Promise<TokenItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: tokenItemKey(hashToken(text)) }),
  );
  return Item === undefined ? null : parseToken(Item);
}

/** Tokens of a tenant, oldest first; `after` is the last token id of the page before. */
export async function listTokens(
  table: Table,
  tenant: string,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<readonly TokenItem[]> {
  const { Items } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': tenantKey(tenant), ':prefix': tokenEntryPrefix },
      Limit: limit,
      ...(after === undefined ? {} : { ExclusiveStartKey: tokenEntryKey(tenant, after) }),
    }),
  );
  const found: TokenItem[] = [];
  for (const entry of Items ?? []) {
    const { Item } = await table.client.send(
      new GetCommand({ TableName: table.name, Key: tokenItemKey(String(entry['hash'])) }),
    );
    if (Item !== undefined) found.push(parseToken(Item));
  }
  return found;
}

/** Makes a token worthless from now on; false when the tenant has no such token. */
export async function revokeToken(
  table: Table,
  { tenant, tokenId, by, requestId }: RevokeToken,
  now: Date,
): Promise<boolean> {
  const Key = tokenEntryKey(tenant, tokenId);
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key, ConsistentRead: true }),
  );
  if (Item === undefined) return false;
  const result = await transact(table, [
    { Delete: { TableName: table.name, Key, ConditionExpression: 'attribute_exists(pk)' } },
    { Delete: { TableName: table.name, Key: tokenItemKey(String(Item['hash'])) } },
    audited(table, { tenant, by, requestId, action: 'token.revoked', subject: tokenId }, now),
  ]);
  return result.done;
}

export interface RevokeToken {
  readonly tenant: string;
  readonly tokenId: string;
  readonly by: string;
  readonly requestId: string;
}

/** Seconds between two writes of a token's last use. */
const lastUseSeconds = 300;

/** Notes that a token was used, at most once in five minutes. */
export async function noteUse(
  table: Table,
  text: string,
  item: TokenItem,
  now: Date,
): Promise<void> {
  const { lastUsedAt } = item;
  if (lastUsedAt !== null && now.getTime() - Date.parse(lastUsedAt) < lastUseSeconds * 1000) return;
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: tokenItemKey(hashToken(text)),
        UpdateExpression: 'SET lastUsedAt = :now',
        // Revoked in between: must not come back as half an item.
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':now': now.toISOString() },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

export const tokenView = (item: TokenItem): TokenView => ({
  id: item.tokenId,
  name: item.name,
  role: item.role,
  sources: item.sources,
  createdBy: item.createdBy,
  createdAt: item.createdAt,
  expiresAt: item.validUntil,
  lastUsedAt: item.lastUsedAt,
});
