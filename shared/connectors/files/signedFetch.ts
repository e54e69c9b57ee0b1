import { HeadgateError } from '../../errors.ts';
import type { RetryInit } from '../../http/withRetries.ts';
import type { OAuthGrant } from '../../oauth/oauthGrant.ts';
import type { Context } from '../connector.ts';
import { hideSecrets } from '../hideSecrets.ts';

/**
 * A GET with an access token; one that is no longer taken is exchanged once. Refusals (400 to 499) are given back for
 * the caller to explain, without the token where they tell it again.
 */
export async function signedFetch(
  {
    fetch,
    accessToken,
    signal,
  }: Pick<Context<unknown, unknown>, 'fetch' | 'accessToken' | 'signal'>,
  grant: OAuthGrant,
  url: URL,
  headers: Readonly<Record<string, string>> = {},
  retry: NonNullable<RetryInit['retry']> = {},
): Promise<Response> {
  if (accessToken === undefined)
    throw new HeadgateError('internal_error', 'There is nobody to ask for an access token.');
  for (let rejected: string | undefined; ; ) {
    const { token } = await accessToken(grant, rejected);
    const init: RetryInit = {
      headers: { ...headers, authorization: `Bearer ${token}` },
      signal,
      retry: { ...retry, givesRefusals: true },
    };
    const response = await fetch(url, init);
    if (response.ok) return response;
    if (response.status === 401 && rejected === undefined) {
      await response.body?.cancel();
      rejected = token;
      continue;
    }
    const { status, headers: told } = response;
    const text = await response.text().catch(() => '');
    return new Response(hideSecrets(text, [token]), { status, headers: told });
  }
}
