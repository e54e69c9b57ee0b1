import { createFetch } from '../http/createFetch.ts';
import type { OidcProvider } from './oidcProvider.ts';
import { type SignedIn, signedIn } from './signedIn.ts';

/** Everything to check sign-ins with, from a function's environment. */
export function openPeople(env: {
  readonly OIDC_PROVIDERS: readonly OidcProvider[];
  readonly ALLOWED_ADDRESSES: string;
}): {
  readonly people: SignedIn;
  readonly providers: readonly OidcProvider[];
  readonly fetch: typeof globalThis.fetch;
} {
  const providers = env.OIDC_PROVIDERS;
  const fetch = createFetch({
    allow: env.ALLOWED_ADDRESSES.split(',').filter((part) => part !== ''),
    maxBytes: 1024 * 1024,
    totalSeconds: 15,
  });
  return { people: signedIn({ providers, fetch, now: () => new Date() }), providers, fetch };
}
