import type { Table } from '../table.ts';
import type { WebhookItem } from './webhookItem.ts';
import { listWebhooks } from './webhooks.ts';

const pageSize = 100;

/** All webhooks of a tenant, a page in memory at a time. */
export async function* eachWebhook(table: Table, tenant: string): AsyncGenerator<WebhookItem> {
  let after: string | undefined;
  for (;;) {
    const page = await listWebhooks(table, tenant, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.webhookId;
  }
}
