import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../shared/json.ts';
import { type Api, ApiProblem } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { startAirtable } from '../simulators/airtable.ts';
import { shiftedClock } from '../simulators/clock.ts';
import { startGitHub } from '../simulators/github.ts';
import { startGoogle } from '../simulators/google.ts';
import { startHubSpot } from '../simulators/hubspot.ts';
import { startIntercom } from '../simulators/intercom.ts';
import { startKlaviyo } from '../simulators/klaviyo.ts';
import { startMailchimp } from '../simulators/mailchimp.ts';
import { startMicrosoft } from '../simulators/microsoft.ts';
import { startPipedrive } from '../simulators/pipedrive.ts';
import { type RestApiSimulator, startRestApi } from '../simulators/restApi.ts';
import { startSalesforce } from '../simulators/salesforce.ts';
import { startShopify } from '../simulators/shopify.ts';
import type { Simulator } from '../simulators/simulator.ts';
import { startStripe } from '../simulators/stripe.ts';
import { startZendesk } from '../simulators/zendesk.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { type Watch, watchHeadgate } from '../watchHeadgate.ts';
import { runIntoEchoes } from './failingRuns.ts';

const clock = shiftedClock();
const stripe = await startStripe(clock);
const hubspot = await startHubSpot(10_000, clock);
const salesforce = await startSalesforce({ clock });
const airtable = await startAirtable(clock);
const github = await startGitHub(clock);
const google = await startGoogle(clock);
const microsoft = await startMicrosoft(clock);
const restApi = await startRestApi(clock);
const undeclared = await startRestApi(clock, 'https://undeclared.example.com');
const shopify = await startShopify(clock);
const intercom = await startIntercom(clock);
const klaviyo = await startKlaviyo(clock);
const mailchimp = await startMailchimp(clock);
const pipedrive = await startPipedrive(clock);
const zendesk = await startZendesk(clock);
const { clientId, clientSecret } = zendesk.oauthCredentials;
const zendeskClient = { clientId: clientId ?? '', clientSecret: clientSecret ?? '' };
const simulators: readonly Simulator[] = [
  stripe,
  hubspot,
  salesforce,
  github,
  google,
  airtable,
  microsoft,
  restApi,
  undeclared,
  shopify,
  intercom,
  klaviyo,
  mailchimp,
  pipedrive,
  zendesk,
];

/** A vendor as Headgate sees it, and what its table has to hold. */
interface Subject {
  readonly connector: string;
  /** Of its source. Default: the connector. */
  readonly key?: string;
  readonly stream: string;
  readonly config?: Readonly<Record<string, Json>>;
  readonly credentials: Readonly<Record<string, Json>>;
  /** One that the vendor refuses. */
  readonly wrong: Readonly<Record<string, Json>>;
  readonly cursorField?: string;
  /** Table columns that tell a row from another, and one that changes. */
  readonly columns: readonly [key: string, value: string];
  create(value: string): void;
  /** Rows of all its streams at first, where it has others. Default: 130. */
  readonly read?: number;
  /** The vendor tells of no deletes. */
  readonly keepsDeleted?: true;
  /** Changes the first, deletes the second where that is seen. */
  change(): void;
  rows(): readonly (readonly [key: string, value: string | null])[];
}

const restConfig = (host: string) => ({
  baseUrl: `https://${host}/v2`,
  auth: { kind: 'bearer' },
  limit: { requests: 500, perSeconds: 1 },
  errorMessage: 'message',
});
const ofRestApi = (source: RestApiSimulator): Omit<Subject, 'config'> => ({
  connector: 'rest_api',
  stream: 'orders',
  credentials: { token: source.token },
  wrong: { token: 'canary-refused-token' },
  keepsDeleted: true,
  columns: ['id', 'status'],
  create: (status) => source.create({ status }),
  change: () => source.update(source.orders()[0]!.id, { status: 'changed' }),
  rows: () => source.orders().map(({ id, status }) => [String(id), status]),
});

