import { createHmac } from 'node:crypto';

/** Headers that stand in a signature by their value alone, in this order. */
const plainHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/**
 * The Authorization header of a request. `headers` are all that are sent and matter, by their lower-case names.
 * Source: "Authorize with Shared Key", Microsoft Learn.
 */
export function sharedKey(
  url: URL,
  headers: Readonly<Record<string, string>>,
  account: string,
  key: Uint8Array,
  method = 'GET',
): string {
  const extra = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-ms-'))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const query = [...url.searchParams]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `\n${name.toLowerCase()}:${value}`);
  const text = [
    method,
    ...plainHeaders.map((name) => headers[name] ?? ''),
    `${extra.join('')}/${account}${url.pathname}${query.join('')}`,
  ].join('\n');
  const signature = createHmac('sha256', key).update(text, 'utf8').digest('base64');
  return `SharedKey ${account}:${signature}`;
}
