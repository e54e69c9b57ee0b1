import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { withAt } from './paths.ts';
import type { Place, RestRequest } from './restRequest.ts';
import type { Text } from './texts.ts';
import { type Filling, plainText, textOf } from './texts.ts';

/** A request but for its signature. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly [name: string]: Json } | undefined;
  readonly limit: string | undefined;
  readonly unread: boolean;
}

/** A value and where it goes. */
export type Placed = readonly [place: Place, value: Json];

/** The request of a spec with its texts filled in and values put in their places. */
export function buildRequest<Config, Credentials>(
  baseUrl: string,
  request: RestRequest<Config, Credentials>,
  filling: Filling,
  placed: readonly Placed[] = [],
): PlainRequest {
  const url = new URL(baseUrl + textOf(request.path, filling));
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (typeof value === 'object' && 'each' in value)
      for (const each of value.each) url.searchParams.append(name, each);
    else url.searchParams.set(name, textOf(value as Text<Config, Credentials>, filling));
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(request.headers ?? {}))
    headers[name] = textOf(text, filling);
  let { body } = request;
  for (const [place, value] of placed)
    if ('query' in place) url.searchParams.set(place.query, plainText(value));
    else if ('header' in place) headers[place.header] = plainText(value);
    else body = withAt(body ?? {}, place.body, value);
  const { method = 'GET', limit, unread = false } = request;
  return { method, url, headers, body, limit, unread };
}

/**
 * An address that the source gave, e.g. of the next page. MUST lie at the source's own origin: the credentials go
 * along. Throws `source_answer_invalid`.
 */
export function ownUrl(address: string, baseUrl: string): URL {
  const base = new URL(baseUrl);
  const url = URL.canParse(address, baseUrl) ? new URL(address, base) : null;
  if (url?.origin === base.origin) return url;
  throw new HeadgateError(
    'source_answer_invalid',
    `${base.origin} named an address elsewhere as its next page: ${url?.origin ?? 'no address'}.`,
  );
}
