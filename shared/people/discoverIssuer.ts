import * as z from 'zod';

const discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
});
export type Discovery = z.infer<typeof discovery>;

const keepMilliseconds = 3_600_000;
/** An issuer that did not answer is not asked again at once by everybody who knocks. */
const keepFailureMilliseconds = 5_000;
const timeoutMilliseconds = 8_000;

/**
 * Reads an issuer's metadata, at most once an hour. Throws when it cannot be read, or when it is another issuer's: a document
 * that says so could send tokens anywhere.
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 */
export function issuerDiscovery(
  fetch: typeof globalThis.fetch,
  now: () => number,
): (issuer: string) => Promise<Discovery> {
  const kept = new Map<string, { readonly found: Promise<Discovery>; until: number }>();
  return (issuer) => {
    const known = kept.get(issuer);
    if (known !== undefined && known.until > now()) return known.found;
    const entry = { found: discover(fetch, issuer), until: now() + keepMilliseconds };
    kept.set(issuer, entry);
    entry.found.catch(() => {
      entry.until = now() + keepFailureMilliseconds;
    });
    return entry.found;
  };
}

async function discover(fetch: typeof globalThis.fetch, issuer: string): Promise<Discovery> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMilliseconds) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the issuer ${issuer} answered ${response.status}`);
  }
  const document = discovery.parse(await response.json());
  if (document.issuer !== issuer)
    throw new Error(`the issuer ${issuer} says that it is ${document.issuer.slice(0, 200)}`);
  return document;
}
