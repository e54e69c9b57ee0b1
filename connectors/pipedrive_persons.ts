import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { personColumns } from './pipedrive_persons/personColumns.ts';

const config = z.strictObject({});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  apiToken: z.string().min(1).max(200).optional().meta({
    title: 'API token',
    description:
      'Of a user, under Personal preferences, API. Persons the user cannot see are left out.',
    secret: true,
  }),
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'Of your app, to connect with OAuth.',
  }),
  clientSecret: z.string().min(1).max(500).optional().meta({
    title: 'Client secret',
    description: 'Of your app, to connect with OAuth.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(2_000).optional().meta({
    title: 'Refresh token',
    description:
      'What Pipedrive handed out when the app was installed with the scope contacts:read.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const persons = '/persons';
const pages = {
  path: persons,
  records: 'data',
  size: { to: { query: 'limit' }, records: 500 },
  paging: { kind: 'token', next: 'additional_data.next_cursor', to: { query: 'cursor' } },
} as const;
const labels = { include_option_labels: 'true' } as const;

export default defineRestConnector<Config, Credentials>({
  name: 'pipedrive_persons',
  title: 'Pipedrive persons',
  description: 'Persons of a Pipedrive company, with your own fields by their names.',
  docs: 'https://developers.pipedrive.com/docs/api/v1/Persons',
  labels: ['saas'],
  authMethods: [
    { name: 'token', title: 'API token', fields: ['apiToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  config,
  credentials,
  baseUrl: 'https://api.pipedrive.com/api/v2',
  // https://pipedrive.readme.io/docs/marketplace-oauth-authorization: scopes are those of the app.
  connect: { authorizeUrl: 'https://oauth.pipedrive.com/oauth/authorize', pkce: false },
  auth: [
    { kind: 'header', name: 'x-api-token', value: 'apiToken' },
    {
      kind: 'oauth',
      grant: 'refresh_token',
      tokenUrl: 'https://oauth.pipedrive.com/oauth/token',
      clientAuth: 'basic',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
      lifetimeSeconds: 3600,
    },
  ],
  // Of the smallest plan. https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
  limits: [{ name: 'requests', requests: 20, perSeconds: 2 }],
  checks: [
    { path: persons, query: { limit: '1' }, what: 'persons' },
    { path: '/personFields', query: { limit: '1' }, what: 'their fields' },
  ],
  errorMessage: 'error',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Check the API token, or install the app again.',
    },
    { status: [402], code: 'source_forbidden', advice: 'Pipedrive’s plan has ended.' },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the app the scope contacts:read.',
    },
    {
      status: [410],
      code: 'source_answer_invalid',
      advice: 'Pipedrive has retired this part of its API: Headgate needs an update.',
    },
    // Of a page, its place in the list is no longer known.
    { status: [400], code: 'source_answer_invalid', lostPlace: true },
  ],
  // A burst ends within two seconds. The day's tokens come back at an hour that is not told.
  waits: ({ status, headers }) => {
    if (status !== 429) return null;
    if (headers.get('x-daily-ratelimit-token-remaining') === '0') return 3_600_000;
    const seconds = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
    return seconds > 0 ? seconds * 1000 : null;
  },
  streams: {
    persons: {
      primaryKey: ['id'],
      cursorField: 'update_time',
      columns: personColumns,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'none',
      repeats: true,
      notes: [
        'Pipedrive’s list does not tell which persons were deleted or merged: only a full refresh, or detection of deletes, removes them.',
        'A user who may not see all persons gets those that are visible, and no word of the others.',
        'A field of your own that is renamed becomes a new column.',
      ],
      pages: { ...pages, query: { sort_by: 'id', sort_direction: 'asc', ...labels } },
      changes: {
        kind: 'window',
        time: 'update_time',
        format: 'iso',
        from: { query: 'updated_since' },
        to: { query: 'updated_until' },
        order: 'ascending',
        lagSeconds: 60,
        overlapSeconds: 120,
        pages: { ...pages, query: { sort_by: 'update_time', sort_direction: 'asc', ...labels } },
      },
    },
  },
});
