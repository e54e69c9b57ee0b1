import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { parseAnswer } from '../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import { HeadgateError } from '../shared/errors.ts';
import type { ColumnType } from '../shared/lake/schema.ts';

const config = z.strictObject({
  subdomain: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the part before .zendesk.com')
    .meta({
      title: 'Subdomain',
      description: 'The part of your Zendesk address before .zendesk.com, such as acme.',
    }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'The identifier of a confidential OAuth client, made in the Admin Center.',
  }),
  clientSecret: z.string().min(1).max(500).optional().meta({
    title: 'Client secret',
    description: 'Of that OAuth client.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(2_000).optional().meta({
    title: 'Refresh token',
    description:
      'What Zendesk handed out when an admin agreed to the scope read. Left out: client credentials.',
    secret: true,
  }),
  email: z.string().min(3).max(320).optional().meta({
    title: 'E-mail',
    description: 'Of the admin whose API token it is.',
  }),
  apiToken: z.string().min(1).max(500).optional().meta({
    title: 'API token',
    description: 'Zendesk makes no new ones, and takes none from 30 April 2027 on: use OAuth.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const userFields = '/api/v2/user_fields';
const users = '/api/v2/incremental/users/cursor';
/** An account has a few hundred fields at most; pages hold 100. */
const mostFieldPages = 50;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const long = (name: string): RestColumn => ({ name, type: 'long' });
const flag = (name: string): RestColumn => ({ name, type: 'boolean' });
const time = (name: string): RestColumn => ({ name, type: 'timestamptz' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });

/** https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format */
const fixedColumns: readonly RestColumn[] = [
  long('id'),
  text('url'),
  text('name'),
  text('email'),
  time('created_at'),
  time('updated_at'),
  flag('active'),
  text('role'),
  long('role_type'),
  long('custom_role_id'),
  long('organization_id'),
  long('default_group_id'),
  text('external_id'),
  text('alias'),
  text('phone'),
  flag('shared_phone_number'),
  text('time_zone'),
  text('iana_time_zone'),
  text('locale'),
  long('locale_id'),
  flag('verified'),
  flag('suspended'),
  flag('moderator'),
  flag('shared'),
  flag('shared_agent'),
  flag('restricted_agent'),
  flag('only_private_comments'),
  flag('report_csv'),
  flag('two_factor_auth_enabled'),
  text('ticket_restriction'),
  time('last_login_at'),
  text('signature'),
  text('details'),
  text('notes'),
  { name: 'tags', type: 'string', nativeType: 'list' },
  nested('photo'),
];

/** Dates come with a midnight. https://developer.zendesk.com/api-reference/ticketing/users/user_fields/ */
const fieldTypes: Readonly<Record<string, ColumnType>> = {
  checkbox: 'boolean',
  date: 'timestamptz',
  decimal: 'double',
  integer: 'long',
};

const fieldPage = z.object({
  user_fields: z.array(z.object({ key: z.string(), type: z.string() })),
  next_page: z.string().nullish(),
});

/** Zendesk's own fields of a user, and the account's. */
async function columnsOf(client: RestClient<Config, Credentials>): Promise<readonly RestColumn[]> {
  const columns: RestColumn[] = [];
  let answer = await client.ask({ path: userFields });
  for (let pages = 1; ; pages += 1) {
    const { user_fields, next_page } = parseAnswer(fieldPage, answer);
    for (const { key, type } of user_fields)
      columns.push({
        name: `user_fields_${key}`,
        type: fieldTypes[type] ?? 'string',
        nativeType: type,
        from: `user_fields.${key}`,
      });
    if (next_page == null) break;
    if (pages === mostFieldPages)
      throw new HeadgateError('source_answer_invalid', 'Zendesk’s list of user fields has no end.');
    answer = await client.follow(next_page, { path: userFields });
  }
  return [...fixedColumns, ...columns.sort((left, right) => (left.name < right.name ? -1 : 1))];
}

const oauth = {
  kind: 'oauth',
  tokenUrl: ['https://', { config: 'subdomain' }, '.zendesk.com/oauth/tokens'],
  clientAuth: 'body',
  clientId: 'clientId',
  clientSecret: 'clientSecret',
  // User fields have no scope of their own.
  scope: 'read',
  lifetimeSeconds: 1800,
} as const;

const pages = {
  path: users,
  limit: 'export',
  records: 'users',
  size: { to: { query: 'per_page' }, records: 1000 },
  paging: {
    kind: 'token',
    next: 'after_cursor',
    end: 'end_of_stream',
    to: { query: 'cursor' },
  },
} as const;

export default defineRestConnector<Config, Credentials>({
  name: 'zendesk_users',
  title: 'Zendesk users',
  description: 'End users, agents and admins of a Zendesk account, with your own user fields.',
  docs: 'https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/',
  labels: ['saas'],
  authMethods: [
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret'] },
    { name: 'token', title: 'API token (until April 2027)', fields: ['email', 'apiToken'] },
  ],
  config,
  credentials,
  baseUrl: ['https://', { config: 'subdomain' }, '.zendesk.com'],
  // https://support.zendesk.com/hc/en-us/articles/4408845965210
  connect: {
    authorizeUrl: ['https://', { config: 'subdomain' }, '.zendesk.com/oauth/authorizations/new'],
    scope: 'read',
    pkce: true,
  },
  auth: [
    { ...oauth, grant: 'refresh_token', refreshToken: 'refreshToken' },
    { ...oauth, grant: 'client_credentials' },
    {
      kind: 'basic',
      user: [{ credential: 'email' }, '/token'],
      password: { credential: 'apiToken' },
    },
  ],
  // Of the smallest plan. https://developer.zendesk.com/api-reference/introduction/rate-limits/
  limits: [
    { name: 'requests', requests: 200, perSeconds: 60 },
    { name: 'export', requests: 10, perSeconds: 60 },
  ],
  checks: [
    { path: users, query: { start_time: '0', per_page: '1' }, limit: 'export', what: 'users' },
    { path: userFields, what: 'user fields' },
  ],
  errorMessage: 'description',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Check the OAuth client, or the e-mail and its API token, in the Admin Center.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'The export of users needs an admin, and the scope read.',
    },
    { status: [404], code: 'source_not_found', advice: 'Check the subdomain.' },
    {
      status: [400, 422],
      at: 'description',
      has: 'cursor',
      code: 'cursor_expired',
      advice: 'Zendesk no longer knows where the last read ended. Start a full refresh once.',
    },
  ],
  // For an answer without Retry-After.
  waits: ({ status, headers }) => {
    const seconds = Number(headers.get('ratelimit-reset') ?? Number.NaN);
    return status === 429 && seconds > 0 ? seconds * 1000 : null;
  },
  streams: {
    users: {
      primaryKey: ['id'],
      cursorField: 'updated_at',
      columns: columnsOf,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Zendesk exports no user of the last minute: those come with the next read.',
        'Zendesk exports users for admins only.',
      ],
      gone: { at: 'active', is: false },
      pages: {
        ...pages,
        // Later pages go by their cursor alone.
        request: ({ page }) => (page === null ? { query: { start_time: '0' } } : {}),
      },
      // Not by updated_at: a login and others change a user without it, and the export has them all the same.
      changes: { kind: 'token', pages, next: 'after_cursor', to: { query: 'cursor' }, stays: true },
    },
  },
});
