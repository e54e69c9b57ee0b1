import { timingSafeEqual } from 'node:crypto';
import type { AuthorizerContext } from '../api/principal.ts';
import type { SignedIn } from '../people/signedIn.ts';
import type { Table } from '../table.ts';
import { bootstrapTokenId, hashToken } from './tokenItem.ts';
import { findToken, noteUse } from './tokens.ts';

export interface AuthorizeDependencies {
  readonly table: Table;
  /** The bootstrap admin token, or null when there is none. Called for tokens that are not stored. */
  readonly bootstrapToken: () => Promise<string | null>;
  /** People who sign in at an issuer. */
  readonly people: Pick<SignedIn, 'isJwt' | 'check'>;
  readonly now: () => Date;
  /** Told when the last use could not be written; the request goes on. */
  readonly onUseNotNoted: (error: unknown) => void;
}

/** Ours begin with `hg_`; a bootstrap token is what the operator chose. */
const tokenPattern = /^[\x21-\x7e]{1,512}$/;

/** Whom a request's Authorization header stands for, or why for nobody. */
export async function authorize(
  { table, bootstrapToken, people, now, onUseNotNoted }: AuthorizeDependencies,
  header: string | undefined,
): Promise<AuthorizerContext> {
  const text = /^Bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1];
  if (text === undefined) return { refused: 'Send `Authorization: Bearer hg_…`.' };
  if (people.isJwt(text)) return people.check(text);
  if (!tokenPattern.test(text)) return { refused: 'The token is not known.' };
  const item = await findToken(table, text);
  if (item === null) {
    const admin = await bootstrapToken();
    if (admin === null || !sameToken(admin, text)) return { refused: 'The token is not known.' };
    const tokenId = bootstrapTokenId(text);
    return { tenant: 'default', role: 'admin', tokenId, sources: '' };
  }
  if (item.validUntil !== null && Date.parse(item.validUntil) <= now().getTime())
    return { refused: 'The token has expired.' };
  try {
    await noteUse(table, text, item, now());
  } catch (error) {
    // A note must not keep anybody out.
    onUseNotNoted(error);
  }
  const { tenant, role, tokenId, sources, validUntil } = item;
  return {
    tenant,
    role,
    tokenId,
    sources: sources === null ? '' : sources.join(','),
    ...(validUntil === null ? {} : { validUntil }),
  };
}

const sameToken = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(hashToken(a)), Buffer.from(hashToken(b)));
