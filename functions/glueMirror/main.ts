import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { readEnv } from '../../shared/env.ts';
import { s3ObjectStore } from '../../shared/lake/s3ObjectStore.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('glueMirror', process.env);

export const handler = makeHandler({
  glue: new GlueClient({}),
  database: env.GLUE_DATABASE,
  store: s3ObjectStore(new S3Client({}), env.LAKE_BUCKET),
  now: () => new Date(),
  log: createLog(),
});
