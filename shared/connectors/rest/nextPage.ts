import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Placed } from './buildRequest.ts';
import { at } from './paths.ts';
import type { RestAnswer } from './restClient.ts';
import type { Paging, RestPages } from './restPages.ts';

type Pages = Pick<RestPages<unknown, unknown>, 'paging' | 'size'>;

/** Where the page's mark goes; nothing on the first page, or where the `request` hook says it. */
export function placeOfPage(paging: Paging, page: Json): readonly Placed[] {
  switch (paging.kind) {
    case 'token':
    case 'lastKey':
      return page === null ? [] : [[paging.to, page]];
    case 'offset':
      return [[paging.to, page ?? 0]];
    case 'page':
      return [[paging.to, page ?? paging.first]];
    default:
      return [];
  }
}

/** The mark of the page after this one; null when it was the last. Throws `source_answer_invalid`. */
export function nextPageOf(
  { paging, size }: Pages,
  page: Json,
  answer: RestAnswer,
  records: readonly Json[],
): Json {
  const isFull = size === undefined ? records.length > 0 : records.length >= size.records;
  const goesOn = (more: string | undefined): boolean =>
    records.length > 0 && (more === undefined ? isFull : at(answer.body, more) === true);
  switch (paging.kind) {
    case 'none':
      return null;
    case 'token': {
      if (paging.more !== undefined && at(answer.body, paging.more) !== true) return null;
      if (paging.end !== undefined && at(answer.body, paging.end) === true) return null;
      return markOf(at(answer.body, paging.next));
    }
    case 'nextUrl':
      return addressOf(markOf(at(answer.body, paging.next)), answer.url);
    case 'linkHeader':
      return addressOf(nextLink(answer.headers.get('link')), answer.url);
    case 'offset':
      return isFull ? Number(page ?? 0) + records.length : null;
    case 'page':
      return isFull ? Number(page ?? paging.first) + 1 : null;
    case 'lastKey':
      return goesOn(paging.more) ? keyOf(records.at(-1), paging.key) : null;
    case 'keyset': {
      const { cutShort } = paging;
      const isCut = cutShort !== undefined && at(answer.body, cutShort.at) === cutShort.is;
      return goesOn(paging.more) || (isCut && records.length > 0)
        ? paging.keys.map((key) => keyOf(records.at(-1), key))
        : null;
    }
    case 'own':
      return paging.turn(page, records, answer.body).next;
  }
}

const markOf = (value: Json | undefined): Json =>
  value === undefined || value === '' || value === false ? null : value;

const addressOf = (address: Json, base: URL): Json =>
  typeof address === 'string' && URL.canParse(address, base.href)
    ? new URL(address, base).href
    : address;

function keyOf(record: Json | undefined, key: string): Json {
  const value = at(record, key);
  if (value !== undefined && value !== null) return value;
  throw new HeadgateError(
    'source_answer_invalid',
    `The last record of a page has no "${key}" to go on from.`,
  );
}

/** The address of `rel="next"`. Source: RFC 8288, section 3. */
function nextLink(header: string | null): string | null {
  for (const [, address, parameters] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g))
    if (
      /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next)(?:\s*[;,]|\s*$)/i.test(
        parameters ?? '',
      )
    )
      return address ?? null;
  return null;
}
