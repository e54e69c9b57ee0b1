import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { HeadgateError } from '../../shared/errors.ts';
import type { SnowflakeConfig, SnowflakeCredentials } from './snowflakeConfig.ts';

/** What Snowflake calls a kind of token. */
export type TokenType = 'KEYPAIR_JWT' | 'PROGRAMMATIC_ACCESS_TOKEN' | 'OAUTH';

export interface SignedIn {
  readonly bearer: string;
  readonly tokenType: TokenType;
}

/** Snowflake takes an hour at most; a session is over long before. */
const lifetimeSeconds = 55 * 60;

/**
 * A token for the credentials that are there: a key pair before tokens. Throws `invalid_credentials` for a key that
 * cannot be read, or where nothing is complete.
 * https://docs.snowflake.com/en/developer-guide/sql-api/authenticating
 */
export function signIn(
  { account }: Pick<SnowflakeConfig, 'account'>,
  credentials: SnowflakeCredentials,
  now: Date,
): SignedIn {
  const { user, privateKey, privateKeyPassphrase, accessToken, oauthToken } = credentials;
  if (privateKey !== undefined && user !== undefined)
    return {
      bearer: keyPairToken(account, user, privateKey, privateKeyPassphrase, now),
      tokenType: 'KEYPAIR_JWT',
    };
  if (accessToken !== undefined)
    return { bearer: accessToken, tokenType: 'PROGRAMMATIC_ACCESS_TOKEN' };
  if (oauthToken !== undefined) return { bearer: oauthToken, tokenType: 'OAUTH' };
  throw new HeadgateError(
    'invalid_credentials',
    'The credentials are not complete: user and privateKey; or accessToken; or oauthToken.',
  );
}

function keyPairToken(
  account: string,
  user: string,
  pem: string,
  passphrase: string | undefined,
  now: Date,
): string {
  const key = privateKeyOf(pem, passphrase);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const fingerprint = createHash('sha256').update(publicKey).digest('base64');
  // Without the region that an account locator may have behind it.
  const name = `${account.split('.')[0] ?? ''}.${user}`.toUpperCase();
  const seconds = Math.floor(now.getTime() / 1000);
  const claims = {
    iss: `${name}.SHA256:${fingerprint}`,
    sub: name,
    iat: seconds,
    exp: seconds + lifetimeSeconds,
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

function privateKeyOf(pem: string, passphrase: string | undefined) {
  try {
    // Copied from JSON, line ends are two characters.
    const key = pem.replaceAll('\\n', '\n');
    return createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  } catch {
    // The error of OpenSSL says nothing that helps, and may quote.
    throw new HeadgateError(
      'invalid_credentials',
      'The private key cannot be read. Give a PEM key (PKCS #8), and its passphrase if it is encrypted.',
    );
  }
}
