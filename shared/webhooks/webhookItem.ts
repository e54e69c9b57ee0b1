import * as z from 'zod';
import { eventNames } from '../events.ts';
import { tenantKey } from '../table.ts';

/** What a webhook is told of: events as they happen, or alerts, which open and end once per incident. */
export const webhookTopic = z.enum(['events', 'alerts']);
/** `slack`: `{ "text": … }`, as Slack, Mattermost and others take it. */
export const webhookFormat = z.enum(['json', 'slack']);

export const deliveryAttempt = z.strictObject({
  at: z.iso.datetime(),
  /** Of the event or alert. */
  id: z.string(),
  attempt: z.int().positive(),
  ok: z.boolean(),
  /** The answer's status; null where there was no answer. */
  status: z.int().nullable(),
  /** Why it failed. */
  detail: z.string().nullable(),
});
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** One address that is told what happens. The address itself and the signing secret lie in Secrets Manager. */
export const webhookItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  webhookId: z.string(),
  name: z.string(),
  /** Scheme and host only: the rest of a Slack address is a password. */
  address: z.string(),
  topic: webhookTopic,
  format: webhookFormat,
  /** null: all but `sync_progress`. Only for events. */
  types: z.array(z.enum(eventNames)).nullable(),
  /** Ids; null: all. */
  sources: z.array(z.string()).nullable(),
  isActive: z.boolean(),
  secretArn: z.string(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  lastAttempt: deliveryAttempt.nullable(),
});
export type WebhookItem = z.infer<typeof webhookItem>;

export const webhookPrefix = 'WEBHOOK#';
export const webhookKey = (tenant: string, webhookId: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `${webhookPrefix}${webhookId}`,
});

export const parseWebhook = ({ pk, sk, ...item }: Record<string, unknown>): WebhookItem =>
  webhookItem.parse(item);
