import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { connectors } from '../../connectors/registry.ts';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { cloudWatchCounts } from '../../shared/health/functionFailures.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('apiCatalog', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  connectors,
  // As infra/names.ts has it.
  functionPrefix: `headgate-${env.STAGE}-`,
  countFunctions: cloudWatchCounts(new CloudWatchClient({})),
  now: () => new Date(),
  log: createLog(),
});
