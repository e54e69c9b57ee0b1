/**
 * A fetch that dials other origins in place of the given ones, such as a simulator's in place of a vendor's. The
 * operator's choice, never a user's: the credentials of every source go along. Connectors see the vendor's addresses.
 */
export function mapOrigins(
  inner: typeof fetch,
  origins: Readonly<Record<string, string>>,
): typeof fetch {
  if (Object.keys(origins).length === 0) return inner;
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const target = Object.hasOwn(origins, url.origin) ? origins[url.origin] : undefined;
    if (target === undefined) return inner(input, init);
    const mapped = new URL(url.pathname + url.search, target);
    return inner(input instanceof Request ? new Request(mapped, input) : mapped, init);
  };
}
