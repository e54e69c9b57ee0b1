import type { Json } from '../../json.ts';
import type { StreamDescription } from '../connector.ts';
import type { Path } from './paths.ts';
import type { RestClient } from './restClient.ts';
import type { RestColumn } from './restColumn.ts';
import type { RestPages } from './restPages.ts';
import type { Place } from './restRequest.ts';

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
