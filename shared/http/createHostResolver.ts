import { parseAllowedAddresses } from './allowedAddresses.ts';
import { type ResolveAddresses, resolvePublicHost } from './resolvePublicHost.ts';

export interface CreateHostResolverOptions {
  /** CIDRs, addresses and host names that may be dialled although they are private. */
  readonly allow: readonly string[];
  /** Default: the operating system's resolver. */
  readonly resolve?: ResolveAddresses;
}

/**
 * The check database drivers dial through (`Context.resolveHost`): answers the one address to connect to,
 * IPv4 when there is one. The caller MUST dial the answer, not the name, and keep the name for TLS.
 *
 * The returned function throws HeadgateError address_refused or source_unreachable.
 */
export function createHostResolver({
  allow,
  resolve,
}: CreateHostResolverOptions): (host: string) => Promise<string> {
  const allowed = parseAllowedAddresses(allow);
  return async (host) => {
    const pinned = await resolvePublicHost(host, allowed, resolve);
    return (pinned.find(({ family }) => family === 4) ?? pinned[0]).address;
  };
}
