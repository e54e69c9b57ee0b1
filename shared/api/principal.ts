import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import { type Role, role } from './schemas/token.ts';

/** Who asks: what the authorizer found out about the request's token. */
export interface Principal {
  readonly tenant: string;
  readonly role: Role;
  readonly tokenId: string;
  /** Ids of the only sources it may touch; null is all. */
  readonly sources: readonly string[] | null;
}

/**
 * The authorizer's answer as API Gateway hands it on: flat strings. A token that is not known has no tenant,
 * and the API itself answers 401, because API Gateway turns a plain "no" of a Lambda authorizer into 403.
 */
export const authorizerContext = z.union([
  z.strictObject({
    tenant: z.string().min(1),
    role,
    tokenId: z.string().min(1),
    /** Ids joined with commas; empty is all. */
    sources: z.string(),
    /** When the token ends; left out: when it is revoked. */
    validUntil: z.iso.datetime().optional(),
  }),
  z.strictObject({ refused: z.string() }),
]);
export type AuthorizerContext = z.infer<typeof authorizerContext>;

/** Throws `unauthorized` unless the context names a tenant. */
export function principalOf(context: unknown): Principal {
  const parsed = authorizerContext.safeParse(context);
  if (!parsed.success)
    throw new HeadgateError('unauthorized', 'Send `Authorization: Bearer hg_…`.');
  if ('refused' in parsed.data) throw new HeadgateError('unauthorized', parsed.data.refused);
  const { tenant, role, tokenId, sources } = parsed.data;
  return { tenant, role, tokenId, sources: sources === '' ? null : sources.split(',') };
}

const rank: Readonly<Record<Role, number>> = { viewer: 0, editor: 1, admin: 2 };

/** Throws `forbidden` when the token's role is below `least`. */
export function requireRole(principal: Principal, least: Role): void {
  if (rank[principal.role] >= rank[least]) return;
  throw new HeadgateError(
    'forbidden',
    `This needs the role ${least}; the token has the role ${principal.role}.`,
    { facts: { requiredRole: least } },
  );
}

/** Throws `forbidden` when the token is limited to other sources. */
export function requireSource(principal: Principal, sourceId: string): void {
  if (principal.sources === null || principal.sources.includes(sourceId)) return;
  throw new HeadgateError('forbidden', 'The token is limited to other sources.');
}

/** Throws `forbidden` when the token is limited to some sources and so may not make new ones. */
export function requireAllSources(principal: Principal): void {
  if (principal.sources === null) return;
  throw new HeadgateError('forbidden', 'The token is limited to some sources.');
}