const subjects: readonly Subject[] = [
  {
    connector: 'airtable_records',
    stream: '📣 People',
    config: { baseId: airtable.baseId, modifiedField: 'Modified' },
    credentials: { accessToken: airtable.token },
    wrong: { accessToken: 'patCanary.refused' },
    columns: ['id', 'name'],
    keepsDeleted: true,
    create: (Name) => airtable.create({ Name }),
    change: () => airtable.update(airtable.records()[0]!.id, { Name: 'Changed' }),
    rows: () => airtable.records().map(({ id, fields }) => [id, String(fields['Name'])]),
  },
  {
    // The intent of each payment; its charge and its balance are other streams.
    connector: 'stripe_payments',
    stream: 'payment_intents',
    read: 3 * 130,
    credentials: { apiKey: stripe.key },
    wrong: { apiKey: 'rk_live_canaryRefused' },
    columns: ['id', 'amount'],
    keepsDeleted: true,
    create: (value) => stripe.pay(value.length * 100),
    change: () => stripe.refund(stripe.payments('charges')[0]!.id),
    rows: () => stripe.payments('payment_intents').map(({ id, amount }) => [id, String(amount)]),
  },
  {
    connector: 'stripe_customers',
    stream: 'customers',
    credentials: { apiKey: stripe.key },
    wrong: { apiKey: 'rk_live_canaryRefused' },
    columns: ['id', 'email'],
    create: (email) => stripe.create({ email }),
    change: () => {
      const [first, second] = stripe.customers();
      stripe.update(first!.id, { email: 'changed@example.com' });
      stripe.remove(second!.id);
    },
    rows: () => stripe.customers().map(({ id, email }) => [id, String(email)]),
  },
  {
    connector: 'hubspot_contacts',
    stream: 'contacts',
    credentials: { accessToken: hubspot.token },
    wrong: { accessToken: 'pat-canary-refused' },
    cursorField: 'lastmodifieddate',
    columns: ['id', 'email'],
    create: (email) => hubspot.create({ email }),
    change: () => {
      const [first, second] = hubspot.contacts();
      hubspot.update(first!.id, { email: 'changed@example.com' });
      hubspot.archive(second!.id);
    },
    rows: () => hubspot.contacts().map(({ id, properties }) => [id, properties['email'] ?? null]),
  },
  {
    connector: 'salesforce_contacts',
    stream: 'contacts',
    credentials: salesforce.credentials,
    wrong: { ...salesforce.credentials, refreshToken: 'canary-refused' },
    cursorField: 'SystemModstamp',
    columns: ['id', 'email'],
    create: (Email) => salesforce.create({ Email }),
    change: () => {
      const [first, second] = salesforce.contacts();
      salesforce.update(first!.Id, { Email: 'changed@example.com' });
      salesforce.remove(second!.Id);
    },
    rows: () => salesforce.contacts().map(({ Id, Email }) => [Id, String(Email)]),
  },
  {
    connector: 'github_issues',
    stream: 'issues',
    config: { owner: 'acme', repository: 'headgate' },
    credentials: { accessToken: github.token },
    wrong: { accessToken: 'github_pat_canary_refused' },
    keepsDeleted: true,
    columns: ['id', 'title'],
    create: (title) => github.create(title),
    change: () => github.update(github.issues()[0]!.id, 'Changed'),
    rows: () => github.issues().map(({ id, title }) => [String(id), title]),
  },
  {
    connector: 'google_contacts',
    stream: 'contacts',
    credentials: google.credentials,
    wrong: { ...google.credentials, clientSecret: 'GOCSPX-canary-refused' },
    columns: ['resourcename', 'email'],
    create: (email) => google.create('Ada Example', email),
    change: () => {
      const [first, second] = google.people();
      google.update(first!.resourceName, 'Changed Name');
      google.remove(second!.resourceName);
    },
    rows: () => google.people().map(({ resourceName, email }) => [resourceName, email]),
  },
  {
    connector: 'microsoft_contacts',
    stream: 'contacts',
    config: { mailbox: microsoft.mailbox },
    credentials: microsoft.credentials,
    wrong: { ...microsoft.credentials, clientSecret: 'canary~refused' },
    columns: ['id', 'email'],
    create: (email) => microsoft.create('Ada Example', email),
    change: () => {
      const [first, second] = microsoft.contacts();
      microsoft.update(first!.id, 'Changed Name');
      microsoft.remove(second!.id);
    },
    rows: () => microsoft.contacts().map(({ id, email }) => [id, email]),
  },
  {
    ...ofRestApi(restApi),
    config: {
      ...restConfig('api.example.com'),
      streams: [
        {
          name: 'orders',
          path: '/orders',
          records: 'data.orders',
          paging: { kind: 'page', to: { name: 'page' } },
          pageSize: { to: { name: 'per_page' }, records: 50 },
          primaryKey: ['id'],
          columns: [
            { name: 'id', type: 'long' },
            { name: 'status', type: 'string' },
            { name: 'updated_at', type: 'timestamptz' },
            { name: 'customer', type: 'string', from: 'customer.name' },
          ],
          cursor: {
            field: 'updated_at',
            from: { name: 'updated_from' },
            to: { name: 'updated_to' },
          },
        },
      ],
    },
    cursorField: 'updated_at',
  },
  {
    // Columns are found in the records.
    ...ofRestApi(undeclared),
    key: 'rest_without_columns',
    config: {
      ...restConfig('undeclared.example.com'),
      streams: [
        {
          name: 'orders',
          path: '/by-address',
          records: '@list',
          paging: { kind: 'nextUrl', next: 'next' },
          primaryKey: ['id'],
        },
      ],
    },
  },
  {
    connector: 'shopify_customers',
    stream: 'customers',
    config: { shop: 'acme.myshopify.com' },
    credentials: shopify.oauthCredentials,
    wrong: { ...shopify.oauthCredentials, clientSecret: 'shpss_canary_refused' },
    cursorField: 'updatedAt',
    keepsDeleted: true,
    columns: ['id', 'email'],
    create: (email) => shopify.create({ email }),
    change: () => {
      const [first] = shopify.customers();
      shopify.update(first!.id, { email: 'changed@example.com' });
    },
    rows: () => shopify.customers().map(({ id, email }) => [id, email]),
  },
  {
    connector: 'zendesk_users',
    stream: 'users',
    config: { subdomain: 'acme' },
    credentials: zendeskClient,
    wrong: { ...zendeskClient, clientSecret: 'zendesk-canary-refused' },
    cursorField: 'updated_at',
    columns: ['id', 'email'],
    create: (email) => zendesk.create({ email }),
    change: () => {
      const [first, second] = zendesk.users();
      zendesk.update(first!.id, { email: 'changed@example.com' });
      zendesk.remove(second!.id);
    },
    rows: () => zendesk.users().map(({ id, email }) => [String(id), email]),
  },
  {
    connector: 'intercom_contacts',
    stream: 'contacts',
    credentials: { accessToken: intercom.token },
    wrong: { accessToken: 'canary-refused' },
    cursorField: 'updated_at',
    keepsDeleted: true,
    columns: ['id', 'email'],
    // Made long ago: the search shows new ones minutes late.
    create: (email) => intercom.create({ email, created_at: 1_700_000_000 }),
    change: () => intercom.update(intercom.contacts()[0]!.id, { email: 'changed@example.com' }),
    rows: () => intercom.contacts().map(({ id, email }) => [id, email]),
  },
  {
    connector: 'klaviyo_profiles',
    stream: 'profiles',
    credentials: { apiKey: klaviyo.key },
    wrong: { apiKey: 'pk_canary_refused' },
    cursorField: 'updated',
    keepsDeleted: true,
    columns: ['id', 'email'],
    create: (email) => klaviyo.create({ email }),
    change: () => klaviyo.update(klaviyo.profiles()[0]!.id, { email: 'changed@example.com' }),
    rows: () => klaviyo.profiles().map(({ id, email }) => [id, email]),
  },
  {
    connector: 'mailchimp_members',
    stream: 'members',
    config: { dataCenter: 'us3', listId: mailchimp.listId },
    credentials: { apiKey: mailchimp.key },
    wrong: { apiKey: 'canaryrefused-us3' },
    cursorField: 'last_changed',
    columns: ['contact_id', 'email_address'],
    create: (email_address) => mailchimp.create({ email_address }),
    change: () => {
      const [first, second] = mailchimp.members();
      mailchimp.update(first!.contact_id, { email_address: 'changed@example.com' });
      mailchimp.archive(second!.contact_id);
    },
    rows: () =>
      mailchimp.members().map(({ contact_id, email_address }) => [contact_id, email_address]),
  },
  {
    connector: 'pipedrive_persons',
    stream: 'persons',
    credentials: { apiToken: pipedrive.token },
    wrong: { apiToken: 'pipedrive-canary-refused' },
    cursorField: 'update_time',
    keepsDeleted: true,
    columns: ['id', 'email'],
    create: (email) => pipedrive.create(email),
    change: () => {
      const [first] = pipedrive.persons();
      const emails = [{ value: 'changed@example.com', primary: true, label: 'work' }];
      pipedrive.update(first!.id, { emails });
    },
    rows: () => pipedrive.persons().map(({ id, emails }) => [String(id), emails[0]?.value ?? null]),
  },
];

