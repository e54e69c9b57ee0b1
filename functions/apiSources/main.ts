import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { connectors } from '../../connectors/registry.ts';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { createLog } from '../../shared/log.ts';
import { eventBridgeSchedules } from '../../shared/schedules/schedules.ts';
import { secretsManagerStore } from '../../shared/secrets/secretStore.ts';
import { lambdaProbe } from '../../shared/sources/probe.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiSources', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  connectors,
  secrets: secretsManagerStore(new SecretsManagerClient({}), env.SECRET_PREFIX),
  secretPrefix: env.SECRET_PREFIX,
  schedules: eventBridgeSchedules(new SchedulerClient({}), {
    group: env.SCHEDULE_GROUP,
    roleArn: env.SCHEDULE_ROLE_ARN,
    targetArn: env.SCHEDULE_TARGET_ARN,
    dlqArn: env.SCHEDULE_DLQ_ARN,
  }),
  probe: lambdaProbe(new LambdaClient({}), env.INGEST_FUNCTION_PREFIX),
  fetch: mapOrigins(
    createFetch({
      allow: env.ALLOWED_ADDRESSES.split(',').filter((part) => part !== ''),
      maxBytes: 1024 * 1024,
      totalSeconds: 20,
    }),
    env.VENDOR_ORIGINS ?? {},
  ),
  now: () => new Date(),
  log: createLog(),
});
