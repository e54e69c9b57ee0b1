import * as z from 'zod';
import { role } from '../api/schemas/token.ts';

/** Signature algorithms of a public key. A shared secret proves nothing to us, and `none` nothing at all. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];

/**
 * An issuer whose people may sign in, and what its tokens make of them. Told at deployment (`-c oidc=[…]`); holds no secrets:
 * Headgate signs people in with PKCE and, where the issuer wants it, without a client secret.
 */
export const oidcProvider = z
  .strictObject({
    /** In addresses and ids. */
    id: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .default('sso'),
    /** On the button: “Sign in with …”. */
    title: z.string().min(1).max(60).default('single sign-on'),
    /** Exactly as in the tokens' `iss`. */
    issuer: z.url(),
    clientId: z.string().min(1),
    /** Other audiences whose tokens are taken, e.g. of an API that programs ask tokens for. */
    audiences: z.array(z.string().min(1)).default([]),
    scopes: z.string().default('openid profile email'),
    /** The tenant of everybody who signs in here, or the claim that says it. */
    tenant: z.string().optional(),
    tenantClaim: z.string().optional(),
    /** Claim with the role, or a list of roles or groups: its own name, or a path such as `realm_access.roles`. */
    roleClaim: z.string().default('roles'),
    /** Value of the claim → role; the highest counts. */
    roles: z
      .record(z.string(), role)
      .default({ viewer: 'viewer', editor: 'editor', admin: 'admin' }),
    /** Of people without any of those; left out: they are refused. */
    defaultRole: role.optional(),
    algorithms: z.array(z.enum(algorithms)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  })
  .refine(({ tenant, tenantClaim }) => (tenant === undefined) !== (tenantClaim === undefined), {
    message: 'either tenant or tenantClaim',
  });
export type OidcProvider = z.infer<typeof oidcProvider>;

/** A JSON list of providers, as text. */
export const oidcProviders = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(oidcProvider));
