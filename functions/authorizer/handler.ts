import * as z from 'zod';
import type { AuthorizerContext } from '../../shared/api/principal.ts';
import type { Log } from '../../shared/log.ts';
import { type AuthorizeDependencies, authorize } from '../../shared/tokens/authorize.ts';

const authorizerEvent = z.object({
  headers: z.record(z.string(), z.string().optional()).default({}),
});

/** A Lambda authorizer's simple response, payload format 2.0. */
export interface AuthorizerAnswer {
  readonly isAuthorized: true;
  readonly context: AuthorizerContext;
}

export interface Dependencies extends Omit<AuthorizeDependencies, 'onUseNotNoted'> {
  readonly log: Log;
}

/**
 * Says who a token stands for. It never answers "no" itself: an HTTP API turns that into 403, and a missing or
 * wrong token is 401. The API's functions refuse a context that names no tenant, in the one place all share.
 */
export const makeHandler =
  ({ log, ...dependencies }: Dependencies) =>
  async (event: unknown): Promise<AuthorizerAnswer> => {
    const { headers } = authorizerEvent.parse(event);
    const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization');
    const context = await authorize(
      {
        ...dependencies,
        onUseNotNoted: (error) => log.warn('last use of a token not noted', { error }),
      },
      header?.[1],
    );
    return { isAuthorized: true, context };
  };
