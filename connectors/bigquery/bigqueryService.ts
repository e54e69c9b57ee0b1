import type { Context } from '../../shared/connectors/connector.ts';
import {
  createRestClient,
  type RestClient,
  type RestService,
} from '../../shared/connectors/rest/restClient.ts';
import {
  type BigqueryConfig,
  type BigqueryCredentials,
  bigqueryCredentials,
} from './bigqueryConfig.ts';

export type BigqueryContext = Context<BigqueryConfig, BigqueryCredentials>;
export type BigqueryClient = RestClient<BigqueryConfig, BigqueryCredentials>;

const reason = 'error.errors.0.reason';
const tokenUrl = 'https://oauth2.googleapis.com/token';

/** https://cloud.google.com/bigquery/docs/error-messages */
const service: RestService<BigqueryConfig, BigqueryCredentials> = {
  title: 'BigQuery',
  credentials: bigqueryCredentials,
  baseUrl: 'https://bigquery.googleapis.com/bigquery/v2',
  auth: [
    {
      kind: 'oauth',
      grant: 'jwt',
      tokenUrl,
      clientAuth: 'none',
      // Reading tables would do with bigquery.readonly; inserting a query's job does not.
      scope: 'https://www.googleapis.com/auth/bigquery',
      assertion: {
        issuer: { credential: 'clientEmail' },
        audience: tokenUrl,
        privateKey: 'privateKey',
        lifetimeSeconds: 300,
      },
      lifetimeSeconds: 3600,
    },
  ],
  // 100 calls of a method a second, for each user. https://cloud.google.com/bigquery/quotas#api_request_quotas
  limits: [{ name: 'requests', requests: 90, perSeconds: 1 }],
  errorMessage: 'error.message',
  errors: [
    {
      at: reason,
      is: ['accessDenied'],
      code: 'source_forbidden',
      advice:
        'Grant the service account BigQuery Data Viewer on the dataset and BigQuery Job User on the billing project.',
    },
    {
      at: reason,
      is: ['notFound'],
      code: 'source_not_found',
      advice: 'Check project, datasets and location.',
    },
    { at: reason, is: ['rateLimitExceeded', 'jobRateLimitExceeded'], code: 'source_throttled' },
    {
      at: reason,
      is: ['quotaExceeded'],
      code: 'source_quota_exhausted',
      advice: 'It is renewed after a day.',
    },
    {
      at: reason,
      is: ['bytesBilledLimitExceeded'],
      code: 'invalid_config',
      advice: 'Raise the most bytes billed, or read fewer columns.',
    },
    {
      at: reason,
      is: ['billingNotEnabled', 'billingTierLimitExceeded', 'accountDisabled'],
      code: 'source_forbidden',
      advice: 'Enable billing for the project.',
    },
    {
      at: reason,
      is: ['backendError', 'internalError', 'jobBackendError'],
      code: 'source_unreachable',
    },
    {
      at: 'error.message',
      has: 'without a filter over column',
      code: 'invalid_config',
      advice: 'The table has to be read by its partition column: use that as the cursor.',
    },
    { at: reason, is: ['invalid'], code: 'invalid_config' },
  ],
};

/** Asks BigQuery as the context's service account. */
export function bigqueryClient(context: BigqueryContext): BigqueryClient {
  const { credentials } = context;
  // Copied out of the key file, line ends are two characters.
  const privateKey = credentials.privateKey.replaceAll('\\n', '\n');
  return createRestClient(service, { ...context, credentials: { ...credentials, privateKey } });
}

/** A project, dataset, table or job in a path. */
export const segment = (name: string): string => encodeURIComponent(name);
