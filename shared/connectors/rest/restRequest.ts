import type { Json } from '../../json.ts';
import type { Path } from './paths.ts';
import type { Text } from './texts.ts';

/** Where a value goes in a request; a path in the body makes the objects on its way. */
export type Place =
  | { readonly query: string }
  | { readonly header: string }
  | { readonly body: Path };

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
