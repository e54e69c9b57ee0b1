import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { ulid } from '../../shared/ids.ts';
import { listLiveFiles } from '../../shared/lake/listLiveFiles.ts';
import { prepareCommit } from '../../shared/lake/prepareCommit.ts';
import { revertTo } from '../../shared/lake/revertTo.ts';
import { s3ObjectStore } from '../../shared/lake/s3ObjectStore.ts';
import { stepFunctionsExecutions } from '../../shared/runs/executions.ts';
import { createRunLog } from '../../shared/runs/runLog.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('commit', process.env);

export const handler = makeHandler(
  {
    table: openTable(env.TABLE_NAME),
    executions: stepFunctionsExecutions(new SFNClient({}), env.STATE_MACHINE_ARN),
    now: () => new Date(),
    store: s3ObjectStore(new S3Client({}), env.LAKE_BUCKET),
    prepareCommit,
    prepareRevert: revertTo,
    listLiveFiles,
  },
  createRunLog(),
  () => ulid(new Date()).slice(-8),
);
