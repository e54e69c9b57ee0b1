import type { ErrorCode } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Column } from '../../lake/schema.ts';
import type { Connector, Context, StreamDescription } from '../connector.ts';
import type { OAuthConnect } from '../oauthConnect.ts';
import type { RequestLimit } from '../rateLimit.ts';
import type { RestClient } from './restClient.ts';

/**
 * Dotted names from the outside in, `data.customers.nodes`; `0` is the first of a list, '' the whole. A dot that is part
 * of a name is written `\\.`.
 */
export type Path = string;

/** A text: given, taken from a field of config or credentials, or pieces of these joined. */
export type Text<Config, Credentials> =
  | Piece<Config, Credentials>
  | readonly Piece<Config, Credentials>[];
type Piece<Config, Credentials> =
  | string
  | { readonly config: keyof Config & string }
  | { readonly credential: keyof Credentials & string };

/** Where a value goes in a request; a path in the body makes the objects on its way. */
export type Place =
  | { readonly query: string }
  | { readonly header: string }
  | { readonly body: Path };

/** How requests are signed. Of several ways the first applies whose credential fields are all there. */
export type RestAuth<Config, Credentials> =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: keyof Credentials & string }
  | {
      readonly kind: 'header';
      readonly name: string;
      /** Before the value, e.g. `Klaviyo-API-Key `. */
      readonly prefix?: string;
      readonly value: keyof Credentials & string;
    }
  | { readonly kind: 'query'; readonly name: string; readonly value: keyof Credentials & string }
  | {
      readonly kind: 'basic';
      readonly user: Text<Config, Credentials>;
      readonly password: Text<Config, Credentials>;
    }
  | RestOAuth<Config, Credentials>;

/** An access token of an OAuth 2.0 token endpoint, sent as bearer, or alone in a header of the source's own. */
export interface RestOAuth<Config, Credentials> {
  readonly kind: 'oauth';
  readonly header?: string;
  readonly grant: 'refresh_token' | 'client_credentials' | 'jwt';
  readonly tokenUrl: Text<Config, Credentials>;
  /** How the client says who it is. */
  readonly clientAuth: 'body' | 'basic' | 'none';
  readonly clientId?: keyof Credentials & string;
  readonly clientSecret?: keyof Credentials & string;
  /** For `refresh_token`. */
  readonly refreshToken?: keyof Credentials & string;
  readonly scope?: Text<Config, Credentials>;
  /** Further fields of the token request. */
  readonly parameters?: Readonly<Record<string, Text<Config, Credentials>>>;
  /** For `jwt`: the assertion of RFC 7523, signed with RS256. */
  readonly assertion?: {
    readonly issuer: Text<Config, Credentials>;
    readonly subject?: Text<Config, Credentials>;
    readonly audience: Text<Config, Credentials>;
    readonly privateKey: keyof Credentials & string;
    readonly keyId?: Text<Config, Credentials>;
    readonly lifetimeSeconds: number;
  };
  /** Life of a token where the answer does not tell. */
  readonly lifetimeSeconds: number;
}

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

export interface RestRequest<Config, Credentials> {
  readonly method?: 'GET' | 'POST';
  /** Below the base address. */
  readonly path: Text<Config, Credentials>;
  /** A list repeats the parameter. */
  readonly query?: Readonly<
    Record<string, Text<Config, Credentials> | { readonly each: readonly string[] }>
  >;
  readonly headers?: Readonly<Record<string, Text<Config, Credentials>>>;
  readonly body?: { readonly [name: string]: Json };
  /** The limit it counts under. Default: the connector's first. */
  readonly limit?: string;
  /** An answer of success is given unread, for one that is longer than a page may be. */
  readonly unread?: true;
}

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

export type TimeFormat = 'iso' | 'epochSeconds' | 'epochMilliseconds';

/** Changes in a window of time on a field of the record. */
export interface RestWindow<Config, Credentials> {
  readonly kind: 'window';
  /** Default: those of the full read. */
  readonly pages?: RestPages<Config, Credentials>;
  /** The time in the record by which it is found. */
  readonly time: Path;
  readonly format: TimeFormat;
  /** Parameters of the window; left out where the `request` hook says it. */
  readonly from?: Place;
  readonly to?: Place;
  /** Of the parameters. Default: `format`. */
  readonly sends?: TimeFormat;
  /**
   * How pages arrive by that time. Of `ascending` ones a read that lost its place goes on at the last time it saw;
   * of others it begins again.
   */
  readonly order: 'ascending' | 'descending' | 'none';
  /** The window ends this long before now, because the newest are not there yet. */
  readonly lagSeconds: number;
  /** It begins this long before the end of the last, because some appear late. */
  readonly overlapSeconds: number;
  /** For how long the source keeps changes: a read that comes later fails with `cursor_expired`. */
  readonly keptSeconds?: number;
}

/** Changes since a token that the last page of every read hands out. */
export interface RestToken<Config, Credentials> {
  readonly kind: 'token';
  /** Default: those of the full read. */
  readonly pages?: RestPages<Config, Credentials>;
  readonly next: Path;
  /** `address`: the token is the whole address of the first page of changes. */
  readonly to: Place | 'address';
  /** A read that finds nothing new may end without a token: the one it began with stays good. */
  readonly stays?: true;
}

/** A list of what was deleted, in the same windows as the changes. Its records need the key fields only. */
export interface RestDeletions<Config, Credentials> {
  /** A switch in the configuration. Default: always read. */
  readonly when?: { readonly config: keyof Config & string };
  readonly pages: RestPages<Config, Credentials>;
  readonly time: Path;
  readonly format: TimeFormat;
}

