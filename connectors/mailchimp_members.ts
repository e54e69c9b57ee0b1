import * as z from 'zod';
import type { Connector, Context } from '../shared/connectors/connector.ts';
import { failedCheck } from '../shared/connectors/failedCheck.ts';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { parseAnswer } from '../shared/connectors/rest/parseAnswer.ts';
import type { RestCheckpoint } from '../shared/connectors/rest/restCheckpoint.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import { dataCenterName, dataCenterOf } from './mailchimp_members/dataCenterOf.ts';
import { queryOfPage, turnPage } from './mailchimp_members/walkByTime.ts';

const config = z.strictObject({
  dataCenter: z.string().regex(dataCenterName, 'such as us21').optional().meta({
    title: 'Data centre',
    description:
      'The end of an API key after its dash, such as us21. Left out: taken from the key, or asked of Mailchimp.',
  }),
  listId: z
    .string()
    .regex(/^[A-Za-z0-9]{4,40}$/, 'letters and digits')
    .meta({
      title: 'Audience id',
      description: 'In Mailchimp under Audience, Settings, Audience name and defaults.',
    }),
  findsArchived: z.boolean().default(true).meta({
    title: 'Find archived contacts',
    description:
      'After each incremental read, list the contacts archived since and remove them. Costs a request for every 1,000 of them.',
  }),
});
type Given = z.infer<typeof config>;
/** With the data centre that is dialled. */
type Config = Given & { readonly dataCenter: string };

