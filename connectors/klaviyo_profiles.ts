import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { at } from '../shared/connectors/rest/paths.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import type { PageState, RestOutcome } from '../shared/connectors/rest/restPages.ts';
import type { Json } from '../shared/json.ts';

/** Each revision is kept for two years. https://developers.klaviyo.com/en/docs/api_versioning_and_deprecation_policy */
const revision = '2026-07-15';

const config = z.strictObject({});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  apiKey: z.string().regex(/^pk_/, 'starts with pk_').max(500).optional().meta({
    title: 'Private API key',
    description: 'A private key (pk_…) with the scope profiles:read.',
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
    description: 'What Klaviyo handed out when the app was connected with the scope profiles:read.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const time = (name: string): RestColumn => ({ name, type: 'timestamptz' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });

/** https://developers.klaviyo.com/en/reference/get_profiles */
const columns: readonly RestColumn[] = [
  text('id'),
  text('email'),
  text('phone_number'),
  text('external_id'),
  text('first_name'),
  text('last_name'),
  text('organization'),
  text('title'),
  text('locale'),
  text('image'),
  time('created'),
  time('updated'),
  time('last_event_date'),
  nested('location'),
  nested('properties'),
  nested('subscriptions'),
];

/** A profile's attributes beside its id, without the envelope of JSON:API. */
const unwrapped = async (profiles: readonly Json[]): Promise<readonly RestOutcome[]> =>
  profiles.map((profile) => ({
    record: { id: at(profile, 'id') ?? null, ...(at(profile, 'attributes') as object) } as Json,
  }));

const seconds = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * There is no "or equal" for `updated`: the second before and the one after are asked for, too. What lies outside the
 * window is passed over.
 */
const between = ({ lower, upper }: PageState): string =>
  [
    `greater-than(updated,${seconds(Date.parse(lower ?? '') - 1000)})`,
    `less-than(updated,${seconds(Date.parse(upper) + 999)})`,
  ].join(',');

const pages = {
  path: '/api/profiles',
  records: 'data',
  size: { to: { query: 'page[size]' }, records: 100 },
  paging: { kind: 'nextUrl', next: 'links.next' },
  expand: unwrapped,
} as const;
const extras = { 'additional-fields[profile]': 'subscriptions' };

export default defineRestConnector<Config, Credentials>({
  name: 'klaviyo_profiles',
  title: 'Klaviyo profiles',
  description: 'Profiles of a Klaviyo account, with their subscriptions and your own properties.',
  docs: 'https://developers.klaviyo.com/en/reference/get_profiles',
  labels: ['saas'],
  authMethods: [
    { name: 'key', title: 'Private API key', fields: ['apiKey'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  config,
  credentials,
  baseUrl: 'https://a.klaviyo.com',
  headers: { revision, accept: 'application/vnd.api+json' },
  // https://developers.klaviyo.com/en/docs/set_up_oauth
  connect: {
    authorizeUrl: 'https://www.klaviyo.com/oauth/authorize',
    scope: 'profiles:read',
    pkce: true,
  },
  auth: [
    { kind: 'header', name: 'authorization', prefix: 'Klaviyo-API-Key ', value: 'apiKey' },
    {
      kind: 'oauth',
      grant: 'refresh_token',
      tokenUrl: 'https://a.klaviyo.com/oauth/token',
      clientAuth: 'basic',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
      lifetimeSeconds: 3600,
    },
  ],
  // 75 a second and 750 a minute. https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
  limits: [{ name: 'requests', requests: 700, perSeconds: 60 }],
  checks: [
    {
      path: '/api/profiles',
      query: { 'page[size]': '1', ...extras },
      what: 'profiles',
    },
  ],
  errorMessage: 'errors.0.detail',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Check the private API key, or connect again.',
    },
    {
      at: 'errors.*.code',
      is: ['not_authenticated', 'authentication_failed'],
      code: 'invalid_credentials',
      advice: 'Check the private API key, or connect again.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the key or the app the scope profiles:read.',
    },
    {
      status: [410],
      code: 'source_answer_invalid',
      advice: `Klaviyo has retired the revision ${revision} of its API: Headgate needs an update.`,
    },
    // Of a page, its place in the list is no longer known.
    { status: [400], code: 'source_answer_invalid', lostPlace: true },
  ],
  streams: {
    profiles: {
      primaryKey: ['id'],
      cursorField: 'updated',
      columns,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'none',
      repeats: true,
      notes: [
        'Klaviyo does not tell which profiles were deleted or merged: only a full refresh, or detection of deletes, removes them.',
        'Your own properties are one column of JSON: Klaviyo has no list of them.',
      ],
      pages: { ...pages, query: { sort: 'created', ...extras } },
      changes: {
        kind: 'window',
        time: 'attributes.updated',
        format: 'iso',
        order: 'ascending',
        lagSeconds: 60,
        overlapSeconds: 300,
        pages: {
          ...pages,
          query: { sort: 'updated', ...extras },
          request: (state) => ({ query: { filter: between(state) } }),
        },
      },
    },
  },
});
