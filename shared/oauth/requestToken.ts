import { createPrivateKey, sign } from 'node:crypto';
import * as z from 'zod';
import { hideSecrets } from '../connectors/hideSecrets.ts';
import { HeadgateError } from '../errors.ts';
import { plainUrl } from '../http/safeUrl.ts';
import type { RetryInit } from '../http/withRetries.ts';
import type { OAuthGrant } from './oauthGrant.ts';
import type { Tokens } from './sealTokens.ts';

const success = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
  refresh_token: z.string().min(1).optional().catch(undefined),
});
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** Errors after which the same grant is refused again. Source: RFC 6749, section 5.2. */
const final = ['invalid_grant', 'invalid_client', 'unauthorized_client', 'access_denied'];
const timeoutMilliseconds = 30_000;

export interface NewTokens {
  readonly tokens: Tokens;
  readonly lifetimeSeconds: number;
}

/**
 * Asks a token endpoint once. A refresh token may be good for one use only, so nothing is sent twice that may have been
 * heard. Throws `invalid_credentials` for a grant that is refused, `source_unreachable`, `source_answer_invalid`.
 */
export async function requestToken(
  fetch: typeof globalThis.fetch,
  grant: OAuthGrant,
  now: Date,
  signal: AbortSignal,
): Promise<NewTokens> {
  const url = new URL(grant.tokenUrl);
  const fields = new URLSearchParams({ ...grantFields(grant, now), ...grant.parameters });
  if (grant.scope !== undefined) fields.set('scope', grant.scope);
  const headers: Record<string, string> = { accept: 'application/json' };
  const { clientId = '', clientSecret = '' } = grant;
  if (grant.clientAuth === 'basic')
    headers['authorization'] =
      `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`;
  else if (clientId !== '') fields.set('client_id', clientId);
  if (grant.clientAuth === 'body' && clientSecret !== '') fields.set('client_secret', clientSecret);
  const init: RetryInit = {
    method: 'POST',
    headers,
    body: fields,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
    retry: {
      repeatable: grant.grant !== 'refresh_token' && grant.grant !== 'authorization_code',
      givesRefusals: true,
    },
  };
  const response = await fetch(url, init);
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refused(grant, response.status, body);
  const parsed = success.safeParse(body);
  if (!parsed.success) {
    // Some refuse with status 200.
    if (refusal.safeParse(body).success) throw refused(grant, response.status, body);
    throw new HeadgateError(
      'source_answer_invalid',
      `The token endpoint ${plainUrl(url)} answered without an access token.`,
    );
  }
  const { access_token, refresh_token, expires_in } = parsed.data;
  const others = Object.entries(body as Record<string, unknown>).filter(
    ([name, value]) => typeof value === 'string' && !/token|secret|signature/i.test(name),
  ) as [string, string][];
  return {
    tokens: {
      accessToken: access_token,
      ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
      answer: Object.fromEntries(others),
    },
    lifetimeSeconds: expires_in ?? grant.lifetimeSeconds,
  };
}

function grantFields(grant: OAuthGrant, now: Date): Record<string, string> {
  switch (grant.grant) {
    case 'refresh_token':
      return { grant_type: 'refresh_token', refresh_token: grant.refreshToken ?? '' };
    case 'authorization_code': {
      const { value = '', redirectUri = '', verifier = null } = grant.code ?? {};
      return {
        grant_type: 'authorization_code',
        code: value,
        redirect_uri: redirectUri,
        ...(verifier === null ? {} : { code_verifier: verifier }),
      };
    }
    case 'client_credentials':
      return { grant_type: 'client_credentials' };
    case 'jwt':
      return {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertionOf(grant.assertion, grant.scope, now),
      };
  }
}

/** Source: RFC 7523, section 3. The scope goes into the claims, too, where Google looks for it. */
function assertionOf(
  assertion: OAuthGrant['assertion'],
  scope: string | undefined,
  now: Date,
): string {
  if (assertion === undefined) throw new Error('a jwt grant needs its assertion');
  const seconds = Math.floor(now.getTime() / 1000);
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = {
    alg: 'RS256',
    typ: 'JWT',
    ...(assertion.keyId === undefined ? {} : { kid: assertion.keyId }),
  };
  const claims = {
    iss: assertion.issuer,
    ...(assertion.subject === undefined ? {} : { sub: assertion.subject }),
    aud: assertion.audience,
    iat: seconds,
    exp: seconds + assertion.lifetimeSeconds,
    ...(scope === undefined ? {} : { scope }),
  };
  const text = `${encode(head)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), keyOf(assertion.privateKey));
  return `${text}.${signature.toString('base64url')}`;
}

function keyOf(pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    // Its message may quote the key.
    throw new HeadgateError('invalid_credentials', 'The private key is not a PEM private key.');
  }
}

/** The code of the refusal only, and none that holds what was sent: descriptions may quote it. */
function refused(grant: OAuthGrant, status: number, body: unknown): HeadgateError {
  const url = new URL(grant.tokenUrl);
  const { error = '' } = refusal.safeParse(body).data ?? {};
  const sent = [grant.clientSecret, grant.refreshToken, grant.code?.value, grant.code?.verifier];
  const isQuoted =
    hideSecrets(
      error,
      sent.filter((each) => each != null),
    ) !== error;
  const code = /^[\w.-]{1,60}$/.test(error) && !isQuoted ? error : null;
  const where = `The token endpoint ${plainUrl(url)} answered ${status}${code === null ? '' : ` ${code}`}`;
  const facts = { url: plainUrl(url), status, error: code };
  if (status === 401 || (code !== null && final.includes(code)))
    return new HeadgateError(
      'invalid_credentials',
      `${where}: the connection has ended or its credentials are wrong. Connect again and enter the new credentials.`,
      { facts },
    );
  return new HeadgateError('source_answer_invalid', `${where}.`, { facts });
}
