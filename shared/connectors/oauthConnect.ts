/** A text with fields of config or credentials in it. */
export type FilledText =
  | string
  | readonly (string | { readonly config: string } | { readonly credential: string })[];

/** How a person agrees in the browser: the authorization code of RFC 6749, section 4.1. */
export interface OAuthConnect {
  readonly authorizeUrl: FilledText;
  readonly tokenUrl: FilledText;
  readonly clientAuth: 'body' | 'basic' | 'none';
  readonly scope?: FilledText;
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The vendor knows RFC 7636; sent to one that does not, it might refuse. */
  readonly pkce: boolean;
  /** Further fields of the request that trades the code for tokens. */
  readonly tokenParameters?: Readonly<Record<string, string>>;
  /** Fields of the credentials: what the person enters beforehand, and where the refresh token goes. */
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly refreshToken: string;
  /** The vendor's access tokens do not end: what goes into that field is one of them. */
  readonly keepsAccessToken?: true;
}
