import { createClient } from './createClient.ts';
import type { SignInWays } from './generated.ts';

export type SignInProvider = SignInWays['providers'][number];

/** What is kept between leaving for the issuer and coming back; fits `sessionStorage`. */
export interface SignInStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface SignInOptions {
  /** Of the API. */
  readonly baseUrl: string;
  /** The page the issuer sends people back to; it MUST be known to the issuer. */
  readonly redirectUri: string;
  readonly store: SignInStore;
  readonly fetch?: typeof fetch;
}

const storeKey = 'headgate-sign-in';

const clientOf = ({ baseUrl, fetch: given }: SignInOptions) =>
  createClient({ baseUrl, token: '', ...(given === undefined ? {} : { fetch: given }) });

/** Where people can sign in; none where nobody set up an issuer. */
export const signInProviders = async (options: SignInOptions): Promise<readonly SignInProvider[]> =>
  (await clientOf(options).getSignInWays()).providers;

/** Answers the address to send the person to. State, nonce and PKCE verifier are kept for the way back. */
export async function beginSignIn(
  options: SignInOptions,
  provider: SignInProvider,
): Promise<string> {
  const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
  const { redirectUri, store } = options;
  store.setItem(
    storeKey,
    JSON.stringify({ provider: provider.id, state, nonce, verifier, redirectUri }),
  );
  const url = new URL(provider.authorizationEndpoint);
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    scope: provider.scopes,
    state,
    nonce,
    code_challenge: await sha256(verifier),
    code_challenge_method: 'S256',
  }))
    url.searchParams.set(name, value);
  return url.href;
}

/**
 * The bearer token of who comes back from the issuer, or null when the page's address is no such way back. Rejects when the
 * sign-in is not the one that was begun here, or is refused. What was kept is good once.
 */
export async function finishSignIn(
  options: SignInOptions,
  address: string,
): Promise<{ readonly token: string; readonly expiresAt: string } | null> {
  const query = new URL(address).searchParams;
  const [code, state, error] = ['code', 'state', 'error'].map((name) => query.get(name));
  if (!state || (!code && !error)) return null;
  const kept = options.store.getItem(storeKey);
  options.store.removeItem(storeKey);
  const begun = kept === null ? null : (JSON.parse(kept) as Record<string, string>);
  if (begun === null || begun['state'] !== state)
    throw new Error('This sign-in was not begun here. Sign in again.');
  if (!code) throw new Error(`The sign-in was refused: ${String(error).slice(0, 100)}.`);
  return clientOf(options).redeemSignIn({
    body: {
      provider: begun['provider'] ?? '',
      code,
      verifier: begun['verifier'] ?? '',
      redirectUri: begun['redirectUri'] ?? '',
      nonce: begun['nonce'] ?? '',
    },
  });
}

/** 256 random bits. */
const randomText = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

const sha256 = async (text: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
