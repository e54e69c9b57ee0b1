import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { at } from '../shared/connectors/rest/paths.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import type { PageState, RestOutcome } from '../shared/connectors/rest/restPages.ts';
import type { RestStreams } from '../shared/connectors/rest/restSpec.ts';
import type { RestStream } from '../shared/connectors/rest/restStream.ts';
import type { Json } from '../shared/json.ts';
import {
  type AirtableField,
  type AirtableTable,
  columnsOf,
  tablesOf,
  typeOf,
} from './airtable_records/airtableTables.ts';

const config = z.strictObject({
  baseId: z
    .string()
    .regex(/^app[A-Za-z0-9]{14}$/, 'app and 14 letters or digits')
    .meta({
      title: 'Base',
      description: 'Id of the base (app…), as its address in the browser shows it.',
    }),
  modifiedField: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^{}\\\p{Cc}]+$/u, 'a name without braces')
    .optional()
    .meta({
      title: 'Last modified field',
      description:
        'Name of a field of the type “Last modified time” that looks at all fields. Tables that have it are read by their changes, others whole each time.',
    }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  accessToken: z.string().min(1).max(500).optional().meta({
    title: 'Personal access token',
    description:
      'A token (pat…) with the scopes data.records:read and schema.bases:read and access to the base.',
    secret: true,
  }),
  clientId: z.string().min(1).max(500).optional().meta({
    title: 'Client id',
    description: 'Of the OAuth integration.',
  }),
  clientSecret: z.string().min(1).max(500).optional().meta({
    title: 'Client secret',
    description: 'Of the OAuth integration.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(5_000).optional().meta({
    title: 'Refresh token',
    description: 'What Airtable handed out when the integration was connected.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

/** Empty cells are left out of a record, and so is a checkbox that is not ticked. */
const filled =
  (fields: readonly AirtableField[]) =>
  async (
    records: readonly Json[],
    _client: RestClient<Config, Credentials>,
    columns: readonly RestColumn[],
  ): Promise<readonly RestOutcome[]> => {
    const wanted = new Set(columns.map(({ from }) => from));
    const boxes = fields.filter(
      ({ type, id }) => type === 'checkbox' && wanted.has(`fields.${id}`),
    );
    const unticked = Object.fromEntries(boxes.map(({ id }) => [id, false]));
    return records.map((record) => ({
      record: {
        ...(record as { readonly [name: string]: Json }),
        fields: { ...unticked, ...(at(record, 'fields') as { readonly [name: string]: Json }) },
      },
    }));
  };

/** Only the fields that are delivered, and of changes those in the window, oldest first. */
const asked =
  (table: AirtableTable, modified: AirtableField | undefined) =>
  ({ lower, upper, columns }: PageState) => {
    const ids = columns.flatMap(({ from }) => from?.slice('fields.'.length) ?? []);
    const some = ids.length === table.fields.length ? [] : ids;
    const window =
      lower === null || modified === undefined
        ? {}
        : {
            filterByFormula: formula(modified.name, lower, upper),
            'sort[0][field]': modified.id,
            'sort[0][direction]': 'asc',
          };
    return {
      query: {
        returnFieldsByFieldId: 'true',
        ...(ids.length === 0 || some.length > 0
          ? { 'fields[]': { each: some.length > 0 ? some : [table.primaryFieldId] } }
          : {}),
        ...window,
      },
    };
  };

/** Both ends are compared without fractions of seconds, and neither comparison takes what equals it. */
function formula(name: string, lower: string, upper: string): string {
  const before = new Date(Date.parse(lower) - 1000).toISOString();
  return `AND(IS_AFTER({${name}}, '${before}'), IS_BEFORE({${name}}, '${upper}'))`;
}

function streamOf(
  table: AirtableTable,
  { baseId, modifiedField }: Config,
): RestStream<Config, Credentials> {
  const columns = columnsOf(table);
  const modified = table.fields.find(
    (field) => field.name === modifiedField && typeOf(field) === 'timestamptz',
  );
  const cursor = columns.find(({ from }) => from === `fields.${modified?.id}`);
  return {
    primaryKey: ['id'],
    columns,
    captures: modified === undefined ? 'snapshot' : 'changes',
    deletes: 'none',
    repeats: true,
    notes: [
      'Airtable does not tell of deleted records: a full refresh, or a run that detects deletes, takes them out.',
      ...(modified === undefined
        ? [
            'No “Last modified time” field is named, or the table has none: it is read whole each time.',
          ]
        : [
            'Fields that compute do not count as changes in Airtable: schedule a full refresh for them.',
          ]),
    ],
    ...(cursor === undefined ? {} : { cursorField: cursor.name }),
    pages: {
      path: `/v0/${baseId}/${table.id}`,
      records: 'records',
      paging: { kind: 'token', next: 'offset', to: { query: 'offset' } },
      size: { to: { query: 'pageSize' }, records: 100 },
      request: asked(table, modified),
      expand: filled(table.fields),
    },
    ...(modified === undefined
      ? {}
      : {
          changes: {
            kind: 'window',
            time: `fields.${modified.id}`,
            format: 'iso',
            order: 'ascending',
            lagSeconds: 10,
            overlapSeconds: 300,
          },
        }),
  };
}

/** A stream per table, called like it; tables that would land in the same one have their id behind the name. */
async function streamsOf(
  client: RestClient<Config, Credentials>,
): Promise<RestStreams<Config, Credentials>> {
  const streams: Record<string, RestStream<Config, Credentials>> = {};
  const taken = new Set<string>();
  for (const table of await tablesOf(client)) {
    const plain = table.name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_]+/g, '_')
      .replaceAll(/^_+|_+$/g, '');
    const name = plain === '' || taken.has(plain) ? `${table.name} ${table.id}`.trim() : table.name;
    taken.add(plain);
    streams[name] = streamOf(table, client.context.config);
  }
  return streams;
}

export default defineRestConnector<Config, Credentials>({
  name: 'airtable_records',
  title: 'Airtable records',
  description: 'Records of the tables of an Airtable base, a stream per table, with their types.',
  docs: 'https://airtable.com/developers/web/api/list-records',
  labels: ['saas'],
  authMethods: [
    { name: 'token', title: 'Personal access token', fields: ['accessToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  config,
  credentials,
  baseUrl: 'https://api.airtable.com',
  auth: [
    { kind: 'bearer', token: 'accessToken' },
    {
      kind: 'oauth',
      grant: 'refresh_token',
      tokenUrl: 'https://airtable.com/oauth2/v1/token',
      clientAuth: 'basic',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'refreshToken',
      lifetimeSeconds: 3600,
    },
  ],
  // https://airtable.com/developers/web/api/rate-limits
  limits: [{ name: 'requests', requests: 5, perSeconds: 1 }],
  checks: [],
  samples: true,
  errorMessage: 'error.message',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Make a new personal access token, or connect again.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice:
        'Give the token the scopes data.records:read and schema.bases:read and access to the base, and check the base’s id: Airtable answers the same for a base that is not there.',
    },
    {
      status: [404],
      code: 'source_not_found',
      advice: 'Check the base’s id.',
    },
    {
      at: 'error.type',
      is: ['LIST_RECORDS_ITERATOR_NOT_AVAILABLE'],
      code: 'source_answer_invalid',
      lostPlace: true,
    },
    {
      at: 'error',
      is: ['LIST_RECORDS_ITERATOR_NOT_AVAILABLE'],
      code: 'source_answer_invalid',
      lostPlace: true,
    },
  ],
  // Whoever is too fast is locked out for half a minute.
  waits: ({ status }) => (status === 429 ? 30_000 : null),
  streams: { ask: streamsOf, incremental: true, dateRanges: true },
});
