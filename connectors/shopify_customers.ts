import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { customerColumns, customerQuery } from './shopify_customers/customerQuery.ts';
import { apiVersion, judgeAnswer } from './shopify_customers/judgeAnswer.ts';

const config = z.strictObject({
  shop: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,99}\.myshopify\.com$/, '….myshopify.com')
    .meta({
      title: 'Shop',
      description: 'The shop’s own address at Shopify, such as acme.myshopify.com.',
    }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  accessToken: z.string().min(1).max(500).optional().meta({
    title: 'Admin API access token',
    description: 'Of a custom app (shpat_…) with the scope read_customers.',
    secret: true,
  }),
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'Of an app made in the Dev Dashboard, in place of an access token.',
  }),
  clientSecret: z.string().min(1).max(200).optional().meta({
    title: 'Client secret',
    description: 'Of that app.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(500).optional().meta({
    title: 'Refresh token',
    description: 'Of an app whose offline access tokens expire. Left out: client credentials.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const endpoint = `/admin/api/${apiVersion}/graphql.json`;
const header = 'x-shopify-access-token';
const oauth = {
  kind: 'oauth',
  header,
  tokenUrl: ['https://', { config: 'shop' }, '/admin/oauth/access_token'],
  clientAuth: 'body',
  clientId: 'clientId',
  clientSecret: 'clientSecret',
} as const;

const list = {
  method: 'POST',
  path: endpoint,
  records: 'data.customers.nodes',
  paging: {
    kind: 'token',
    next: 'data.customers.pageInfo.endCursor',
    more: 'data.customers.pageInfo.hasNextPage',
    to: { body: 'variables.after' },
  },
} as const;

export default defineRestConnector<Config, Credentials>({
  name: 'shopify_customers',
  title: 'Shopify customers',
  description: 'Customers of a Shopify shop, with the metafields that are defined for them.',
  docs: 'https://shopify.dev/docs/api/admin-graphql/latest/queries/customers',
  labels: ['saas'],
  authMethods: [
    { name: 'token', title: 'Access token', fields: ['accessToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
    { name: 'key', title: 'Client credentials', fields: ['clientId', 'clientSecret'] },
  ],
  config,
  credentials,
  baseUrl: ['https://', { config: 'shop' }],
  auth: [
    { kind: 'header', name: header, value: 'accessToken' },
    { ...oauth, grant: 'refresh_token', refreshToken: 'refreshToken', lifetimeSeconds: 3600 },
    { ...oauth, grant: 'client_credentials', lifetimeSeconds: 86_400 },
  ],
  // https://shopify.dev/docs/apps/build/authentication-authorization/authenticate-standalone-apps
  connect: {
    authorizeUrl: ['https://', { config: 'shop' }, '/admin/oauth/authorize'],
    scope: 'read_customers',
    pkce: false,
    // Otherwise the token neither ends nor can be renewed; public apps may not have one.
    tokenParameters: { expiring: '1' },
  },
  // What a query costs is counted by Shopify, which says how long to wait; this only keeps several runs apart.
  limits: [{ name: 'requests', requests: 2, perSeconds: 1 }],
  checks: [
    {
      method: 'POST',
      path: endpoint,
      body: {
        query: '{ customers(first: 1) { nodes { id defaultEmailAddress { emailAddress } } } }',
      },
      what: 'customers',
    },
  ],
  errorMessage: 'errors',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Install the app again and enter its access token.',
    },
    { status: [402, 423], code: 'source_forbidden', advice: 'The shop is frozen or locked.' },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the app the scope read_customers.',
    },
    { status: [404], code: 'source_not_found', advice: 'Check the address of the shop.' },
    { status: [430], code: 'source_forbidden', advice: 'Shopify took the request for an attack.' },
  ],
  judge: judgeAnswer,
  streams: {
    customers: {
      primaryKey: ['id'],
      cursorField: 'updatedAt',
      columns: customerColumns(endpoint),
      captures: 'changes',
      deletes: 'none',
      repeats: true,
      notes: [
        'Shopify’s API does not tell which customers were deleted or merged: only a full refresh removes them.',
        'Names, addresses and e-mail need Shopify’s approval for protected customer data.',
      ],
      pages: {
        ...list,
        request: ({ columns }) => ({ body: customerQuery(columns, 'ID', null) }),
      },
      changes: {
        kind: 'window',
        time: 'updatedAt',
        format: 'iso',
        order: 'ascending',
        // The search behind the filter is late by seconds.
        lagSeconds: 60,
        overlapSeconds: 300,
        pages: {
          ...list,
          // The filter may go by whole days: an upper end would take the last day out. What is too much is passed over.
          request: ({ lower, columns }) => ({
            body: customerQuery(columns, 'UPDATED_AT', `updated_at:>='${lower}'`),
          }),
        },
      },
    },
  },
});
