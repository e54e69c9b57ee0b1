import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { openPeople } from '../../shared/people/openPeople.ts';
import { keptBootstrapToken } from '../../shared/tokens/keptBootstrapToken.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('authorizer', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  bootstrapToken: keptBootstrapToken(new SecretsManagerClient({}), env.ADMIN_TOKEN_SECRET_ARN),
  people: openPeople(env).people,
  now: () => new Date(),
  log: createLog(),
});
