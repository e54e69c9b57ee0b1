import { SFNClient } from '@aws-sdk/client-sfn';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { stepFunctionsExecutions } from '../../shared/runs/executions.ts';
import { firingsIn } from '../../shared/runs/firingItem.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('scheduleTrigger', process.env);
const table = openTable(env.TABLE_NAME);
const now = (): Date => new Date();

export const handler = makeHandler(
  {
    table,
    executions: stepFunctionsExecutions(new SFNClient({}), env.STATE_MACHINE_ARN),
    now,
  },
  firingsIn(table, now),
  createLog(),
);
