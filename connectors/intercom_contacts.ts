import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { parseAnswer } from '../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import type { ColumnType } from '../shared/lake/schema.ts';

/** Pinned: later versions change types. https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/api-changelog */
const apiVersion = '2.15';
const attributes = { path: '/data_attributes', query: { model: 'contact' } } as const;
/**
 * The search goes by whole days of the workspace's own time zone, and `>` means from the next day on. Two days before a
 * time, the next day has begun everywhere, whatever its clocks do.
 */
const dayGuardSeconds = 2 * 86_400;

const config = z.strictObject({
  host: z
    .enum(['api.intercom.io', 'api.eu.intercom.io', 'api.au.intercom.io'])
    .default('api.intercom.io')
    .meta({
      title: 'Region',
      description:
        'Where the workspace is hosted: api.intercom.io (US), api.eu.intercom.io (Europe) or api.au.intercom.io (Australia).',
    }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'Of your app in Intercom’s Developer Hub, to connect with OAuth.',
  }),
  clientSecret: z.string().min(1).max(200).optional().meta({
    title: 'Client secret',
    description: 'Of that app, to connect with OAuth.',
    secret: true,
  }),
  accessToken: z.string().min(1).max(500).meta({
    title: 'Access token',
    description: 'Of an app of yours in Intercom’s Developer Hub, or handed out to it by OAuth.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const flag = (name: string): RestColumn => ({ name, type: 'boolean' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });
const time = (name: string): RestColumn => ({
  name,
  type: 'timestamptz',
  nativeType: 'epoch seconds',
  format: 'epochSeconds',
});

/** https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/contact */
const fixedColumns: readonly RestColumn[] = [
  text('id'),
  text('type'),
  text('workspace_id'),
  text('external_id'),
  text('role'),
  text('email'),
  text('email_domain'),
  text('phone'),
  text('name'),
  { name: 'owner_id', type: 'long' },
  flag('has_hard_bounced'),
  flag('marked_email_as_spam'),
  flag('unsubscribed_from_emails'),
  time('created_at'),
  time('updated_at'),
  time('signed_up_at'),
  time('last_seen_at'),
  time('last_replied_at'),
  time('last_contacted_at'),
  time('last_email_opened_at'),
  time('last_email_clicked_at'),
  text('language_override'),
  text('browser'),
  text('browser_version'),
  text('browser_language'),
  text('os'),
  text('android_app_name'),
  text('android_app_version'),
  text('android_device'),
  text('android_os_version'),
  text('android_sdk_version'),
  time('android_last_seen_at'),
  text('ios_app_name'),
  text('ios_app_version'),
  text('ios_device'),
  text('ios_os_version'),
  text('ios_sdk_version'),
  time('ios_last_seen_at'),
  nested('avatar'),
  nested('location'),
  nested('social_profiles'),
  nested('tags'),
  nested('notes'),
  nested('companies'),
];

const attributeTypes: Readonly<Record<string, ColumnType>> = {
  integer: 'long',
  float: 'double',
  boolean: 'boolean',
  date: 'timestamptz',
};

const attributeList = z.object({
  data: z.array(z.object({ name: z.string(), data_type: z.string(), custom: z.boolean() })),
});

/** Intercom's own attributes of a contact, and the workspace's. */
async function columnsOf(client: RestClient<Config, Credentials>): Promise<readonly RestColumn[]> {
  const { data } = parseAnswer(attributeList, await client.ask(attributes));
  const own = data
    .filter(({ custom }) => custom)
    .map(
      ({ name, data_type }): RestColumn => ({
        name: `custom_attributes_${name}`,
        type: attributeTypes[data_type] ?? 'string',
        nativeType: data_type,
        from: `custom_attributes.${name.replaceAll('.', '\\.')}`,
        ...(data_type === 'date' ? { format: 'epochSeconds' } : {}),
      }),
    );
  return [...fixedColumns, ...own.sort((left, right) => (left.name < right.name ? -1 : 1))];
}

const list = { records: 'data', next: 'pages.next.starting_after', size: 150 } as const;

export default defineRestConnector<Config, Credentials>({
  name: 'intercom_contacts',
  title: 'Intercom contacts',
  description: 'Users and leads of an Intercom workspace, with your own attributes.',
  docs: 'https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts',
  labels: ['saas'],
  authMethods: [
    { name: 'token', title: 'Access token', fields: ['accessToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'accessToken'] },
  ],
  config,
  credentials,
  baseUrl: ['https://', { config: 'host' }],
  headers: { 'intercom-version': apiVersion },
  auth: [{ kind: 'bearer', token: 'accessToken' }],
  // What the app may read is set in the Developer Hub. https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
  connect: {
    authorizeUrl: 'https://app.intercom.com/oauth',
    pkce: false,
    keeps: {
      tokenUrl: ['https://', { config: 'host' }, '/auth/eagle/token'],
      clientAuth: 'body',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'accessToken',
    },
  },
  // 10,000 a minute, counted in slices of ten seconds. https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
  limits: [{ name: 'requests', requests: 160, perSeconds: 10 }],
  checks: [
    { path: '/contacts', query: { per_page: '1' }, what: 'contacts' },
    { ...attributes, what: 'their attributes' },
  ],
  errorMessage: 'errors.0.message',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Check the access token, and the region it belongs to.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the app the permission to read and list users and companies.',
    },
    // Of a page, its place in the list is no longer known.
    { status: [400], code: 'source_answer_invalid', lostPlace: true },
  ],
  waits: ({ status, headers }, now) => {
    const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000;
    return status === 429 && reset > now.getTime() ? reset - now.getTime() : null;
  },
  streams: {
    contacts: {
      primaryKey: ['id'],
      cursorField: 'updated_at',
      columns: columnsOf,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'none',
      repeats: true,
      notes: [
        'Intercom does not tell which contacts were deleted, archived or merged: only a full refresh, or detection of deletes, removes them.',
        'Intercom searches by whole days: each incremental read asks for the last days again and keeps what is new.',
        'Of tags, companies and notes a contact shows the first ten.',
      ],
      pages: {
        path: '/contacts',
        records: list.records,
        paging: { kind: 'token', next: list.next, to: { query: 'starting_after' } },
        size: { to: { query: 'per_page' }, records: list.size },
      },
      changes: {
        kind: 'window',
        time: 'updated_at',
        format: 'epochSeconds',
        order: 'ascending',
        // New contacts may show in the search some minutes late.
        lagSeconds: 60,
        overlapSeconds: 900,
        pages: {
          method: 'POST',
          path: '/contacts/search',
          records: list.records,
          paging: {
            kind: 'token',
            next: list.next,
            to: { body: 'pagination.starting_after' },
          },
          size: { to: { body: 'pagination.per_page' }, records: list.size },
          // No upper end: by whole days it would take the last day out. What is too new is passed over.
          request: ({ lower }) => ({
            body: {
              query: {
                field: 'updated_at',
                operator: '>',
                value: Math.floor(Date.parse(lower ?? '') / 1000) - dayGuardSeconds,
              },
              sort: { field: 'updated_at', order: 'ascending' },
            },
          }),
        },
      },
    },
  },
});
