import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { type Principal, requireAllSources } from '../../shared/api/principal.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { readHead } from '../../shared/events/eventItem.ts';
import { readEvents } from '../../shared/events/readEvents.ts';
import { isFor } from '../../shared/events/tellConnections.ts';
import { parseHttpUrl } from '../../shared/http/safeUrl.ts';
import { ulid } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import type { Table } from '../../shared/table.ts';
import type { Deliveries } from '../../shared/webhooks/deliveries.ts';
import { newSigningSecret } from '../../shared/webhooks/signWebhook.ts';
import type { WebhookItem } from '../../shared/webhooks/webhookItem.ts';
import type { WebhookSecrets } from '../../shared/webhooks/webhookSecrets.ts';
import {
  getWebhook,
  listWebhooks,
  putWebhook,
  removeWebhook,
} from '../../shared/webhooks/webhooks.ts';
import { webhookView } from '../../shared/webhooks/webhookView.ts';

export interface Dependencies {
  readonly table: Table;
  /** Of the WebSocket. */
  readonly liveUrl: string;
  readonly secrets: Pick<WebhookSecrets, 'create' | 'remove'>;
  readonly deliveries: Deliveries;
  readonly now: () => Date;
  readonly log: Log;
}

const position = z.strictObject({ after: z.string().min(1).max(64) });

/** What happened in the caller's tenant, and who else is to be told of it. */
export const makeHandler = ({ table, liveUrl, secrets, deliveries, now, log }: Dependencies) => {
  const webhookOf = async (principal: Principal, webhookId: string): Promise<WebhookItem> => {
    const item = await getWebhook(table, principal.tenant, webhookId);
    if (item === null) throw new HeadgateError('not_found', 'There is no such webhook.');
    return item;
  };
  return createApi(
    'apiEvents',
    {
      getLiveAddress: async () => ({ url: liveUrl }),
      listEvents: async ({ principal, query }) => {
        const { tenant } = principal;
        const source =
          query.source === undefined ? null : await requireSourceOf(table, principal, query.source);
        const mayHear = isFor(principal);
        const page = await readEvents(table, tenant, {
          after: query.after ?? Math.max(0, (await readHead(table, tenant)) - query.limit),
          limit: query.limit,
          wants: (event) =>
            mayHear(event) && (source === null || event.sourceId === source.sourceId),
        });
        return {
          events: [...page.events],
          upTo: page.upTo,
          head: page.head,
          reset: page.lost,
        };
      },
      createWebhook: async ({ principal, body, requestId }) => {
        requireAllSources(principal);
        const { tenant, tokenId } = principal;
        const { origin } = parseHttpUrl(body.url);
        const sources: string[] = [];
        for (const idOrKey of body.sources ?? [])
          sources.push((await requireSourceOf(table, principal, idOrKey)).sourceId);
        const webhookId = ulid(now());
        const signingSecret = newSigningSecret();
        const item: WebhookItem = {
          v: 1,
          tenant,
          webhookId,
          name: body.name,
          address: origin,
          topic: body.topic,
          format: body.format,
          types: body.types ?? null,
          sources: body.sources === undefined ? null : sources,
          isActive: true,
          // First, so that nothing names a secret that is not there.
          secretArn: await secrets.create(tenant, webhookId, { url: body.url, signingSecret }),
          createdBy: tokenId,
          createdAt: now().toISOString(),
          lastAttempt: null,
        };
        await putWebhook(table, item, null, { by: tokenId, requestId }, now());
        return { ...webhookView(item), signingSecret };
      },
      listWebhooks: async ({ principal, query }) => {
        const after =
          query.cursor === undefined ? {} : decodeCursor(query.cursor, 'webhooks', {}, position);
        const found = await listWebhooks(table, principal.tenant, {
          limit: query.limit + 1,
          ...after,
        });
        return pageFrom(found, query.limit, webhookView, ({ webhookId }) =>
          encodeCursor('webhooks', {}, { after: webhookId }),
        );
      },
      getWebhook: async ({ principal, params }) =>
        webhookView(await webhookOf(principal, params.webhookId)),
      changeWebhook: async ({ principal, params, body, requestId }) => {
        requireAllSources(principal);
        const before = await webhookOf(principal, params.webhookId);
        const item: WebhookItem = {
          ...before,
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.types === undefined ? {} : { types: body.types }),
          ...(body.isActive === undefined ? {} : { isActive: body.isActive }),
        };
        await putWebhook(table, item, before, { by: principal.tokenId, requestId }, now());
        return webhookView(item);
      },
      deleteWebhook: async ({ principal, params, requestId }) => {
        requireAllSources(principal);
        const item = await webhookOf(principal, params.webhookId);
        await removeWebhook(table, item, { by: principal.tokenId, requestId }, now());
        await secrets.remove(item.secretArn);
        return null;
      },
      testWebhook: async ({ principal, params }) => {
        const { tenant, webhookId } = await webhookOf(principal, params.webhookId);
        const id = `test-${ulid(now())}`;
        const at = now().toISOString();
        const text = 'This is a test message of Headgate.';
        const payload = { type: 'test', id, at, text };
        await deliveries.send([{ tenant, webhookId, id, attempt: 1, payload, text }]);
        return { id };
      },
    },
    { log },
  );
};
