import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiEvents', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  liveUrl: env.LIVE_URL,
  now: () => new Date(),
  log: createLog(),
});
