import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { parseAnswer } from '../shared/connectors/rest/parseAnswer.ts';
import { at } from '../shared/connectors/rest/paths.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import type { RestOutcome } from '../shared/connectors/rest/restPages.ts';
import { type Json, json } from '../shared/json.ts';
import type { ColumnType } from '../shared/lake/schema.ts';

/** HubSpot's API goes by dates; each is kept for 18 months. https://developers.hubspot.com/docs/api-reference/overview */
const version = '2026-03';
const contacts = `/crm/objects/${version}/contacts`;
const properties = `/crm/properties/${version}/contacts`;
/** Longer queries are refused; beyond, records are read by their ids. */
const longestProperties = 12_000;
const idsAtOnce = 100;

const config = z.strictObject({
  readsRecycleBin: z.boolean().default(true).meta({
    title: 'Find deleted contacts',
    description:
      'After each incremental read, list the contacts deleted in the last 90 days and remove those deleted since. Costs a request for every 100 of them.',
  }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  accessToken: z.string().min(1).max(500).optional().meta({
    title: 'Access token',
    description:
      'Of a private app (pat-…) with the scopes crm.objects.contacts.read and crm.schemas.contacts.read.',
    secret: true,
  }),
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'Of your public app, to connect with OAuth.',
  }),
  clientSecret: z.string().min(1).max(200).optional().meta({
    title: 'Client secret',
    description: 'Of your public app, to connect with OAuth.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(500).optional().meta({
    title: 'Refresh token',
    description: 'What HubSpot handed out when the app was connected to the account.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;
type Client = RestClient<Config, Credentials>;

/** https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide */
const columnTypes: Readonly<Record<string, ColumnType>> = {
  number: 'double',
  bool: 'boolean',
  date: 'date',
  datetime: 'timestamptz',
};

const fixedColumns: readonly RestColumn[] = [
  { name: 'id', type: 'string' },
  { name: 'createdAt', type: 'timestamptz' },
  { name: 'updatedAt', type: 'timestamptz' },
  { name: 'archived', type: 'boolean' },
  { name: 'url', type: 'string' },
];

const definitions = z.object({
  results: z.array(z.object({ name: z.string(), type: z.string(), fieldType: z.string() })),
});

const records = z.object({ results: z.array(json) });

/** The account's own properties and HubSpot's. Values come as text; lists of several choices as `a;b`. */
async function columnsOf(client: Client): Promise<readonly RestColumn[]> {
  const { results } = parseAnswer(definitions, await client.ask({ path: properties }));
  return [
    ...fixedColumns,
    ...results
      .map(({ name, type, fieldType }): RestColumn => {
        const column = {
          name,
          type: columnTypes[type] ?? 'string',
          nativeType: type,
          from: `properties.${name}`,
        } as const;
        return type === 'enumeration' && fieldType === 'checkbox'
          ? { ...column, nativeType: 'enumeration, several', format: 'list' }
          : column;
      })
      .sort((left, right) => (left.name < right.name ? -1 : 1)),
  ];
}

/** The properties to ask for, with those this connector goes by. */
function propertiesOf(columns: readonly RestColumn[]): readonly string[] {
  const wanted = columns.flatMap(({ from }) => (from === undefined ? [] : [from.slice(11)]));
  return [...new Set([...wanted, 'lastmodifieddate', 'hs_merged_object_ids'])];
}

const fitsQuery = (columns: readonly RestColumn[]): boolean =>
  encodeURIComponent(propertiesOf(columns).join()).length <= longestProperties;

/** Contacts by their ids, with all properties; those that are not there any more are gone. */
async function readByIds(
  listed: readonly Json[],
  client: Client,
  columns: readonly RestColumn[],
): Promise<readonly RestOutcome[]> {
  const ids = listed.map((record) => String(at(record, 'id')));
  const outcomes: RestOutcome[] = [];
  for (let first = 0; first < ids.length; first += idsAtOnce) {
    const some = ids.slice(first, first + idsAtOnce);
    const answer = await client.ask({
      method: 'POST',
      path: `${contacts}/batch/read`,
      body: {
        inputs: some.map((id) => ({ id })),
        properties: propertiesOf(columns),
        propertiesWithHistory: [],
      },
    });
    const { results } = parseAnswer(records, answer);
    const found = new Map(results.map((record) => [String(at(record, 'id')), record]));
    for (const id of some) {
      const record = found.get(id);
      outcomes.push(record === undefined ? { gone: { id } } : { record });
    }
  }
  return outcomes;
}

const query = (columns: readonly RestColumn[], archived: boolean) => ({
  query: {
    archived: String(archived),
    properties: (fitsQuery(columns) ? propertiesOf(columns) : ['lastmodifieddate']).join(),
  },
});

const next = {
  kind: 'token',
  next: 'paging.next.after',
  to: { query: 'after' },
} as const;
const size = { to: { query: 'limit' }, records: 100 } as const;

export default defineRestConnector<Config, Credentials>({
  name: 'hubspot_contacts',
  title: 'HubSpot contacts',
  description: 'Contacts of a HubSpot account with all their properties, your own included.',
  docs: 'https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide',
  labels: ['saas'],
  authMethods: [
    { name: 'token', title: 'Private app', fields: ['accessToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  config,
  credentials,
  baseUrl: 'https://api.hubapi.com',
  // https://developers.hubspot.com/docs/api/working-with-oauth
  connect: {
    authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
    scope: 'oauth crm.objects.contacts.read crm.schemas.contacts.read',
    pkce: false,
  },
  auth: [
    { kind: 'bearer', token: 'accessToken' },
    {
      kind: 'oauth',
      grant: 'refresh_token',
      tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
      clientAuth: 'body',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
      lifetimeSeconds: 1800,
    },
  ],
  // https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
  limits: [
    { name: 'requests', requests: 100, perSeconds: 10 },
    { name: 'search', requests: 5, perSeconds: 1 },
  ],
  checks: [
    { path: contacts, query: { limit: '1' }, what: 'contacts' },
    { path: properties, what: 'their properties' },
  ],
  errorMessage: 'message',
  errors: [
    // Answered for a token that is not even formed like one.
    {
      status: [401, 530],
      code: 'invalid_credentials',
      advice: 'Copy the access token of the private app again, or connect anew.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the app the scopes crm.objects.contacts.read and crm.schemas.contacts.read.',
    },
    // The account is being moved to another data centre, or is locked for a moment.
    { status: [423, 477], code: 'source_throttled' },
  ],
  finalStatuses: [530],
  // The daily quota is told by a header only, and begins anew at midnight of the account.
  waits: (response) =>
    response.headers.get('x-hubspot-ratelimit-daily-remaining') === '0' ? 3_600_000 : null,
  streams: {
    contacts: {
      primaryKey: ['id'],
      cursorField: 'lastmodifieddate',
      columns: columnsOf,
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Contacts erased for privacy leave no trace at HubSpot: only a full refresh removes them.',
        'Calculated properties change without lastmodifieddate: their new values come with the next change of the contact.',
      ],
      swallowed: (record) => {
        const merged = at(record, 'properties.hs_merged_object_ids');
        return typeof merged === 'string' && merged !== ''
          ? merged.split(';').map((id) => ({ id: id.trim() }))
          : [];
      },
      pages: {
        path: contacts,
        records: 'results',
        paging: next,
        size,
        request: ({ columns }) => query(columns, false),
        expand: async (listed, client, columns) =>
          fitsQuery(columns)
            ? listed.map((record) => ({ record }))
            : readByIds(listed, client, columns),
      },
      changes: {
        kind: 'window',
        time: 'properties.lastmodifieddate',
        format: 'iso',
        order: 'none',
        // The search index is behind by seconds.
        lagSeconds: 60,
        overlapSeconds: 300,
        pages: {
          method: 'POST',
          path: `${contacts}/search`,
          limit: 'search',
          records: 'results',
          // A search answers 10,000 contacts at most, so each page is a search above the last id.
          paging: { kind: 'keyset', keys: ['id'] },
          size: { to: { body: 'limit' }, records: 200 },
          request: ({ lower, upper, page }) => ({
            body: {
              filterGroups: [
                {
                  filters: [
                    filter('lastmodifieddate', 'GTE', String(Date.parse(lower ?? ''))),
                    filter('lastmodifieddate', 'LT', String(Date.parse(upper))),
                    ...(Array.isArray(page) ? [filter('hs_object_id', 'GT', String(page[0]))] : []),
                  ],
                },
              ],
              sorts: ['hs_object_id'],
              properties: ['lastmodifieddate'],
              after: '0',
            },
          }),
          expand: readByIds,
        },
      },
      deletions: {
        when: { config: 'readsRecycleBin' },
        time: 'archivedAt',
        format: 'iso',
        pages: {
          path: contacts,
          query: { archived: 'true', properties: 'lastmodifieddate' },
          records: 'results',
          paging: next,
          size,
        },
      },
    },
  },
});

function filter(propertyName: string, operator: string, value: string): Json {
  return { propertyName, operator, value };
}