let headgate: RunningHeadgate;
let watch: Watch;
let api: Api;

beforeAll(async () => {
  clock.shift(-2 * 3_600_000);
  for (const { create } of subjects)
    for (let index = 0; index < 130; index += 1) create(`person${index}@example.com`);
  clock.shift(0);
  const origins = Object.assign({}, ...simulators.map((each) => each.origins)) as object;
  headgate = await startHeadgate({
    functionEnvironment: { VENDOR_ORIGINS: JSON.stringify(origins) },
  });
  watch = await watchHeadgate(headgate);
  api = watch.api;
});

afterAll(async () => {
  await watch?.[Symbol.asyncDispose]();
  await headgate?.[Symbol.asyncDispose]();
  for (const simulator of simulators) await simulator[Symbol.asyncDispose]();
});

async function tableOf({
  connector,
  key = connector,
  stream,
  columns,
  keepsDeleted,
}: Subject): Promise<readonly string[]> {
  const table = await api.call<LakeTable>(
    'GET',
    `/v1/sources/${key}/tables/${encodeURIComponent(stream)}`,
  );
  const live = await lakeReader(headgate.awsEndpoint).query(
    table,
    `select "${columns[0]}" as key, "${columns[1]}" as value from t
     ${keepsDeleted === true ? '' : 'where coalesce(_deleted, false) = false'} order by 1`,
  );
  return live.map(({ key, value }) => `${key} ${value}`).sort();
}
const wanted = ({ rows }: Subject): readonly string[] =>
  rows()
    .map(([key, value]) => `${key} ${value}`)
    .sort();

