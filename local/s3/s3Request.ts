import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3Error.ts';

/** A request as S3 sees it, path style: `/<bucket>/<key>?<query>`. */
export interface S3Request {
  readonly method: string;
  /** Percent-encoded, as it was sent: it is signed, and no `..` in it is ever resolved. */
  readonly path: string;
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Empty for requests to the bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names. A presigned URL's `x-amz-*` parameters count as headers, as they do on S3. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly incoming: IncomingMessage;
}

export const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** S3's limit, in bytes of UTF-8. */
const longestKeyBytes = 1024;

/** @throws S3Error InvalidURI, KeyTooLongError */
export function parseRequest(incoming: IncomingMessage): S3Request {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (!path.startsWith('/')) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  const slash = path.indexOf('/', 1);
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (Buffer.byteLength(key) > longestKeyBytes)
    throw new S3Error('KeyTooLongError', 'Your key is too long', {
      elements: { Size: Buffer.byteLength(key), MaxSizeAllowed: longestKeyBytes },
    });
  const query = new Map<string, string>();
  for (const pair of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')));
  }
  const headers: Record<string, string | undefined> = Object.create(null);
  if (query.has('X-Amz-Signature'))
    for (const [name, value] of query)
      if (/^x-amz-/i.test(name)) headers[name.toLowerCase()] = value;
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return { method: incoming.method ?? 'GET', path, bucket, key, query, headers, incoming };
}
