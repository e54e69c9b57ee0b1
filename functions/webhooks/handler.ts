import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { eventText } from '../../shared/events/eventText.ts';
import { isFor } from '../../shared/events/tellConnections.ts';
import { type HeadgateEvent, headgateEvent } from '../../shared/events.ts';
import type { Json } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Table } from '../../shared/table.ts';
import {
  type Deliveries,
  type Delivery,
  delivery,
  pauseAfter,
} from '../../shared/webhooks/deliveries.ts';
import { eachWebhook } from '../../shared/webhooks/eachWebhook.ts';
import { type PostDependencies, postWebhook } from '../../shared/webhooks/postWebhook.ts';
import type { WebhookItem } from '../../shared/webhooks/webhookItem.ts';
import type { WebhookSecrets } from '../../shared/webhooks/webhookSecrets.ts';
import { getWebhook, noteAttempt } from '../../shared/webhooks/webhooks.ts';

export interface Dependencies extends PostDependencies {
  readonly table: Table;
  readonly secrets: WebhookSecrets;
  readonly deliveries: Deliveries;
  readonly log: Log;
}

/** An event as the bus hands it over, or one delivery of ours. */
const message = z.union([
  z.object({ delivery }),
  z.object({ detail: z.object({ tenant: z.string() }).loose() }),
]);

/**
 * Tells webhooks what happens. An event from the bus becomes one delivery for each webhook that wants it; a delivery is
 * sent, and put back with a longer and longer pause until it is taken or two hours are over. Delivered at least once, in
 * no promised order: `seq` tells the order, `id` what was there before.
 */
export const makeHandler =
  (dependencies: Dependencies) =>
  async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    await Promise.all(
      Records.map(async ({ body, messageId }) => {
        try {
          const parsed = message.parse(JSON.parse(body));
          if ('delivery' in parsed) await deliver(dependencies, parsed.delivery);
          else await spread(dependencies, parsed.detail);
        } catch (error) {
          dependencies.log.error('a delivery failed', { code: 'webhook_failed', error });
          failed.push(messageId);
        }
      }),
    );
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

async function spread(
  { table, deliveries }: Dependencies,
  { tenant, ...detail }: { readonly tenant: string },
): Promise<void> {
  const event = headgateEvent.parse(detail);
  const wanted: Delivery[] = [];
  for await (const webhook of eachWebhook(table, tenant))
    if (wants(webhook, event))
      wanted.push({
        tenant,
        webhookId: webhook.webhookId,
        id: event.id,
        attempt: 1,
        payload: event as Record<string, Json>,
        text: eventText(event),
      });
  await deliveries.send(wanted);
}

const wants = (webhook: WebhookItem, event: HeadgateEvent): boolean =>
  webhook.isActive &&
  webhook.topic === 'events' &&
  (webhook.types === null ? event.type !== 'sync_progress' : webhook.types.includes(event.type)) &&
  isFor(webhook)(event);

async function deliver(dependencies: Dependencies, one: Delivery): Promise<void> {
  const { table, secrets, deliveries, log } = dependencies;
  const { tenant, webhookId, attempt } = one;
  const webhook = await getWebhook(table, tenant, webhookId);
  // Deleted or switched off since.
  if (webhook === null || !webhook.isActive) return;
  const secret = await secrets.read(webhook.secretArn);
  if (secret === null) return;
  log.redact([secret.url, secret.signingSecret]);
  const outcome = await postWebhook(dependencies, webhook, secret, one);
  await noteAttempt(table, webhook, outcome);
  if (outcome.ok) return;
  const pause = pauseAfter(attempt);
  log.warn('a webhook was not told', { tenant, webhookId, attempt, status: outcome.status, pause });
  if (pause !== null) await deliveries.send([{ ...one, attempt: attempt + 1 }], pause);
}
