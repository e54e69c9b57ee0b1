import { type Context, ParkUntil } from '../shared/connectors/connector.ts';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import type { RestOAuth } from '../shared/connectors/rest/restAuth.ts';
import type { Text } from '../shared/connectors/rest/texts.ts';
import { describeContact } from './salesforce_contacts/describeContact.ts';
import {
  type SalesforceConfig,
  type SalesforceCredentials,
  salesforceConfig,
  salesforceCredentials,
} from './salesforce_contacts/salesforceConfig.ts';
import { contactsPerQuery, readFields, soqlPage } from './salesforce_contacts/soql.ts';

type Config = SalesforceConfig;
type Credentials = SalesforceCredentials;

const data = (path: string): Text<Config, Credentials> => [
  '/services/data/v',
  { config: 'apiVersion' },
  path,
];

const oauth = {
  kind: 'oauth',
  tokenUrl: [{ config: 'loginUrl' }, '/services/oauth2/token'],
  clientId: 'clientId',
  // Salesforce does not tell; a session lasts 15 minutes at least, and one that has ended is renewed when it is refused.
  lifetimeSeconds: 3600,
} as const satisfies Partial<RestOAuth<Config, Credentials>>;

/** The rolling day begins anew a little with every hour. */
const quotaWaitMilliseconds = 3_600_000;

/** Leaves the rest of the organisation's daily requests to others. */
function keepToQuota(response: Response, { config, now }: Context<Config, Credentials>): void {
  const usage = /api-usage=(\d+)\/(\d+)/.exec(response.headers.get('sforce-limit-info') ?? '');
  const [used, all] = [Number(usage?.[1]), Number(usage?.[2])];
  if (usage === null || used < (all * config.quotaPercent) / 100) return;
  throw new ParkUntil(
    new Date(now().getTime() + quotaWaitMilliseconds),
    `Salesforce counts ${used} of ${all} requests of this organisation in the last 24 hours; ${config.quotaPercent} % is as far as Headgate goes.`,
  );
}

const keys = ['SystemModstamp', 'Id'] as const;

export default defineRestConnector<Config, Credentials>({
  name: 'salesforce_contacts',
  title: 'Salesforce contacts',
  description: 'Contacts of a Salesforce organisation with every field the user may see.',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/',
  labels: ['saas'],
  authMethods: [
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
    {
      name: 'key',
      title: 'Key of an integration user',
      fields: ['clientId', 'username', 'privateKey'],
    },
    { name: 'password', title: 'Client credentials', fields: ['clientId', 'clientSecret'] },
  ],
  config: salesforceConfig,
  credentials: salesforceCredentials,
  baseUrl: { fromToken: 'instance_url' },
  // https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
  connect: {
    authorizeUrl: [{ config: 'loginUrl' }, '/services/oauth2/authorize'],
    scope: 'api refresh_token',
    pkce: true,
  },
  auth: [
    {
      ...oauth,
      grant: 'jwt',
      clientAuth: 'none',
      assertion: {
        issuer: { credential: 'clientId' },
        subject: { credential: 'username' },
        audience: { config: 'loginUrl' },
        privateKey: 'privateKey',
        lifetimeSeconds: 180,
      },
    },
    {
      ...oauth,
      grant: 'refresh_token',
      clientAuth: 'body',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
    },
    { ...oauth, grant: 'client_credentials', clientAuth: 'body', clientSecret: 'clientSecret' },
  ],
  // Salesforce counts by the day; this keeps one source from being a burden.
  limits: [{ name: 'requests', requests: 10, perSeconds: 1 }],
  checks: [
    { path: data('/sobjects/Contact/describe'), what: 'what a contact is' },
    { path: data('/query'), query: { q: 'SELECT Id FROM Contact LIMIT 1' }, what: 'contacts' },
  ],
  errorMessage: '0.message',
  errors: [
    {
      at: '0.errorCode',
      is: ['INVALID_SESSION_ID', 'INVALID_AUTH_HEADER'],
      code: 'invalid_credentials',
      advice: 'Connect again.',
    },
    { at: '0.errorCode', is: ['REQUEST_LIMIT_EXCEEDED'], code: 'source_quota_exhausted' },
    {
      at: '0.errorCode',
      is: [
        'API_DISABLED_FOR_ORG',
        'API_CURRENTLY_DISABLED',
        'INSUFFICIENT_ACCESS',
        'INSUFFICIENT_ACCESS_OR_READONLY',
        'INVALID_TYPE',
        'TXN_SECURITY_METERING_ERROR',
      ],
      code: 'source_forbidden',
      advice: 'Give the user “API Enabled” and read access to contacts.',
    },
    {
      at: '0.errorCode',
      is: ['INVALID_FIELD'],
      code: 'source_answer_invalid',
      advice: 'A field was hidden or renamed while contacts were read; the next run sees it.',
    },
  ],
  judge: (_answer, response, context) => keepToQuota(response, context),
  streams: {
    contacts: {
      primaryKey: ['Id'],
      cursorField: 'SystemModstamp',
      columns: describeContact(data('/sobjects/Contact/describe')),
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Contacts that were emptied from the recycle bin before a run saw them deleted leave no trace: only a full refresh removes them.',
        'Formula fields change without SystemModstamp: their new values come with the next change of the contact.',
      ],
      pages: {
        path: data('/query'),
        records: 'records',
        paging: { kind: 'keyset', keys: ['Id'], cutShort: { at: 'done', is: false } },
        size: { records: contactsPerQuery },
        request: ({ page, columns }) =>
          soqlPage(columns, Array.isArray(page) ? [`Id > '${page[0]}'`] : [], ['Id']),
        expand: readFields(data('/query')),
      },
      changes: {
        kind: 'window',
        time: 'SystemModstamp',
        format: 'iso',
        order: 'ascending',
        lagSeconds: 60,
        // A transaction stamps its contacts when it saves them, and shows them when it ends, up to ten minutes later.
        overlapSeconds: 600,
        pages: {
          // With those in the recycle bin.
          path: data('/queryAll'),
          records: 'records',
          paging: { kind: 'keyset', keys, cutShort: { at: 'done', is: false } },
          size: { records: contactsPerQuery },
          request: ({ lower, upper, page, columns }) =>
            soqlPage(
              columns,
              [
                ...(lower === null ? [] : [`SystemModstamp >= ${lower}`]),
                `SystemModstamp < ${upper}`,
                ...(Array.isArray(page) ? [after(String(page[0]), String(page[1]))] : []),
              ],
              keys,
            ),
          expand: readFields(data('/queryAll')),
        },
      },
    },
  },
});

/** Above the last contact: by its time, and among those of one time by its id. */
function after(time: string, id: string): string {
  const stamp = new Date(time.replace('+0000', 'Z')).toISOString();
  return `(SystemModstamp > ${stamp} OR (SystemModstamp = ${stamp} AND Id > '${id}'))`;
}