const credentials = z.strictObject({
  apiKey: z.string().min(1).max(200).optional().meta({
    title: 'API key',
    description: 'Of a user who may see the audience; it ends in its data centre.',
    secret: true,
  }),
  accessToken: z.string().min(1).max(500).optional().meta({
    title: 'Access token',
    description: 'Handed out by OAuth to an app of yours, in place of an API key.',
    secret: true,
  }),
  clientId: z.string().min(1).max(200).optional().meta({
    title: 'Client id',
    description: 'Of your registered app, to connect with OAuth.',
  }),
  clientSecret: z.string().min(1).max(200).optional().meta({
    title: 'Client secret',
    description: 'Of that app, to connect with OAuth.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const members = ['/3.0/lists/', { config: 'listId' }, '/members'] as const;
const mergeFields = ['/3.0/lists/', { config: 'listId' }, '/merge-fields'] as const;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const long = (name: string): RestColumn => ({ name, type: 'long' });
const flag = (name: string): RestColumn => ({ name, type: 'boolean' });
const time = (name: string): RestColumn => ({ name, type: 'timestamptz' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });

/** https://mailchimp.com/developer/marketing/api/list-members/ */
const fixedColumns: readonly RestColumn[] = [
  text('contact_id'),
  text('id'),
  text('email_address'),
  text('unique_email_id'),
  text('list_id'),
  text('full_name'),
  long('web_id'),
  text('status'),
  text('unsubscribe_reason'),
  text('email_type'),
  flag('consents_to_one_to_one_messaging'),
  text('sms_phone_number'),
  text('sms_subscription_status'),
  time('sms_subscription_last_updated'),
  time('last_changed'),
  time('timestamp_signup'),
  time('timestamp_opt'),
  text('ip_signup'),
  text('ip_opt'),
  long('member_rating'),
  text('language'),
  flag('vip'),
  text('email_client'),
  text('source'),
  long('tags_count'),
  { name: 'tags', type: 'string', nativeType: 'list' },
  nested('interests'),
  nested('location'),
  nested('stats'),
  { name: 'marketing_permissions', type: 'string', nativeType: 'list' },
  nested('last_note'),
];

const fieldList = z.object({
  merge_fields: z.array(z.object({ tag: z.string(), type: z.string() })),
});

/** Mailchimp's own fields of a member, and the audience's merge fields. An audience has 80 of them at most. */
async function columnsOf(client: RestClient<Config, Credentials>): Promise<readonly RestColumn[]> {
  const answer = await client.ask({ path: mergeFields, query: { count: '1000' } });
  const own = parseAnswer(fieldList, answer).merge_fields.map(
    ({ tag, type }): RestColumn => ({
      name: `merge_fields_${tag}`,
      // Dates and birthdays are texts in the format of the audience.
      type: type === 'number' ? 'double' : 'string',
      nativeType: type,
      from: `merge_fields.${tag}`,
    }),
  );
  return [...fixedColumns, ...own.sort((left, right) => (left.name < right.name ? -1 : 1))];
}

const byTime = {
  sort_field: 'last_changed',
  sort_dir: 'ASC',
  exclude_fields: 'members._links,_links',
} as const;
const pages = {
  path: members,
  records: 'members',
  size: { to: { query: 'count' }, records: 1000 },
  paging: { kind: 'own', turn: turnPage },
} as const;

const inDataCenter = defineRestConnector<Config, Credentials>({
  name: 'mailchimp_members',
  title: 'Mailchimp members',
  description: 'Members of a Mailchimp audience, with its merge fields.',
  docs: 'https://mailchimp.com/developer/marketing/api/list-members/list-members-info/',
  labels: ['saas'],
  authMethods: [
    { name: 'key', title: 'API key', fields: ['apiKey'] },
    { name: 'token', title: 'Access token', fields: ['accessToken'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'accessToken'] },
  ],
  config: config.required({ dataCenter: true }),
  credentials,
  baseUrl: ['https://', { config: 'dataCenter' }, '.api.mailchimp.com'],
  auth: [
    { kind: 'basic', user: 'headgate', password: { credential: 'apiKey' } },
    { kind: 'bearer', token: 'accessToken' },
  ],
  // Its tokens do not end. https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/
  connect: {
    authorizeUrl: 'https://login.mailchimp.com/oauth2/authorize',
    pkce: false,
    keeps: {
      tokenUrl: 'https://login.mailchimp.com/oauth2/token',
      clientAuth: 'body',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      refreshToken: 'accessToken',
    },
  },
  // Ten at a time; a read sends one after the other. https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling
  limits: [{ name: 'requests', requests: 10, perSeconds: 1 }],
  checks: [
    { path: members, query: { count: '1', fields: 'members.id,total_items' }, what: 'members' },
    { path: mergeFields, query: { count: '1' }, what: 'merge fields' },
  ],
  errorMessage: 'detail',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Check the API key, and that it ends in the data centre.',
    },
    {
      at: 'title',
      is: ['WrongDatacenter', 'Wrong Datacenter'],
      code: 'invalid_credentials',
      advice: 'Check the data centre: it is the end of the API key.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'The user of the key may not see the audience, or is disabled.',
    },
    { status: [404], code: 'source_not_found', advice: 'Check the audience id.' },
  ],
  streams: {
    members: {
      // Not `id`: that is a digest of the address and changes with it.
      primaryKey: ['contact_id'],
      cursorField: 'last_changed',
      columns: columnsOf,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Members who were deleted for good leave no trace at Mailchimp: only a full refresh, or detection of deletes, removes them.',
        'Opens and clicks change a member’s stats without last_changed: they come with the member’s next change.',
      ],
      gone: { at: 'status', is: 'archived' },
      pages: {
        ...pages,
        query: byTime,
        // No upper end: a member who changes meanwhile goes to the end of the list, and is in it all the same.
        request: ({ page }) => ({ query: queryOfPage(page, null, null) }),
      },
      changes: {
        kind: 'window',
        time: 'last_changed',
        format: 'iso',
        order: 'ascending',
        lagSeconds: 60,
        overlapSeconds: 300,
        pages: {
          ...pages,
          query: byTime,
          request: ({ page, lower, upper }) => ({ query: queryOfPage(page, lower, upper) }),
        },
      },
      deletions: {
        when: { config: 'findsArchived' },
        time: 'last_changed',
        format: 'iso',
        pages: {
          ...pages,
          // Others leave archived members out.
          query: { ...byTime, status: 'archived' },
          request: ({ page, lower, upper }) => ({ query: queryOfPage(page, lower, upper) }),
        },
      },
    },
  },
});

const placed = async (
  context: Context<Given, Credentials>,
): Promise<Context<Config, Credentials>> => ({
  ...context,
  config: { ...context.config, dataCenter: await dataCenterOf(context) },
});

const mailchimpMembers: Connector<Given, Credentials, RestCheckpoint> = {
  ...inDataCenter,
  config,
  async check(context) {
    try {
      return await inDataCenter.check(await placed(context));
    } catch (error) {
      return failedCheck(error);
    }
  },
  discover: async (context) => inDataCenter.discover(await placed(context)),
  async *read(context, stream, from) {
    yield* inDataCenter.read(await placed(context), stream, from);
  },
};
export default mailchimpMembers;
