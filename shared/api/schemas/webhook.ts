import * as z from 'zod';
import { eventNames } from '../../events.ts';
import { deliveryAttempt, webhookFormat, webhookTopic } from '../../webhooks/webhookItem.ts';

const name = z.string().trim().min(1).max(100);
const types = z.array(z.enum(eventNames)).min(1);
const sources = z.array(z.string().min(1).max(255)).min(1).max(50);

export const webhook = z
  .strictObject({
    id: z.string(),
    name,
    address: z.string().describe('Scheme and host; the rest is kept as a secret.'),
    topic: webhookTopic.describe(
      '`events`: each as it happens. `alerts`: once when something goes wrong, once when it is right again.',
    ),
    format: webhookFormat.describe('`slack`: `{ "text": … }`.'),
    types: types.nullable().describe('Events it is told of; null: all but `sync_progress`.'),
    sources: z.array(z.string()).nullable().describe('Ids of the only sources; null: all.'),
    isActive: z.boolean(),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    lastAttempt: deliveryAttempt.nullable(),
  })
  .meta({ id: 'Webhook' });
export type WebhookView = z.infer<typeof webhook>;

export const createWebhook = z
  .strictObject({
    name,
    url: z.url().max(2000).describe('https, public. Shown never again.'),
    topic: webhookTopic.default('events'),
    format: webhookFormat.default('json'),
    types: types.optional().describe('Left out: all but `sync_progress`.'),
    sources: sources.optional().describe('Ids or keys of the only sources. Left out: all.'),
  })
  .meta({ id: 'CreateWebhook' });

export const createdWebhook = webhook
  .extend({
    signingSecret: z
      .string()
      .describe('`whsec_…`, shown only now: what the signature of each delivery is made with.'),
  })
  .meta({ id: 'CreatedWebhook' });

export const changeWebhook = z
  .strictObject({
    name: name.optional(),
    types: types.nullable().optional(),
    isActive: z.boolean().optional(),
  })
  .meta({ id: 'ChangeWebhook' });
