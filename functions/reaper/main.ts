import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { stepFunctionsExecutions } from '../../shared/runs/executions.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('reaper', process.env);

export const handler = makeHandler(
  {
    table: openTable(env.TABLE_NAME),
    executions: stepFunctionsExecutions(new SFNClient({}), env.STATE_MACHINE_ARN),
    s3: new S3Client({}),
    landingBucket: env.LANDING_BUCKET,
    lakeBucket: env.LAKE_BUCKET,
    now: () => new Date(),
  },
  createLog(),
);
