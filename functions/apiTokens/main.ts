import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiTokens', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  now: () => new Date(),
  log: createLog(),
});
