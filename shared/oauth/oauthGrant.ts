/** How access tokens are had: RFC 6749, and RFC 7523 for `jwt`. Holds secrets: never logged, never stored as it is. */
export interface OAuthGrant {
  readonly tokenUrl: string;
  readonly grant: 'refresh_token' | 'client_credentials' | 'jwt' | 'authorization_code';
  /** `basic`: an Authorization header. `body`: fields of the request. `none`: a public client, or a signed assertion. */
  readonly clientAuth: 'body' | 'basic' | 'none';
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** As the user entered it; later ones are kept in its place. For `refresh_token`. */
  readonly refreshToken?: string;
  /** For `authorization_code`: good once. */
  readonly code?: {
    readonly value: string;
    readonly redirectUri: string;
    /** Of PKCE. */
    readonly verifier: string | null;
  };
  readonly scope?: string;
  /** Further fields of the request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** For `jwt`. */
  readonly assertion?: {
    readonly issuer: string;
    readonly subject?: string;
    readonly audience: string;
    /** PEM, RSA. */
    readonly privateKey: string;
    readonly keyId?: string;
    readonly lifetimeSeconds: number;
  };
  /** Life of a token where the answer does not tell. */
  readonly lifetimeSeconds: number;
}

export interface AccessToken {
  readonly token: string;
  /** Other texts of the token endpoint's answer, e.g. `instance_url`. No tokens. */
  readonly answer: Readonly<Record<string, string>>;
}
