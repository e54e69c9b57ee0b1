import * as z from 'zod';
import type { Context } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { RetryInit } from '../../shared/http/withRetries.ts';

export const dataCenterName = /^[a-z]{2}\d{1,3}$/;

const metadata = z.object({ dc: z.string().regex(dataCenterName) });

/**
 * Where an account lives: as configured, else the end of its API key, else what Mailchimp says of the access token.
 * Throws `invalid_credentials` for a token that Mailchimp does not know, and what the HTTP client throws.
 * https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/
 */
export async function dataCenterOf({
  config,
  credentials,
  fetch,
  signal,
}: Context<
  { readonly dataCenter?: string | undefined },
  { readonly apiKey?: string | undefined; readonly accessToken?: string | undefined }
>): Promise<string> {
  if (config.dataCenter !== undefined) return config.dataCenter;
  const { apiKey, accessToken } = credentials;
  if (apiKey !== undefined) {
    const end = apiKey.slice(apiKey.lastIndexOf('-') + 1);
    if (dataCenterName.test(end)) return end;
    throw new HeadgateError(
      'invalid_credentials',
      'The API key is not whole: it ends in a dash and its data centre, such as -us21.',
    );
  }
  signal.throwIfAborted();
  const init: RetryInit = {
    headers: { accept: 'application/json', authorization: `OAuth ${accessToken ?? ''}` },
    signal,
    retry: { givesRefusals: true },
  };
  const response = await fetch('https://login.mailchimp.com/oauth2/metadata', init);
  // A token that is not known is refused with status 200.
  const told = metadata.safeParse(await response.json().catch(() => null));
  if (response.ok && told.success) return told.data.dc;
  throw new HeadgateError(
    'invalid_credentials',
    'Mailchimp does not say where the account of this access token lives. Connect again.',
  );
}
