import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { LocalService } from '../localService.ts';
import { readBody } from '../protocol/readBody.ts';
import { signInPage } from './signInPage.ts';

export interface IssuerOptions {
  /** Where it is reached: `http://127.0.0.1:<port>/oidc`. Asked with each request. */
  readonly url: () => string;
  readonly clientId: string;
  readonly now?: () => number;
  readonly tokenSeconds?: number;
}

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly nonce: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly until: number;
}

const codeMilliseconds = 60_000;
const keyId = 'development';

/**
 * The development issuer: an OpenID provider that lets anybody on this machine be whoever they say, so that sign-in can be
 * tried and tested as it is deployed. Authorization code with PKCE (S256) only, and only back to this machine. Its key is
 * made anew with each start.
 */
export function openIssuer({
  url,
  clientId,
  now = Date.now,
  tokenSeconds = 8 * 3600,
}: IssuerOptions): LocalService {
  let keys: Promise<{ readonly publicKey: CryptoKey; readonly privateKey: CryptoKey }> | null =
    null;
  const keyPair = () => (keys ??= generateKeyPair('ES256'));
  const grants = new Map<string, Grant>();

  const json = (response: ServerResponse, status: number, body: object): void => {
    response
      .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(body));
  };
  const page = (response: ServerResponse, status: number, html: string): void => {
    response
      .writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      })
      .end(html);
  };

  /** What is wrong with an authorization request; null when nothing is. */
  const wrong = (query: URLSearchParams): string | null => {
    if (query.get('client_id') !== clientId) return 'client_id is not known';
    if (
      !/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(
        query.get('redirect_uri') ?? '',
      )
    )
      return 'redirect_uri must be on this machine';
    if (query.get('response_type') !== 'code') return 'response_type must be code';
    if (query.get('code_challenge_method') !== 'S256' || !query.get('code_challenge'))
      return 'PKCE with S256 is required';
    return null;
  };

  const authorize = async (
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): Promise<void> => {
    const problem = wrong(query);
    if (problem !== null)
      return page(response, 400, `<p>The request is not valid: ${problem}.</p>`);
    if (request.method === 'GET') return page(response, 200, signInPage());
    const form = new URLSearchParams((await readBody(request)).toString('utf8'));
    const code = randomBytes(24).toString('base64url');
    const name = form.get('name') || 'developer';
    grants.set(code, {
      challenge: query.get('code_challenge') ?? '',
      redirectUri: query.get('redirect_uri') ?? '',
      nonce: query.get('nonce') ?? '',
      claims: {
        sub: name,
        name,
        tenant: form.get('tenant') || 'default',
        roles: [form.get('role') || 'admin'],
      },
      until: now() + codeMilliseconds,
    });
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(303, { location: back.href }).end();
  };

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams((await readBody(request)).toString('utf8'));
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    // A code is good once, also when it is refused.
    grants.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (
      form.get('grant_type') !== 'authorization_code' ||
      form.get('client_id') !== clientId ||
      grant === undefined ||
      grant.until < now() ||
      grant.redirectUri !== form.get('redirect_uri') ||
      grant.challenge !== challenge
    )
      return json(response, 400, { error: 'invalid_grant' });
    const seconds = Math.floor(now() / 1000);
    const { privateKey } = await keyPair();
    const idToken = await new SignJWT({ ...grant.claims, nonce: grant.nonce })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(url())
      .setAudience(clientId)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + tokenSeconds)
      .sign(privateKey);
    json(response, 200, {
      id_token: idToken,
      access_token: randomBytes(24).toString('base64url'),
      token_type: 'Bearer',
      expires_in: tokenSeconds,
    });
  };

  return {
    name: 'oidc',
    accepts: (request) => (request.url ?? '').startsWith('/oidc/'),
    async handle(request, response) {
      try {
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
        const route = `${request.method} ${pathname.slice('/oidc'.length)}`;
        const issuer = url();
        if (route === 'GET /.well-known/openid-configuration')
          json(response, 200, {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/jwks`,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['ES256'],
            code_challenge_methods_supported: ['S256'],
          });
        else if (route === 'GET /jwks')
          json(response, 200, {
            keys: [
              {
                ...(await exportJWK((await keyPair()).publicKey)),
                kid: keyId,
                alg: 'ES256',
                use: 'sig',
              },
            ],
          });
        else if (/^(GET|POST) \/authorize$/.test(route))
          await authorize(request, response, searchParams);
        else if (route === 'POST /token') await token(request, response);
        else json(response, 404, { error: 'not_found' });
      } catch {
        // The client went away, or sent more than a request may hold.
        response.destroy();
      }
    },
    async close() {
      grants.clear();
    },
  };
}
