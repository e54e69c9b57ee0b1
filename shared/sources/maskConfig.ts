import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';

import type { Json } from '../json.ts';
import { secretFieldNames } from './describeConnector.ts';

export const mask = '***';

/** Names that mean a secret in whatever a draft or an unknown connector holds. */
const secretName =
  /(^|[a-z_-])(password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credentials?|connection[_-]?string)$/i;
const secretParameter =
  /^(sig|signature|x-amz-signature|x-amz-security-token|.*(token|secret|password|key))$/i;

type Config = Readonly<Record<string, Json>>;

/**
 * A configuration as it may be shown: values of fields that the connector marks secret, or whose name says so,
 * and passwords inside URLs become `***`.
 */
export function maskConfig(config: Config, schema: z.ZodType | null): Record<string, Json> {
  const marked = schema === null ? new Set<string>() : secretFieldNames(schema);
  const hide = (value: Json, name: string | null): Json => {
    if (name !== null && (marked.has(name) || secretName.test(name)) && isValue(value)) return mask;
    if (typeof value === 'string') return maskUrl(value);
    if (Array.isArray(value)) return value.map((each) => hide(each, null));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hide(each, key)]));
  };
  return hide(config, null) as Record<string, Json>;
}

/** An empty value hides nothing, and "tokens: 3" or "secret: false" is no secret. */
const isValue = (value: Json): boolean =>
  (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null);

function maskUrl(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  const secrets = [...url.searchParams].filter(
    ([name, value]) => secretParameter.test(name) && value !== '',
  );
  if (url.password === '' && secrets.length === 0) return text;
  // Edited in the text, because URL would spell the rest differently.
  let masked = text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, `$1:${mask}@`);
  for (const [name] of secrets)
    masked = masked.replace(
      new RegExp(`([?&]${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}=)[^&#]*`),
      `$1${mask}`,
    );
  return masked;
}

/** Puts back what was masked: where the caller sends a value just as it was shown, the stored one stays. */
export function unmaskConfig(sent: Config, stored: Config, schema: z.ZodType | null): Config {
  const shown = maskConfig(stored, schema);
  const restore = (value: Json, was: Json | undefined, now: Json | undefined): Json => {
    if (now !== undefined && was !== undefined && isDeepStrictEqual(value, now)) return was;
    if (!isObject(value) || !isObject(was) || !isObject(now)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, restore(each, was[key], now[key])]),
    );
  };
  return restore(sent, stored, shown) as Config;
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
