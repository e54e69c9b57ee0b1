import ipaddr from 'ipaddr.js';
import { canonicalHost } from './canonicalHost.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What an operator opened although it is private: addresses, networks and names. */
export interface AllowedAddresses {
  /** Whether the name was opened, whatever it resolves to. */
  hasName(name: string): boolean;
  hasAddress(address: Address): boolean;
}

/** The entry as hosts are compared, or null when it is no name; `0x7f.1` is an address in disguise. */
function nameOf(entry: string): string | null {
  const wildcard = entry.startsWith('*.') ? '*.' : '';
  try {
    const name = canonicalHost(entry.slice(wildcard.length));
    return ipaddr.isValid(name) || name.includes('*') ? null : wildcard + name;
  } catch {
    return null;
  }
}

/**
 * Reads entries such as `10.1.0.0/16`, `127.0.0.1`, `fd00::/8`, `db.corp.example`, `*.corp.example` (the
 * names below it, not itself).
 *
 * @throws Error naming the first entry that is none of these
 */
export function parseAllowedAddresses(entries: readonly string[]): AllowedAddresses {
  const networks: [Address, number][] = [];
  const names = new Set<string>();
  for (const raw of entries) {
    const entry = raw.trim().toLowerCase();
    if (entry === '') continue;
    if (ipaddr.IPv4.isValidCIDRFourPartDecimal(entry) || ipaddr.IPv6.isValidCIDR(entry)) {
      networks.push(ipaddr.parseCIDR(entry));
      continue;
    }
    // Only the plain spelling: `10` or `0x7f.1` in a list is a mistake, not an address.
    if (ipaddr.IPv6.isValid(entry) || ipaddr.IPv4.isValidFourPartDecimal(entry)) {
      const address = ipaddr.parse(entry);
      networks.push([address, address.kind() === 'ipv4' ? 32 : 128]);
      continue;
    }
    const name = nameOf(entry);
    if (name === null)
      throw new Error(`${JSON.stringify(raw)} is neither an address, a network nor a host name`);
    names.add(name);
  }
  return {
    hasName: (host) =>
      names.has(host) ||
      host
        .split('.')
        .some((_, index, labels) => index > 0 && names.has(`*.${labels.slice(index).join('.')}`)),
    hasAddress: (address) =>
      networks.some(
        ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
      ),
  };
}
