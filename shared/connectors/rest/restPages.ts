import type { Json } from '../../json.ts';
import type { Path } from './paths.ts';
import type { RestClient } from './restClient.ts';
import type { RestColumn } from './restColumn.ts';
import type { Place, RestRequest } from './restRequest.ts';

/** How the next page is found. A page that is the last says so by having no next one. */
export type Paging =
  | { readonly kind: 'none' }
  /** A token in the answer, sent along with the same request. `more`: only where this is true; `end`: not where this is. */
  | {
      readonly kind: 'token';
      readonly next: Path;
      readonly to: Place;
      readonly more?: Path;
      readonly end?: Path;
    }
  /** The whole address of the next page, in the answer. */
  | { readonly kind: 'nextUrl'; readonly next: Path }
  /** The same in a Link header, `rel="next"` (RFC 8288). */
  | { readonly kind: 'linkHeader' }
  /** Number of records to skip. The last page is not full. */
  | { readonly kind: 'offset'; readonly to: Place }
  /** Number of the page. The last page is not full. */
  | { readonly kind: 'page'; readonly to: Place; readonly first: number }
  /** The last record's key, sent along. Without `more`, the last page is not full. */
  | { readonly kind: 'lastKey'; readonly key: Path; readonly to: Place; readonly more?: Path }
  /** Values of the last record's fields, for the `request` hook. Without `more`, the last page is not full. */
  | {
      readonly kind: 'keyset';
      readonly keys: readonly Path[];
      readonly more?: Path;
      /** Says that a page was cut short, so that there is more although it is not full. */
      readonly cutShort?: { readonly at: Path; readonly is: Json };
    }
  /**
   * What none of these can say: which records of an answer are delivered, and the mark of the next page for the
   * `request` hook, null after the last. MUST have no effects: it is asked more than once.
   */
  | {
      readonly kind: 'own';
      readonly turn: (
        page: Json,
        records: readonly Json[],
        body: Json,
      ) => { readonly records: readonly Json[]; readonly next: Json };
    };

/** Where a read stands, for the `request` hook. Times are ISO 8601 with milliseconds, UTC. */
export interface PageState {
  /** From here on, inclusive; null: from the beginning. */
  readonly lower: string | null;
  /** Up to here, exclusive. */
  readonly upper: string;
  /** What paging found for this page; null on the first. */
  readonly page: Json;
  /** Those that are delivered; none where nobody knows them. */
  readonly columns: readonly RestColumn[];
}

/** A list that comes in pages. */
export interface RestPages<Config, Credentials> extends RestRequest<Config, Credentials> {
  readonly records: Path;
  /** An empty list is left out of the answer. Else an answer without its list is an error, not an empty page. */
  readonly leavesOutEmpty?: true;
  readonly paging: Paging;
  /** Without a place, the `request` hook says it. */
  readonly size?: { readonly to?: Place; readonly records: number };
  /** What the request holds besides, where the source wants an expression or a query. */
  readonly request?: (
    state: PageState,
    client: RestClient<Config, Credentials>,
  ) => Partial<Pick<RestRequest<Config, Credentials>, 'path' | 'query' | 'body'>>;
  /** Where to go on when the source no longer knows the place of this page; null: from the list's beginning. */
  readonly recover?: (page: Json) => Json;
  /**
   * Looks closer at a page's records: the whole of what the list only names. MUST answer an outcome for every record
   * that still exists or is gone.
   */
  readonly expand?: (
    records: readonly Json[],
    client: RestClient<Config, Credentials>,
    /** Those that are delivered. */
    columns: readonly RestColumn[],
  ) => Promise<readonly RestOutcome[]>;
}

/** What a record of a page turns out to be. A record that is gone needs its key fields only. */
export type RestOutcome = { readonly record: Json } | { readonly gone: Json };
