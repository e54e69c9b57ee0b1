import { S3Client } from '@aws-sdk/client-s3';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { s3ObjectStore } from '../../shared/lake/s3ObjectStore.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('preview', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  store: s3ObjectStore(new S3Client({}), env.LAKE_BUCKET),
  log: createLog(),
});
