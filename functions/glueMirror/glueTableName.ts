import { createHash } from 'node:crypto';

const plainPart = /^[a-z0-9]+(?:_[a-z0-9]+)*$/;
/** Glue's own limit is 255. */
const longestName = 200;

/**
 * The name of a stream's table in the Glue database, which all tenants share:
 * `<tenant>__<namespace>__<table>`, and `…__rejects` for the table of rejected rows. Letters, digits and `_` only.
 * Two streams never get one name: parts that are not plain (lower case, digits, single underscores within), or too
 * long, are simplified and told apart by `___` and a hash, which no plain name contains.
 */
export function glueTableName(tenant: string, table: string, rejects: boolean): string {
  const [namespace = '', ...rest] = table.split('.');
  const parts = [tenant, namespace, rest.join('.'), ...(rejects ? ['rejects'] : [])];
  const name = parts.join('__');
  if (parts.every((part) => plainPart.test(part)) && name.length <= longestName) return name;
  const simple = parts
    .map((part) => part.toLowerCase().replace(/[^a-z0-9]+/g, '_'))
    .join('__')
    .replace(/_{3,}/g, '__')
    .slice(0, longestName);
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return `${simple}___${hash}`;
}
