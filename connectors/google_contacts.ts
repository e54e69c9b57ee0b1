import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { at } from '../shared/connectors/rest/paths.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';

const config = z.strictObject({});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  clientId: z.string().min(1).max(500).meta({
    title: 'Client id',
    description: 'Of the OAuth client in your Google Cloud project.',
  }),
  clientSecret: z.string().min(1).max(500).meta({
    title: 'Client secret',
    description: 'Of the OAuth client in your Google Cloud project.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(2_000).meta({
    title: 'Refresh token',
    description:
      'What Google handed out when the contacts’ owner agreed to the scope https://www.googleapis.com/auth/contacts.readonly.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

/** What is asked of each person; each is a list. https://developers.google.com/people/api/rest/v1/people */
const fields = [
  'addresses',
  'biographies',
  'birthdays',
  'calendarUrls',
  'clientData',
  'emailAddresses',
  'events',
  'externalIds',
  'imClients',
  'interests',
  'locales',
  'locations',
  'memberships',
  'miscKeywords',
  'names',
  'nicknames',
  'occupations',
  'organizations',
  'phoneNumbers',
  'photos',
  'relations',
  'sipAddresses',
  'skills',
  'urls',
  'userDefined',
] as const;

/** The lists as they are, and beside them the first of what most people look for. */
const columns: readonly RestColumn[] = [
  { name: 'resourceName', type: 'string' },
  { name: 'displayName', type: 'string', from: 'names.0.displayName' },
  { name: 'givenName', type: 'string', from: 'names.0.givenName' },
  { name: 'familyName', type: 'string', from: 'names.0.familyName' },
  { name: 'email', type: 'string', from: 'emailAddresses.0.value' },
  { name: 'phone', type: 'string', from: 'phoneNumbers.0.value' },
  { name: 'organization', type: 'string', from: 'organizations.0.name' },
  ...fields.map((name): RestColumn => ({ name, type: 'string', nativeType: 'list' })),
  { name: 'metadata', type: 'string', nativeType: 'object' },
  { name: 'etag', type: 'string' },
];

export default defineRestConnector<Config, Credentials>({
  name: 'google_contacts',
  title: 'Google contacts',
  description: 'Contacts of one Google account, from Google’s People API.',
  docs: 'https://developers.google.com/people/api/rest/v1/people.connections/list',
  labels: ['saas'],
  authMethods: [
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  config,
  credentials,
  baseUrl: 'https://people.googleapis.com',
  // https://developers.google.com/identity/protocols/oauth2/web-server: a refresh token only with both parameters.
  connect: {
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    scope: 'https://www.googleapis.com/auth/contacts.readonly',
    parameters: { access_type: 'offline', prompt: 'consent' },
    pkce: true,
  },
  auth: [
    {
      kind: 'oauth',
      grant: 'refresh_token',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      clientAuth: 'body',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
      lifetimeSeconds: 3600,
    },
  ],
  // https://developers.google.com/people/quotas
  limits: [{ name: 'requests', requests: 90, perSeconds: 60 }],
  checks: [
    {
      path: '/v1/people/me/connections',
      query: { personFields: 'names', pageSize: '1' },
      what: 'contacts',
    },
  ],
  errorMessage: 'error.message',
  errors: [
    {
      at: 'error.details.*.reason',
      is: ['EXPIRED_SYNC_TOKEN'],
      code: 'cursor_expired',
      advice:
        'Google keeps changes for seven days after a whole read. Start a full refresh, and schedule one every week.',
    },
    {
      at: 'error.details.*.reason',
      is: ['SERVICE_DISABLED'],
      code: 'source_forbidden',
      advice: 'Turn the People API on in your Google Cloud project.',
    },
    {
      at: 'error.details.*.reason',
      is: ['ACCESS_TOKEN_SCOPE_INSUFFICIENT'],
      code: 'source_forbidden',
      advice: 'Connect again and agree to the scope contacts.readonly.',
    },
    {
      status: [400],
      at: 'error.message',
      has: 'page token',
      code: 'source_answer_invalid',
      lostPlace: true,
    },
  ],
  // Quotas are by the minute, and Google does not say when one begins anew.
  waits: ({ status }) => (status === 429 ? 30_000 : null),
  streams: {
    contacts: {
      primaryKey: ['resourceName'],
      columns,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Google keeps changes for seven days after a whole read: a schedule needs a full refresh every week.',
        'A change made in Google shows in its API some minutes later.',
      ],
      gone: { at: 'metadata.deleted', is: true },
      // Merged contacts live on under another name.
      swallowed: (person) => {
        const names = at(person, 'metadata.previousResourceNames');
        return Array.isArray(names) ? names.map((resourceName: string) => ({ resourceName })) : [];
      },
      pages: {
        path: '/v1/people/me/connections',
        query: {
          personFields: [...fields, 'metadata'].join(','),
          requestSyncToken: 'true',
        },
        records: 'connections',
        leavesOutEmpty: true,
        paging: { kind: 'token', next: 'nextPageToken', to: { query: 'pageToken' } },
        size: { to: { query: 'pageSize' }, records: 1000 },
      },
      changes: { kind: 'token', next: 'nextSyncToken', to: { query: 'syncToken' } },
    },
  },
});
