import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { createLog } from '../../shared/log.ts';
import { sqsDeliveries } from '../../shared/webhooks/deliveries.ts';
import { webhookSecrets } from '../../shared/webhooks/webhookSecrets.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('webhooks', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  secrets: webhookSecrets(new SecretsManagerClient({}), env.NOTIFY_SECRET_PREFIX),
  deliveries: sqsDeliveries(new SQSClient({ useQueueUrlAsEndpoint: false }), env.DELIVERIES_URL),
  fetch: createFetch({
    allow: env.ALLOWED_ADDRESSES.split(',').filter((part) => part !== ''),
    maxBytes: 1024 * 1024,
    totalSeconds: 15,
  }),
  now: () => new Date(),
  log: createLog(),
});