for (const subject of subjects)
  describe(`${subject.key ?? subject.connector} through Headgate`, () => {
    const { connector, key = connector, stream, config = {}, credentials, cursorField } = subject;
    const all = subject.read ?? 130;

    it('is refused with wrong credentials when it is registered', async () => {
      const refused = await api
        .call('POST', '/v1/sources', {
          key: `${key}-wrong`,
          name: connector,
          connector,
          config,
          credentials: subject.wrong,
        })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ApiProblem);
      expect((refused as ApiProblem).body).toMatchObject({ status: 400 });
    });

    it('becomes a table that holds what the vendor holds', async () => {
      await api.call('POST', '/v1/sources', {
        key,
        name: connector,
        connector,
        config,
        credentials,
        status: 'active',
        syncMode: 'incremental',
        ...(cursorField === undefined ? {} : { cursorField }),
      });
      const run = await api.runToEnd(key);
      expect(run).toMatchObject({ status: 'succeeded', result: 'loaded', error: null });
      expect(run.counts).toMatchObject({ read: all, written: all });
      expect(await tableOf(subject)).toEqual(wanted(subject));
      const preview = await api.call<{ rows: object[]; total: number }>(
        'GET',
        `/v1/sources/${key}/preview?limit=5&stream=${encodeURIComponent(stream)}`,
      );
      expect(preview).toMatchObject({ total: 130 });
    });

    it('takes over what changed and what was deleted, and nothing the next time', async () => {
      // Inside the next window, whose end lies a minute back.
      clock.shift(-90_000);
      subject.change();
      subject.create('new@example.com');
      clock.shift(0);
      const run = await api.runToEnd(key);
      expect(run).toMatchObject({ status: 'succeeded', result: 'loaded', error: null });
      expect(await tableOf(subject)).toEqual(wanted(subject));
      await api.runToEnd(key);
      expect(await tableOf(subject)).toEqual(wanted(subject));
      await api.call('GET', `/v1/sources/${key}/schema`);
      const test = await api.call('POST', `/v1/sources/${key}/test`);
      expect(test).toMatchObject({ ok: true });
    });
  });

