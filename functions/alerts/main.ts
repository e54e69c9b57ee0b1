import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { sqsDeliveries } from '../../shared/webhooks/deliveries.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('alerts', process.env);
const sns = new SNSClient({});

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  publish: async (tenant, { subject, text }) => {
    await sns.send(
      new PublishCommand({
        TopicArn: env.ALERT_TOPIC_ARN,
        Subject: subject,
        Message: text,
        // For filters of subscriptions.
        MessageAttributes: { tenant: { DataType: 'String', StringValue: tenant } },
      }),
    );
  },
  deliveries: sqsDeliveries(new SQSClient({ useQueueUrlAsEndpoint: false }), env.DELIVERIES_URL),
  now: () => new Date(),
  log: createLog(),
});
