import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import { type Json, json } from '../json.ts';
import type { SecretRef } from '../sources/sourceItem.ts';

const object = z.record(z.string(), json);

/**
 * Credentials by reference: a whole JSON secret, or one key of it where several sources share one.
 * Throws `forbidden` for a secret outside `prefix` (`headgate/<stage>/<tenant>/`), and `invalid_credentials` when it
 * is gone or is not what it should be. Messages name the secret, never what it holds.
 */
export async function readSecret(
  client: SecretsManagerClient,
  prefix: string,
  { arn, jsonKey }: SecretRef,
  signal: AbortSignal,
): Promise<Json> {
  const name = /:secret:(.+)$/.exec(arn)?.[1] ?? arn;
  if (!name.startsWith(prefix))
    throw new HeadgateError('forbidden', `The secret ${name} does not belong to this tenant.`);
  const text = await secretText(client, arn, name, signal);
  const whole = object.safeParse(parseJson(text));
  if (!whole.success)
    throw new HeadgateError(
      'invalid_credentials',
      `The secret ${name} does not hold a JSON object.`,
    );
  if (jsonKey === undefined) return whole.data;
  const part = whole.data[jsonKey];
  if (part === undefined)
    throw new HeadgateError('invalid_credentials', `The secret ${name} has no key "${jsonKey}".`);
  return part;
}

async function secretText(
  client: SecretsManagerClient,
  arn: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }), {
      abortSignal: signal,
    });
    return SecretString ?? '';
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new HeadgateError(
      'invalid_credentials',
      `The secret ${name} does not exist any more. Enter the credentials again.`,
      { cause: error },
    );
  }
}

/** undefined for text that is no JSON: its own error message would quote the secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