describe('connected in the browser', () => {
  const redirectUri = 'http://127.0.0.1/connected';
  const ways = [
    { name: 'intercom_contacts', config: {}, app: intercom.app, codes: intercom.codes },
    {
      // Where the account lives is asked of Mailchimp.
      name: 'mailchimp_members',
      config: { listId: mailchimp.listId },
      app: mailchimp.app,
      codes: mailchimp.codes,
    },
    {
      name: 'shopify_customers',
      config: { shop: 'acme.myshopify.com' },
      app: shopify.oauthCredentials,
      codes: shopify.codes,
    },
  ] as const;

  for (const { name, config, app, codes } of ways)
    it(`${name} reads what the person agreed to`, async () => {
      const subject = subjects.find(({ connector }) => connector === name);
      if (subject === undefined) throw new Error('a subject is missing');
      const key = `${name}_connected`;
      const { id } = await api.call<{ id: string }>('POST', '/v1/sources', {
        key,
        name,
        connector: name,
        config,
      });
      const begin = { source: id, credentials: app, redirectUri };
      const { url } = await api.call<{ url: string }>('POST', '/v1/oauth/connect', begin);
      await api.call('POST', '/v1/oauth/finish', codes.agree(url));
      expect(await api.runToEnd(key)).toMatchObject({ status: 'succeeded', result: 'loaded' });
      expect(await tableOf({ ...subject, key })).toEqual(wanted(subject));
      // A code is good once, and for nobody without the app's secret.
      const again = await api.call<{ url: string }>('POST', '/v1/oauth/connect', {
        ...begin,
        credentials: { ...app, clientSecret: 'canary-of-another-app' },
      });
      await expect(
        api.call('POST', '/v1/oauth/finish', codes.agree(again.url)),
      ).rejects.toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
    });
});

it('keeps every credential and token to itself, also of runs whose vendor tells them again', async () => {
  const failed = await runIntoEchoes(
    watch,
    simulators,
    subjects.map(({ key, connector }) => key ?? connector),
  );
  const secrets = [
    ...subjects.flatMap(({ credentials, wrong }) =>
      [...Object.entries(credentials), ...Object.entries(wrong)].flatMap(([name, value]) =>
        /key|secret|token/i.test(name) ? [String(value)] : [],
      ),
    ),
    ...simulators.flatMap((each) =>
      'oauth' in each ? [...(each as typeof salesforce).oauth.issued] : [],
    ),
    'refresh-canary',
    'code-canary-',
    'canary-of-another-app',
    'shprt_canary',
    'shpat_canary_short_lived',
    ...[intercom.app, mailchimp.app].map(({ clientSecret }) => clientSecret),
    mailchimp.token,
  ];
  expect(secrets.length).toBeGreaterThan(10);
  expect(await watch.findLeaks(secrets, failed)).toEqual([]);
  for (const simulator of simulators) expect([...simulator.problems]).toEqual([]);
}, 240_000);
