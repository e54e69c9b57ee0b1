import { compareKeys, endOfPrefix } from './keyOrder.ts';

/** What is listed: rows of a table, in key order. */
export interface Listing<Row> {
  readonly prefix: string;
  /** Empty: keys are not grouped. */
  readonly delimiter: string;
  /** The listing starts behind this key, or behind this common prefix. */
  readonly after: string;
  readonly limit: number;
  /** Up to `count` rows in listing order, from `position` on. */
  readonly page: (position: Position<Row>, count: number) => readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Whether a row whose key is `after` itself is still to come; never, unless given. */
  readonly restOfKey?: (row: Row) => boolean;
}

/** Where a page starts: at a key (included), or behind a row. */
export type Position<Row> = { readonly from: string } | { readonly behind: Row };

export type Entry<Row> =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface Listed<Row> {
  readonly entries: readonly Entry<Row>[];
  readonly truncated: boolean;
}

/** The first page when keys are grouped: most of it is skipped again. Doubled while nothing is. */
const firstPageRows = 32;
const largestPageRows = 1000;

/**
 * Groups keys by delimiter as S3 lists them: entries come in key order, a common prefix once, and each counts
 * as one towards the limit. Keys below a common prefix are skipped, not read.
 */
export function listEntries<Row>(listing: Listing<Row>): Listed<Row> {
  const { prefix, delimiter, after, limit, keyOf, restOfKey } = listing;
  const entries: Entry<Row>[] = [];
  if (limit === 0) return { entries, truncated: false };
  let position: Position<Row> = { from: compareKeys(after, prefix) > 0 ? after : prefix };
  let pageRows = delimiter === '' ? largestPageRows : firstPageRows;
  for (;;) {
    const rows = listing.page(position, pageRows);
    let skipTo: string | null | undefined;
    for (const row of rows) {
      position = { behind: row };
      const key = keyOf(row);
      if (!key.startsWith(prefix)) return { entries, truncated: false };
      if (key === after && restOfKey?.(row) !== true) continue;
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      const commonPrefix = cut < 0 ? null : key.slice(0, cut + delimiter.length);
      // Given before this listing began; what lies below it is skipped.
      const given = commonPrefix !== null && after.startsWith(commonPrefix);
      if (!given) {
        if (entries.length === limit) return { entries, truncated: true };
        entries.push(
          commonPrefix === null ? { kind: 'row', row } : { kind: 'prefix', prefix: commonPrefix },
        );
      }
      if (commonPrefix === null) continue;
      skipTo = endOfPrefix(commonPrefix);
      break;
    }
    if (skipTo === null) return { entries, truncated: false };
    if (skipTo === undefined) {
      if (rows.length < pageRows) return { entries, truncated: false };
      pageRows = Math.min(2 * pageRows, largestPageRows);
    } else {
      position = { from: skipTo };
      pageRows = firstPageRows;
    }
  }
}
