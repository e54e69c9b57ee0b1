import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { badField } from '../../shared/api/fieldErrors.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { requireAllSources } from '../../shared/api/principal.ts';
import { listAudit } from '../../shared/audit/listAudit.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { OidcProvider } from '../../shared/people/oidcProvider.ts';
import { redeemCode } from '../../shared/people/redeemCode.ts';
import type { SignedIn } from '../../shared/people/signedIn.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import type { Table } from '../../shared/table.ts';
import { createToken, listTokens, revokeToken, tokenView } from '../../shared/tokens/tokens.ts';

export interface Dependencies {
  readonly table: Table;
  /** People who sign in at an issuer. */
  readonly people: SignedIn;
  readonly providers: readonly OidcProvider[];
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
  readonly log: Log;
}

const position = z.strictObject({ after: z.string().min(1).max(64) });

/** API tokens of the caller's tenant. */
export const makeHandler = ({ table, people, providers, fetch, now, log }: Dependencies) =>
  createApi(
    'apiTokens',
    {
      getSignInWays: async ({ log: ownLog }) => ({
        providers: (
          await Promise.all(
            providers.map(async (provider) => {
              const { id, title, clientId, scopes } = provider;
              try {
                const { authorization_endpoint } = await people.discover(provider);
                const authorizationEndpoint = authorization_endpoint;
                return [{ id, title, clientId, scopes, authorizationEndpoint }];
              } catch (error) {
                // The others still work.
                ownLog.warn('an issuer does not answer', { provider: id, error });
                return [];
              }
            }),
          )
        ).flat(),
      }),
      redeemSignIn: async ({ body: { provider: id, ...redemption } }) => {
        const provider = providers.find((each) => each.id === id);
        if (provider === undefined)
          throw new HeadgateError('not_found', 'There is no such way to sign in.');
        const { token, validUntil } = await redeemCode(people, fetch, provider, redemption);
        return { token, expiresAt: validUntil };
      },
      getMe: async ({ principal }) => ({
        tenant: principal.tenant,
        role: principal.role,
        tokenId: principal.tokenId,
        sources: principal.sources === null ? null : [...principal.sources],
      }),
      createToken: async ({ principal, body, requestId }) => {
        requireAllSources(principal);
        const validUntil = body.expiresAt === undefined ? null : new Date(body.expiresAt);
        if (validUntil !== null && validUntil <= now())
          throw badField(['expiresAt'], 'Must lie in the future.');
        const sources =
          body.sources === undefined
            ? null
            : await Promise.all(
                body.sources.map(
                  async (idOrKey) => (await requireSourceOf(table, principal, idOrKey)).sourceId,
                ),
              );
        const { text, item } = await createToken(
          table,
          {
            tenant: principal.tenant,
            name: body.name,
            role: body.role,
            sources,
            validUntil,
            createdBy: principal.tokenId,
          },
          requestId,
          now(),
        );
        return { ...tokenView(item), token: text };
      },
      listTokens: async ({ principal, query }) => {
        const after =
          query.cursor === undefined ? {} : decodeCursor(query.cursor, 'tokens', {}, position);
        const found = await listTokens(table, principal.tenant, {
          limit: query.limit + 1,
          ...after,
        });
        return pageFrom(found, query.limit, tokenView, ({ tokenId }) =>
          encodeCursor('tokens', {}, { after: tokenId }),
        );
      },
      listAudit: async ({ principal, query }) => {
        requireAllSources(principal);
        const { limit, cursor, from, to, ...exact } = query;
        const filters = { ...exact, from, to };
        const before =
          cursor === undefined
            ? {}
            : { before: decodeCursor(cursor, 'audit', filters, position).after };
        const { items, next } = await listAudit(
          table,
          principal.tenant,
          {
            ...exact,
            from: from === undefined ? undefined : new Date(from),
            to: to === undefined ? undefined : new Date(to),
          },
          { limit, ...before },
        );
        return {
          data: items.map(({ v, tenant, before: was = null, after: is = null, ...entry }) => ({
            ...entry,
            before: was,
            after: is,
          })),
          pagination: {
            limit,
            hasMore: next !== null,
            nextCursor: next === null ? null : encodeCursor('audit', filters, { after: next }),
          },
        };
      },
      revokeToken: async ({ principal, params, requestId }) => {
        const revoked = await revokeToken(
          table,
          {
            tenant: principal.tenant,
            tokenId: params.tokenId,
            by: principal.tokenId,
            requestId,
          },
          now(),
        );
        if (!revoked) throw new HeadgateError('not_found', 'There is no such token.');
        return null;
      },
    },
    { log },
  );
