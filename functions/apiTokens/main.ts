import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { openPeople } from '../../shared/people/openPeople.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiTokens', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  ...openPeople(env),
  now: () => new Date(),
  log: createLog(),
});
