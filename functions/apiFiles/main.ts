import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { connectors } from '../../connectors/registry.ts';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { stepFunctionsExecutions } from '../../shared/runs/executions.ts';
import { s3LandingBucket } from '../../shared/uploads/landingBucket.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiFiles', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  executions: stepFunctionsExecutions(new SFNClient({}), env.STATE_MACHINE_ARN),
  connectors,
  bucket: s3LandingBucket(
    new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' }),
    env.LANDING_BUCKET,
  ),
  maxUploadBytes: env.MAX_UPLOAD_BYTES,
  now: () => new Date(),
  log: createLog(),
});
