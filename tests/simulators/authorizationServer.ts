import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AuthorizationServer extends AsyncDisposable {
  readonly url: string;
  /** Agrees, as the person would in the browser, to what an authorization address asks for: answers where it leads back. */
  agree(address: string): URL;
  /** Whether this refresh token still works. */
  isLive(refreshToken: string): boolean;
  /** Ends every connection, as an administrator of the vendor would. */
  revokeAll(): void;
  /** Hands out no refresh tokens from now on, as vendors do without offline access. */
  readonly options: { offline: boolean };
  /** Fields of the token requests that came. */
  readonly requests: readonly Readonly<Record<string, string>>[];
}

/** An OAuth 2.0 authorization server: code with PKCE (RFC 7636, required), client secret in the body, codes good once. */
export async function authorizationServer(client: {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  /** Handed out for each code, where another server is to know it. Default: one of its own each time. */
  readonly refreshToken?: string;
}): Promise<AuthorizationServer> {
  const codes = new Map<string, { readonly challenge: string; readonly redirectUri: string }>();
  const live = new Set<string>();
  const requests: Record<string, string>[] = [];
  const options = { offline: true };

  const answer = (fields: Record<string, string>): [number, object] => {
    const refuse = (error: string): [number, object] => [400, { error }];
    if (fields['client_id'] !== client.id || fields['client_secret'] !== client.secret)
      return [401, { error: 'invalid_client' }];
    if (fields['grant_type'] !== 'authorization_code') return refuse('unsupported_grant_type');
    const code = codes.get(fields['code'] ?? '');
    codes.delete(fields['code'] ?? '');
    const challenge = createHash('sha256')
      .update(fields['code_verifier'] ?? '')
      .digest('base64url');
    if (code?.challenge !== challenge || code.redirectUri !== fields['redirect_uri'])
      return refuse('invalid_grant');
    const refreshToken = client.refreshToken ?? randomBytes(16).toString('hex');
    live.add(refreshToken);
    return [
      200,
      {
        access_token: randomBytes(16).toString('hex'),
        token_type: 'bearer',
        expires_in: 3600,
        ...(options.offline ? { refresh_token: refreshToken } : {}),
      },
    ];
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      requests.push(fields);
      const [status, json] = answer(fields);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    options,
    requests,
    agree(address) {
      const asked = new URL(address).searchParams;
      const redirectUri = asked.get('redirect_uri') ?? '';
      const challenge = asked.get('code_challenge') ?? '';
      if (asked.get('client_id') !== client.id || redirectUri !== client.redirectUri)
        throw new Error('the vendor does not know this app');
      if (asked.get('response_type') !== 'code' || asked.get('code_challenge_method') !== 'S256')
        throw new Error('the vendor wants a code with PKCE');
      const code = randomBytes(16).toString('hex');
      codes.set(code, { challenge, redirectUri });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      return back;
    },
    isLive: (refreshToken) => live.has(refreshToken),
    revokeAll: () => live.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
