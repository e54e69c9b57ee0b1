import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import type { OidcProvider } from './oidcProvider.ts';
import type { SignedIn } from './signedIn.ts';

export interface Redemption {
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly nonce: string;
}

const answer = z.object({ id_token: z.string() });
const timeoutMilliseconds = 10_000;

/**
 * Trades an authorization code for the person's ID token, which is the bearer token from then on. Done here and not in the
 * browser, because few issuers let pages of other origins ask them. Throws `unauthorized` for a code, nonce or person that is
 * refused, `service_unavailable` for an issuer that does not answer.
 */
export async function redeemCode(
  people: SignedIn,
  fetch: typeof globalThis.fetch,
  provider: OidcProvider,
  { code, verifier, redirectUri, nonce }: Redemption,
): Promise<{ readonly token: string; readonly validUntil: string }> {
  const { token_endpoint } = await people.discover(provider).catch(unreachable);
  const response = await fetch(token_endpoint, {
    method: 'POST',
    redirect: 'error',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: provider.clientId,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    }),
    signal: AbortSignal.timeout(timeoutMilliseconds),
  }).catch(unreachable);
  const body = answer.safeParse(await response.json().catch(() => null));
  if (response.status >= 500) return unreachable(new Error(`status ${response.status}`));
  if (!response.ok || !body.success)
    throw new HeadgateError('unauthorized', 'The sign-in was refused. Sign in again.');
  const token = body.data.id_token;
  const who = await people.check(token, nonce).catch(unreachable);
  if ('refused' in who) throw new HeadgateError('unauthorized', who.refused);
  return { token, validUntil: who.validUntil ?? '' };
}

function unreachable(cause: unknown): never {
  throw new HeadgateError('service_unavailable', 'The issuer of sign-ins does not answer.', {
    cause,
    retryAfterSeconds: 5,
  });
}
