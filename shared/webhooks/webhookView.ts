import type { WebhookView } from '../api/schemas/webhook.ts';
import type { WebhookItem } from './webhookItem.ts';

export const webhookView = (item: WebhookItem): WebhookView => ({
  id: item.webhookId,
  name: item.name,
  address: item.address,
  topic: item.topic,
  format: item.format,
  types: item.types,
  sources: item.sources,
  isActive: item.isActive,
  createdBy: item.createdBy,
  createdAt: item.createdAt,
  lastAttempt: item.lastAttempt,
});
