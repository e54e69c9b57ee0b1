import ipaddr from 'ipaddr.js';
import { HeadgateError } from '../errors.ts';

/** The one way a host is refused: what it is, and who can change that. */
export const refuseHost = (host: string, why: string): HeadgateError =>
  new HeadgateError(
    'address_refused',
    `${host} ${why}. An operator can open it with the allowed addresses of this deployment.`,
    { facts: { host } },
  );

/**
 * A host as every URL parser reads it: decimal, octal and hexadecimal spellings of IPv4 become four numbers,
 * international names become ASCII, the final dot goes. Brackets around IPv6 are optional.
 *
 * @throws HeadgateError address_refused for anything that is more or less than a host
 */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.IPv6.isValid(bare)) {
    if (bare.includes('%')) throw refuseHost(host, 'names a zone of one machine');
    return ipaddr.IPv6.parse(bare).toNormalizedString();
  }
  // A URL's host ends at these; a name never holds them.
  if (host === '' || /[\s/?#@:\\[\]%<>^|]/.test(host)) throw refuseHost(host, 'is not a host name');
  try {
    const { hostname } = new URL(`http://${host}/`);
    const name = hostname.replace(/\.$/, '');
    if (name !== '' && !name.endsWith('.')) return name;
  } catch {
    // Falls through: what no URL can hold is no host.
  }
  throw refuseHost(host, 'is not a host name');
}
