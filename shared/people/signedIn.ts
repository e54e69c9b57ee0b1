import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { AuthorizerContext } from '../api/principal.ts';
import type { Role } from '../api/schemas/token.ts';
import { type Discovery, issuerDiscovery } from './discoverIssuer.ts';
import type { OidcProvider } from './oidcProvider.ts';

export interface SignedInOptions {
  readonly providers: readonly OidcProvider[];
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
}

/** People who signed in at an issuer: who a JWT stands for, and where its issuer is. */
export interface SignedIn {
  /** Whether a bearer token looks like a JWT at all; ours do not. */
  isJwt(text: string): boolean;
  /**
   * Whom a JWT stands for, or why for nobody. `nonce`: the token must hold it, as one does that was just asked for.
   * Throws when the issuer cannot be reached: that is no fault of the token.
   */
  check(text: string, nonce?: string): Promise<AuthorizerContext>;
  discover(provider: OidcProvider): Promise<Discovery>;
}

const longestToken = 8_192;
const jwtPattern = /^[\w-]{10,}\.[\w-]{2,}\.[\w-]{2,}$/;
/** In keys of the table and of objects, so nothing that could end one. */
const tenantPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const clockToleranceSeconds = 30;

export function signedIn({ providers, fetch, now }: SignedInOptions): SignedIn {
  const discover = issuerDiscovery(fetch, () => now().getTime());
  const keys = new Map<string, JWTVerifyGetKey>();
  const keysOf = async (provider: OidcProvider): Promise<JWTVerifyGetKey> => {
    const { jwks_uri } = await discover(provider.issuer);
    const known = keys.get(jwks_uri);
    if (known !== undefined) return known;
    // Asked again for a key that is not known, at most every 30 s, so that made-up keys cost the issuer nothing.
    const made = createRemoteJWKSet(new URL(jwks_uri), {
      cooldownDuration: 30_000,
      cacheMaxAge: 600_000,
      timeoutDuration: 5_000,
      [customFetch]: (url, init) => fetch(url, { ...init, redirect: 'error' } as RequestInit),
    });
    keys.set(jwks_uri, made);
    return made;
  };
  return {
    isJwt: (text) => text.length <= longestToken && jwtPattern.test(text),
    discover: (provider) => discover(provider.issuer),
    async check(text, nonce) {
      const issuer = issuerIn(text);
      const provider = providers.find((each) => each.issuer === issuer);
      if (provider === undefined) return { refused: 'The token’s issuer is not known here.' };
      try {
        const { payload } = await jwtVerify(text, await keysOf(provider), {
          issuer: provider.issuer,
          audience: [provider.clientId, ...provider.audiences],
          algorithms: provider.algorithms,
          requiredClaims: ['exp', 'iat', 'sub'],
          clockTolerance: clockToleranceSeconds,
          currentDate: now(),
        });
        if (nonce !== undefined && payload['nonce'] !== nonce)
          return { refused: 'The token was made for another sign-in.' };
        return personOf(provider, payload);
      } catch (error) {
        const reason = refusalOf(error);
        if (reason === null) throw error;
        return { refused: reason };
      }
    },
  };
}

/** Of an unverified token: only to find out whose keys to ask. */
function issuerIn(text: string): string | null {
  try {
    return decodeJwt(text).iss ?? null;
  } catch {
    return null;
  }
}

/** null for what is no fault of the token. */
function refusalOf(error: unknown): string | null {
  if (error instanceof errors.JWTExpired) return 'The sign-in has expired. Sign in again.';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The token’s ${error.claim} is not right.`;
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid
  )
    return 'The token’s signature is not right.';
  return null;
}

const rank: readonly Role[] = ['viewer', 'editor', 'admin'];

function personOf(provider: OidcProvider, payload: JWTPayload): AuthorizerContext {
  // A token for several audiences says which of them asked for it.
  const azp = payload['azp'];
  if (
    Array.isArray(payload.aud) &&
    payload.aud.length > 1 &&
    azp !== provider.clientId &&
    !provider.audiences.includes(String(azp))
  )
    return { refused: 'The token was made for somebody else.' };
  const tenant = provider.tenant ?? claimAt(payload, provider.tenantClaim ?? '');
  if (typeof tenant !== 'string' || !tenantPattern.test(tenant))
    return { refused: 'The token names no tenant. Ask whoever manages your sign-in.' };
  const values = [claimAt(payload, provider.roleClaim)].flat().map(String);
  const held = values.flatMap((value) =>
    Object.hasOwn(provider.roles, value) ? [provider.roles[value]] : [],
  );
  const role = rank.findLast((each) => held.includes(each)) ?? provider.defaultRole;
  if (role === undefined)
    return { refused: 'The token gives no role here. Ask whoever manages your sign-in.' };
  const person = String(payload.sub)
    .replaceAll(/[^\w.@|:-]/g, '_')
    .slice(0, 200);
  return {
    tenant,
    role,
    tokenId: `${provider.id}:${person}`,
    sources: '',
    validUntil: new Date(Number(payload.exp) * 1000).toISOString(),
  };
}

/** A claim by its own name (some are addresses, full of dots), else by its path. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
