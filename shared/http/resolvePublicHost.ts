import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { HeadgateError } from '../errors.ts';
import type { AllowedAddresses } from './allowedAddresses.ts';
import { canonicalHost, refuseHost } from './canonicalHost.ts';

/** All addresses of a name; rejects when there are none. */
export type ResolveAddresses = (name: string) => Promise<readonly string[]>;

/** getaddrinfo, as every driver would ask it: hosts file, search domains, DNS. */
export const resolveAddresses: ResolveAddresses = async (name) =>
  (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

export interface PinnedAddress {
  readonly address: string;
  readonly family: 4 | 6;
  /** An operator opened it by name or address; plain http is then allowed too. */
  readonly opened: boolean;
}

/** Kinds of addresses in words; everything that is not here and not public is "a reserved address". */
const kinds: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  linkLocal: 'a link-local address, where cloud metadata services live',
  carrierGradeNat: 'a carrier-grade NAT address',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  unspecified: 'the unspecified address',
  ipv4Mapped: 'an IPv4 address inside an IPv6 address',
  rfc6145: 'an IPv4 address inside an IPv6 address',
  rfc6052: 'an IPv4 address inside an IPv6 address',
  '6to4': 'an IPv4 address inside an IPv6 address',
  teredo: 'an IPv4 address inside an IPv6 address',
};

/** Global unicast; whatever lies outside of it is not routed in public. Source: IANA IPv6 address space. */
const publicV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/** Why an address must not be dialled, or null. */
function refusalOf(address: ipaddr.IPv4 | ipaddr.IPv6): string | null {
  const range = address.range();
  const isPublic = range === 'unicast' && (address.kind() === 'ipv4' || address.match(...publicV6));
  return isPublic ? null : (kinds[range] ?? 'a reserved address');
}

/** Names that mean this machine, whatever DNS says of them. Source: RFC 6761, section 6.3. */
const isLocalhost = (name: string): boolean => /^(.+\.)?(localhost|localdomain)$/.test(name);

/**
 * Resolves a host once and answers the addresses that may be dialled: only those, and without asking again,
 * or the answer could have changed by then. Addresses of a name that are not public are left out; when none
 * is left the host is refused. The message does not tell the address: it is the operator's, not the user's.
 *
 * @throws HeadgateError address_refused, source_unreachable (the name has no address)
 */
export async function resolvePublicHost(
  host: string,
  allowed: AllowedAddresses,
  resolve: ResolveAddresses = resolveAddresses,
): Promise<readonly [PinnedAddress, ...PinnedAddress[]]> {
  const name = canonicalHost(host);
  const literal = ipaddr.isValid(name);
  const openedByName = !literal && allowed.hasName(name);
  if (isLocalhost(name) && !openedByName) {
    // The name is refused unless it, or the loopback it stands for, was opened.
    const loopback = [ipaddr.parse('127.0.0.1'), ipaddr.parse('::1')];
    if (!loopback.some((address) => allowed.hasAddress(address)))
      throw refuseHost(name, 'is the machine itself');
  }
  const addresses = literal ? [name] : await addressesOf(name, resolve);
  let why = 'has no address';
  const usable = addresses.flatMap((text): PinnedAddress[] => {
    if (!ipaddr.isValid(text) || text.includes('%')) return [];
    const address = ipaddr.parse(text);
    const opened = openedByName || allowed.hasAddress(address);
    const refusal = opened ? null : refusalOf(address);
    if (refusal !== null) {
      why = literal ? `is ${refusal}` : `leads to ${refusal}`;
      return [];
    }
    return [{ address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6, opened }];
  });
  const [first, ...rest] = usable;
  if (first === undefined) throw refuseHost(name, why);
  return [first, ...rest];
}

async function addressesOf(name: string, resolve: ResolveAddresses): Promise<readonly string[]> {
  try {
    return await resolve(name);
  } catch (cause) {
    throw new HeadgateError('source_unreachable', `The host name ${name} could not be resolved`, {
      cause,
      facts: { host: name },
    });
  }
}
