import { randomBytes } from 'node:crypto';
import { ResourceExistsException } from '@aws-sdk/client-secrets-manager';
import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import { maskKeyName } from './maskKeyName.ts';

const keyBytes = 32;

/**
 * Makes the tenant's key of hashed columns unless it is there: a secret of its own, because whoever has it can try
 * out what a hash might stand for. It is never changed and never removed: equal values would no longer be equal.
 */
export async function ensureMaskKey(secrets: SecretStore, tenant: string): Promise<void> {
  try {
    await secrets.create(tenant, maskKeyName, { key: randomBytes(keyBytes).toString('base64') });
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
  }
}

/** The key out of its secret. Throws `invalid_config` for anything else; the message quotes nothing of it. */
export function maskKeyOf(secret: Json): Uint8Array {
  const text =
    typeof secret === 'object' && secret !== null && 'key' in secret ? secret['key'] : null;
  const key = typeof text === 'string' ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (key.length >= keyBytes) return key;
  throw new HeadgateError(
    'invalid_config',
    `The secret ${maskKeyName} of the tenant holds no key: its "key" must be at least ${keyBytes} bytes in base64.`,
  );
}
