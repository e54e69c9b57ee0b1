import type { ErrorCode } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Connector, Context } from '../connector.ts';
import type { OAuthConnect } from '../oauthConnect.ts';
import type { RequestLimit } from '../rateLimit.ts';
import type { Path } from './paths.ts';
import type { RestAuth } from './restAuth.ts';
import type { RestClient } from './restClient.ts';
import type { RestRequest } from './restRequest.ts';
import type { RestStream } from './restStream.ts';
import type { Text } from './texts.ts';

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
