import { LambdaClient } from '@aws-sdk/client-lambda';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { lambdaPreview } from '../../shared/tables/lambdaPreview.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiTables', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  preview: lambdaPreview(new LambdaClient({}), env.PREVIEW_FUNCTION),
  log: createLog(),
});
