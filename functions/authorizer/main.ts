import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { readEnv } from '../../shared/env.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('authorizer', process.env);
const secrets = new SecretsManagerClient({});
const keepMilliseconds = 60_000;
let kept: { readonly token: Promise<string | null>; readonly until: number } | null = null;

/** Read at most once a minute, so that guessing tokens costs nothing at Secrets Manager. */
function bootstrapToken(): Promise<string | null> {
  if (kept === null || kept.until < Date.now()) {
    const token = secrets
      .send(new GetSecretValueCommand({ SecretId: env.ADMIN_TOKEN_SECRET_ARN }))
      .then(
        ({ SecretString }) => SecretString?.trim() ?? null,
        (error: unknown) => {
          if (error instanceof ResourceNotFoundException) return null;
          kept = null;
          throw error;
        },
      );
    kept = { token, until: Date.now() + keepMilliseconds };
  }
  return kept.token;
}

export const handler = makeHandler({
  table: {
    client: DynamoDBDocumentClient.from(new DynamoDBClient({}), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    name: env.TABLE_NAME,
  },
  bootstrapToken,
  now: () => new Date(),
  log: createLog(),
});
