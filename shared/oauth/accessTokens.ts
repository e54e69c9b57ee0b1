import { randomUUID } from 'node:crypto';
import { HeadgateError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Table } from '../table.ts';
import type { AccessToken, OAuthGrant } from './oauthGrant.ts';
import { type OAuthItem, tokenItem } from './oauthItem.ts';
import { requestToken } from './requestToken.ts';
import { createSealer, type Tokens } from './sealTokens.ts';

export interface AccessTokensOptions {
  readonly table: Table;
  readonly tenant: string;
  readonly fetch: typeof fetch;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Longer than a token endpoint may take. */
const leaseMilliseconds = 60_000;
const pollMilliseconds = 250;
/** A token is not used in the last minute of its life: a request may take as long. */
const spareMilliseconds = 60_000;

interface Kept {
  readonly tokens: Tokens;
  readonly usableUntil: number;
}

/**
 * Access tokens of grants, kept in the table: one refresh at a time over all runs, and new tokens are stored before any
 * of them is used. With rotating refresh tokens two refreshes at once, or tokens that are lost, would end the connection.
 */
export function accessTokens(
  options: AccessTokensOptions,
): (grant: OAuthGrant, rejected?: string) => Promise<AccessToken> {
  const { table, tenant, now, sleep, signal, log } = options;
  const known = new Map<string, Kept>();
  const asking = new Map<string, Promise<Kept>>();

  return async (grant, rejected) => {
    const sealer = createSealer(grant);
    const isGood = (kept: Kept | null | undefined): kept is Kept =>
      kept != null &&
      kept.tokens.accessToken !== rejected &&
      kept.usableUntil - spareMilliseconds > now().getTime();
    const cached = known.get(sealer.id);
    if (isGood(cached)) return asAccessToken(cached);
    const asked = asking.get(sealer.id) ?? live(grant, sealer, isGood);
    asking.set(sealer.id, asked);
    try {
      const kept = await asked;
      known.set(sealer.id, kept);
      return asAccessToken(kept);
    } finally {
      asking.delete(sealer.id);
    }
  };

  async function live(
    grant: OAuthGrant,
    sealer: ReturnType<typeof createSealer>,
    isGood: (kept: Kept | null) => kept is Kept,
  ): Promise<Kept> {
    const item = tokenItem(table, tenant, sealer.id);
    const by = randomUUID();
    for (let waited = 0; ; waited += pollMilliseconds) {
      signal.throwIfAborted();
      const seen = await item.read();
      const stored = keptOf(seen, sealer);
      if (isGood(stored)) return hidden(stored);
      const time = now().getTime();
      if (await item.lease(seen, by, time + leaseMilliseconds, time)) {
        const kept = await refresh(grant, sealer, stored, seen?.version ?? 0, by);
        if (kept !== null) return kept;
        continue;
      }
      if (waited > 2 * leaseMilliseconds)
        throw new HeadgateError(
          'source_unreachable',
          'Another run is renewing the access token and does not come to an end.',
        );
      await sleep(pollMilliseconds);
    }
  }

  /** null when somebody else's newer tokens are there. */
  async function refresh(
    grant: OAuthGrant,
    sealer: ReturnType<typeof createSealer>,
    stored: Kept | null,
    version: number,
    by: string,
  ): Promise<Kept | null> {
    const item = tokenItem(table, tenant, sealer.id);
    const refreshToken = stored?.tokens.refreshToken ?? grant.refreshToken;
    const current = refreshToken === undefined ? grant : { ...grant, refreshToken };
    const answered = await requestToken(options.fetch, current, now(), signal).catch(
      async (error: unknown) => {
        await item.release(by);
        throw error;
      },
    );
    const tokens: Tokens = {
      ...answered.tokens,
      // Where it does not rotate, the answer does not repeat it.
      ...(answered.tokens.refreshToken === undefined && refreshToken !== undefined
        ? { refreshToken }
        : {}),
    };
    const time = now().getTime();
    const kept = hidden({ tokens, usableUntil: time + answered.lifetimeSeconds * 1000 });
    const isStored = await item.store(
      version,
      sealer.seal(tokens, version + 1),
      kept.usableUntil,
      time,
    );
    if (isStored) log.info('access token renewed', { version: version + 1 });
    return isStored ? kept : null;
  }

  /** The same, known to the log as secrets. */
  function hidden(kept: Kept): Kept {
    const { accessToken, refreshToken } = kept.tokens;
    log.redact([accessToken, ...(refreshToken === undefined ? [] : [refreshToken])]);
    return kept;
  }
}

function keptOf(item: OAuthItem | null, sealer: ReturnType<typeof createSealer>): Kept | null {
  if (item?.sealed === undefined || item.usableUntil === undefined) return null;
  const tokens = sealer.open(item.sealed, item.version);
  return tokens === null ? null : { tokens, usableUntil: item.usableUntil };
}

const asAccessToken = ({ tokens }: Kept): AccessToken => ({
  token: tokens.accessToken,
  answer: tokens.answer,
});
