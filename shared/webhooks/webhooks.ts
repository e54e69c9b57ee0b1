import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { audited, type Change } from '../audit/auditItem.ts';
import { getItem } from '../events/getItem.ts';
import type { Json } from '../json.ts';
import { type Table, tenantKey } from '../table.ts';
import { transact } from '../transact.ts';
import {
  type DeliveryAttempt,
  parseWebhook,
  type WebhookItem,
  webhookKey,
  webhookPrefix,
} from './webhookItem.ts';

/** Who asks, for the audit trail. */
export type Asker = Pick<Change, 'by' | 'requestId'>;

const facts = ({ name, address, topic, format, types, sources, isActive }: WebhookItem): Json => ({
  name,
  address,
  topic,
  format,
  types,
  sources,
  isActive,
});

export async function putWebhook(
  table: Table,
  item: WebhookItem,
  before: WebhookItem | null,
  asker: Asker,
  now: Date,
): Promise<void> {
  const change: Change = {
    ...asker,
    tenant: item.tenant,
    action: before === null ? 'webhook.created' : 'webhook.changed',
    subject: item.webhookId,
    ...(before === null ? {} : { before: facts(before) }),
    after: facts(item),
  };
  await transact(table, [
    {
      Put: {
        TableName: table.name,
        Item: { ...webhookKey(item.tenant, item.webhookId), ...item },
      },
    },
    audited(table, change, now),
  ]);
}

export async function getWebhook(
  table: Table,
  tenant: string,
  webhookId: string,
): Promise<WebhookItem | null> {
  const item = await getItem(table, webhookKey(tenant, webhookId));
  return item === null ? null : parseWebhook(item);
}

/** Webhooks of a tenant, oldest first; `after` is the last id of the page before. */
export async function listWebhooks(
  table: Table,
  tenant: string,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<readonly WebhookItem[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': tenantKey(tenant), ':prefix': webhookPrefix },
      Limit: limit,
      ...(after === undefined ? {} : { ExclusiveStartKey: webhookKey(tenant, after) }),
    }),
  );
  return Items.map(parseWebhook);
}

/** False when it was gone already. */
export async function removeWebhook(
  table: Table,
  item: WebhookItem,
  asker: Asker,
  now: Date,
): Promise<boolean> {
  const result = await transact(table, [
    {
      Delete: {
        TableName: table.name,
        Key: webhookKey(item.tenant, item.webhookId),
        ConditionExpression: 'attribute_exists(pk)',
      },
    },
    audited(
      table,
      {
        ...asker,
        tenant: item.tenant,
        action: 'webhook.deleted',
        subject: item.webhookId,
        before: facts(item),
      },
      now,
    ),
  ]);
  return result.done;
}

/** Notes how a delivery went; a webhook that is gone stays gone. */
export async function noteAttempt(
  table: Table,
  { tenant, webhookId }: Pick<WebhookItem, 'tenant' | 'webhookId'>,
  attempt: DeliveryAttempt,
): Promise<void> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: webhookKey(tenant, webhookId),
        UpdateExpression: 'SET lastAttempt = :attempt',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':attempt': attempt },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
