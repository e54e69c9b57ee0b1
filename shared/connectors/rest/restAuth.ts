import type { Text } from './texts.ts';

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