/** A column, and where in a record it comes from. */
export interface RestColumn extends Column {
  /** Default: the column's name, as one name. */
  readonly from?: Path;
  /** How the source writes it where a table wants something else. */
  readonly format?: 'epochSeconds' | 'epochMilliseconds' | 'isoOffset' | 'list';
}

export interface RestParent {
  /** A stream of the same connector; its records are read anew with each read of this one. */
  readonly stream: string;
  /** The parent's key, as the children's request takes it and as their own column. */
  readonly key: Path;
  /** `{parent}` in the path stands for the parent's key where it is not sent elsewhere. */
  readonly to?: Place;
  /** Column of the child that holds the parent's key. */
  readonly column: string;
}

export interface RestStream<Config, Credentials>
  extends Pick<StreamDescription, 'primaryKey' | 'deletes' | 'captures' | 'notes' | 'repeats'> {
  /** Given, or asked of the source: columns of its own are kept with their types. */
  readonly columns:
    | readonly RestColumn[]
    | ((client: RestClient<Config, Credentials>) => Promise<readonly RestColumn[]>)
    /** Records as they are; what they hold is found when they are loaded. */
    | null;
  /** Column that keeps, as JSON, what a record has besides. */
  readonly others?: string;
  /** Column of the time by which rows of one key are ordered; absent where a record tells none. */
  readonly cursorField?: string;
  /** How all records are read. */
  readonly pages: RestPages<Config, Credentials>;
  readonly changes?: RestWindow<Config, Credentials> | RestToken<Config, Credentials>;
  readonly deletions?: RestDeletions<Config, Credentials>;
  /** Says of a record in a list that it is gone: `is`, or any value where that is left out. */
  readonly gone?: { readonly at: Path; readonly is?: Json };
  /** Keys of rows that went because this record swallowed them. */
  readonly swallowed?: (record: Json) => readonly Json[];
  readonly parent?: RestParent;
}

/** What an answer means. The first rule that fits decides; without one the status does. */
export interface RestErrorRule {
  readonly status?: readonly number[];
  /** Any of the values there (`*` is every one of a list) equals one of `is`, or holds the text `has`. */
  readonly at?: Path;
  readonly is?: readonly Json[];
  readonly has?: string;
  readonly code: ErrorCode;
  /** What a person should do; follows the source's own message. */
  readonly advice?: string;
  /** The read lost its place in the list and begins this list again. */
  readonly lostPlace?: true;
}

/** A request that every valid credential can make. */
export interface RestCheck<Config, Credentials> extends RestRequest<Config, Credentials> {
  /** Completes "could read …". */
  readonly what: string;
}

type Described = 'name' | 'title' | 'description' | 'docs' | 'labels' | 'authMethods';

/**
 * A connector as data: everything but the hooks (functions) is JSON. What a vendor does differently is a hook in its
 * own file.
 */
export interface RestSpec<Config, Credentials>
  extends Pick<Connector<Config, Credentials>, Described | 'config' | 'credentials'>,
    RestBehaviour<Config, Credentials> {
  /** Given, or asked of the source where each account has its own. */
  readonly streams:
    | RestStreams<Config, Credentials>
    | {
        readonly ask: (
          client: RestClient<Config, Credentials>,
        ) => Promise<RestStreams<Config, Credentials>>;
        /** What any of them can do, for the catalogue. */
        readonly incremental: boolean;
        readonly dateRanges: boolean;
      };
}

/** Where the tokens of a connection come from, and the fields of the credentials that it takes and makes. */
type TokenFields = Pick<
  OAuthConnect,
  'tokenUrl' | 'clientAuth' | 'clientId' | 'clientSecret' | 'refreshToken'
>;

/** How a source is asked: a connector's own affair, or of a configuration. */
export interface RestBehaviour<Config, Credentials> {
  /** Without a slash at its end. `fromToken`: a field of the answer of the token endpoint. */
  readonly baseUrl: Text<Config, Credentials> | { readonly fromToken: string };
  /** One whose field is absent is left out. */
  readonly headers?: Readonly<Record<string, Text<Config, Credentials>>>;
  readonly auth: readonly RestAuth<Config, Credentials>[];
  /**
   * How a person connects it in the browser; what comes of it is the refresh token of `auth`, or, where `keeps` says so, an
   * access token that does not end.
   */
  readonly connect?: Omit<OAuthConnect, keyof TokenFields | 'keepsAccessToken'> & {
    readonly keeps?: TokenFields;
  };
  /** Of each credential, over all runs. The first is that of requests that name none. */
  readonly limits: readonly [RequestLimit, ...RequestLimit[]];
  readonly checks: readonly RestCheck<Config, Credentials>[];
  /** Where an error's own message stands, for people. */
  readonly errorMessage?: Path;
  readonly errors?: readonly RestErrorRule[];
  /** Statuses from 500 that trying again does not change. */
  readonly finalStatuses?: readonly number[];
  /** The wait that an answer asks for in headers of its own, in milliseconds. */
  readonly waits?: (response: Response, now: Date) => number | null;
  /**
   * Reads an answer that came with a status of success: an error in it, the wait it asks for, what is left of a quota.
   * Throws HeadgateError or ParkUntil.
   */
  readonly judge?: (
    answer: Json,
    response: Response,
    context: Context<Config, Credentials>,
  ) => void;
  /** The check reads the first page of each stream besides, and shows its first records. */
  readonly samples?: true;
}

/** A connector whose behaviour lies in its configuration. */
export interface ConfiguredRestSpec<Config, Credentials>
  extends Pick<RestSpec<Config, Credentials>, Described | 'config' | 'credentials' | 'streams'> {
  readonly behaviour: (config: Config) => RestBehaviour<Config, Credentials>;
}

export type RestStreams<Config, Credentials> = Readonly<
  Record<string, RestStream<Config, Credentials>>
>;
