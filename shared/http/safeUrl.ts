import { HeadgateError } from '../errors.ts';

/** A URL fit for messages and logs: without query and fragment, where keys and tokens travel. */
export function plainUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/**
 * Parses an address a user gave, or a server redirects to.
 *
 * @throws HeadgateError invalid_config (no URL), address_refused (other schemes, credentials inside)
 */
export function parseHttpUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new HeadgateError('invalid_config', 'The address is not a valid URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new HeadgateError(
      'address_refused',
      `Only https addresses are read, not ${url.protocol}`,
    );
  if (url.username !== '' || url.password !== '')
    throw new HeadgateError(
      'address_refused',
      `The address of ${url.host} holds credentials; give them as credentials of the source instead`,
      { facts: { host: url.host } },
    );
  return url;
}
