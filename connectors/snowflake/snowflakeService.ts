import * as z from 'zod';
import type { Context } from '../../shared/connectors/connector.ts';
import {
  createRestClient,
  type RestClient,
  type RestService,
} from '../../shared/connectors/rest/restClient.ts';
import { signIn } from './signIn.ts';
import {
  type SnowflakeConfig,
  type SnowflakeCredentials,
  snowflakeCredentials,
} from './snowflakeConfig.ts';

export type SnowflakeContext = Context<SnowflakeConfig, SnowflakeCredentials>;

/** What the client needs besides: the host, and the token that was made of the credentials. */
const signedCredentials = snowflakeCredentials.extend({
  bearer: z.string().meta({ title: 'Token', description: 'Sent along.', secret: true }),
  tokenType: z.string().meta({ title: 'Kind', description: 'Of the token.' }),
});
type Signed = z.infer<typeof signedCredentials>;
type Hosted = SnowflakeConfig & { readonly host: string };
export type SnowflakeClient = RestClient<Hosted, Signed>;

/** Of the SQL API and of what a statement fails with. https://docs.snowflake.com/en/developer-guide/sql-api/reference */
const service: RestService<Hosted, Signed> = {
  title: 'Snowflake',
  credentials: signedCredentials,
  baseUrl: ['https://', { config: 'host' }],
  headers: {
    'x-snowflake-authorization-token-type': { credential: 'tokenType' },
    // Requests without one are refused.
    'user-agent': 'headgate',
  },
  auth: [{ kind: 'bearer', token: 'bearer' }],
  // Snowflake publishes no number; a run asks for one partition at a time.
  limits: [{ name: 'requests', requests: 20, perSeconds: 1 }],
  errorMessage: 'message',
  errors: [
    {
      at: 'code',
      is: [
        '390144',
        '390100',
        '390101',
        '390102',
        '390103',
        '390104',
        '390112',
        '390114',
        '390195',
      ],
      code: 'invalid_credentials',
      advice: 'Check account and user, and that the user has the public key of this private key.',
    },
    {
      at: 'code',
      is: ['390303', '390318', '390302', '390301'],
      code: 'invalid_credentials',
      advice: 'The token has expired or was revoked: give another one.',
    },
    {
      at: 'code',
      is: ['390420', '390422', '390432'],
      code: 'source_forbidden',
      advice: 'A network policy of the account does not let this address in.',
    },
    {
      at: 'code',
      is: ['390186', '390189', '003001', '003013'],
      code: 'source_forbidden',
      advice:
        'Grant the role to the user, USAGE on warehouse, database and schema, and SELECT on the tables.',
    },
    {
      at: 'code',
      is: ['002003', '002043', '390201'],
      code: 'source_not_found',
      advice:
        'Check the names, capitals count; or the role may not use it: Snowflake does not say which.',
    },
    {
      at: 'code',
      is: ['000606', '000607', '090073', '090001', '390208'],
      code: 'invalid_config',
      advice: 'Name a warehouse that the role may use and that resumes by itself.',
    },
    {
      at: 'code',
      is: ['000630', '000604', '000605'],
      code: 'invalid_config',
      advice: 'The statement was ended by a timeout or by somebody. Raise the statement timeout.',
    },
    { status: [408], code: 'invalid_config', advice: 'Raise the statement timeout.' },
  ],
};

/** Asks the SQL API of the context's account, signed in for an hour. */
export function snowflakeClient(context: SnowflakeContext): SnowflakeClient {
  const { config, credentials, log, now } = context;
  const signed = signIn(config, credentials, now());
  log.redact([signed.bearer]);
  // Underscores of an account are hyphens in its host's name.
  const host = `${config.account.toLowerCase().replaceAll('_', '-')}.snowflakecomputing.com`;
  return createRestClient(service, {
    ...context,
    config: { ...config, host },
    credentials: { ...credentials, ...signed },
  });
}
