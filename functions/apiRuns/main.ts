import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { connectors } from '../../connectors/registry.ts';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { stepFunctionsExecutions } from '../../shared/runs/executions.ts';
import { readRunLog } from '../../shared/runs/readRunLog.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiRuns', process.env);
const s3 = new S3Client({});

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  executions: stepFunctionsExecutions(new SFNClient({}), env.STATE_MACHINE_ARN),
  connectors,
  readRunLog: (tenant, runId) => readRunLog(s3, env.LAKE_BUCKET, tenant, runId),
  now: () => new Date(),
  log: createLog(),
});
