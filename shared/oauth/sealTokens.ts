import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { OAuthGrant } from './oauthGrant.ts';

/** What a token endpoint answered. */
export const tokens = z.strictObject({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Other texts of the answer. */
  answer: z.record(z.string(), z.string()),
});
export type Tokens = z.infer<typeof tokens>;

/**
 * Seals tokens with a key made from the secrets that the user entered, which lie in Secrets Manager under the data key.
 * So whoever may read the table, and not those secrets, reads no token; and new credentials start from nothing.
 */
export interface Sealer {
  /** Names the grant without telling anything of it. */
  readonly id: string;
  seal(value: Tokens, version: number): string;
  /** null for what was sealed with other secrets, or for another version. */
  open(sealed: string, version: number): Tokens | null;
}

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

export function createSealer(grant: OAuthGrant): Sealer {
  const secrets = JSON.stringify([
    grant.tokenUrl,
    grant.grant,
    grant.clientId ?? '',
    grant.clientSecret ?? '',
    grant.refreshToken ?? '',
    grant.scope ?? '',
    grant.parameters ?? {},
    grant.assertion?.privateKey ?? '',
    grant.assertion?.subject ?? '',
  ]);
  const derive = (use: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secrets, 'headgate oauth 1', use, bytes));
  const id = derive('id', 16).toString('hex');
  const key = derive('key', 32);
  const bound = (version: number): Buffer => Buffer.from(`${id}#${version}`);
  return {
    id,
    seal(value, version) {
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, key, iv).setAAD(bound(version));
      const text = Buffer.concat([sealing.update(JSON.stringify(value), 'utf8'), sealing.final()]);
      return Buffer.concat([iv, sealing.getAuthTag(), text]).toString('base64');
    },
    open(sealed, version) {
      const bytes = Buffer.from(sealed, 'base64');
      try {
        const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(bound(version))
          .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        const text = Buffer.concat([
          opening.update(bytes.subarray(ivBytes + tagBytes)),
          opening.final(),
        ]);
        return tokens.parse(JSON.parse(text.toString('utf8')));
      } catch {
        return null;
      }
    },
  };
}
