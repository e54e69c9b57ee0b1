import { createHash } from 'node:crypto';
import * as z from 'zod';
import { role } from '../api/schemas/token.ts';
import { tenantKey } from '../table.ts';

/** One API token, found by its hash. Expired tokens are removed by TTL a while after they stopped working. */
export const tokenItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string().min(1),
  tokenId: z.string(),
  name: z.string(),
  role,
  /** Ids of the only sources it may touch; null is all. */
  sources: z.array(z.string()).nullable(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  validUntil: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
});
export type TokenItem = z.infer<typeof tokenItem>;

/**
 * SHA-256 without salt or stretching is enough: a token holds 256 random bits, so there is nothing to guess.
 */
export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('hex');

/** Of the bootstrap admin token, whether it is stored or only known from its secret. */
export const bootstrapTokenId = (text: string): string =>
  `bootstrap-${hashToken(text).slice(0, 12)}`;

export const tokenItemKey = (hash: string): { pk: string; sk: string } => ({
  pk: `TOKEN#${hash}`,
  sk: 'TOKEN',
});
/** Beside it a small item under the tenant, which holds the hash, so that tokens can be listed. */
export const tokenEntryPrefix = 'TOKEN#';
export const tokenEntryKey = (tenant: string, tokenId: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `${tokenEntryPrefix}${tokenId}`,
});

export const parseToken = ({ pk, sk, expiresAt, ...item }: Record<string, unknown>): TokenItem =>
  tokenItem.parse(item);
