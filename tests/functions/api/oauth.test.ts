import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';
import { textOf } from '../../../shared/connectors/rest/texts.ts';
import {
  type AuthorizationServer,
  authorizationServer,
} from '../../simulators/authorizationServer.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';
import { vendor } from './exampleConnectors.ts';

const redirectUri = 'https://console.test/connected';
const app = { clientId: 'app', clientSecret: 'app-secret-value' };
let api: ApiHarness;
let server: AuthorizationServer;
beforeAll(async () => {
  api = await apiHarness();
  server = await authorizationServer({ id: app.clientId, secret: app.clientSecret, redirectUri });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.options.offline = true;
});

let made = 0;
async function addSource(): Promise<string> {
  made += 1;
  const { body } = await api.call('createSource', {
    body: {
      key: `vendor${made}`,
      name: 'n',
      connector: vendor.name,
      config: { origin: server.url },
    },
  });
  return body.id;
}
const begin = (source: string, more: object = {}, token?: string) =>
  api.call('connectOAuth', {
    body: { source, credentials: app, redirectUri, ...more },
    ...(token === undefined ? {} : { token }),
  });
const finish = (back: URL, token?: string) =>
  api.call('finishOAuth', {
    body: { state: back.searchParams.get('state'), code: back.searchParams.get('code') },
    ...(token === undefined ? {} : { token }),
  });
const secretOf = async (sourceId: string): Promise<Record<string, string>> => {
  const { SecretString = '{}' } = await api.secretsClient.send(
    new GetSecretValueCommand({ SecretId: `${api.secretPrefix}default/${sourceId}` }),
  );
  return JSON.parse(SecretString);
};

describe('connecting a source', () => {
  it('makes of a person’s consent credentials of the source, tried before they are kept', async () => {
    const source = await addSource();
    const begun = await begin(source);
    expect(begun.status).toBe(200);
    const asked = new URL(begun.body.url);
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: redirectUri,
      scope: 'contacts offline',
      access_type: 'offline',
      code_challenge_method: 'S256',
    });
    expect(asked.searchParams.get('state')).toHaveLength(43);
    const probes = api.probes.length;
    const finished = await finish(server.agree(begun.body.url));
    expect(finished.status).toBe(200);
    const { refreshToken = '', ...rest } = await secretOf(source);
    expect(rest).toEqual(app);
    expect(server.isLive(refreshToken)).toBe(true);
    expect(api.probes.slice(probes)).toMatchObject([{ op: 'check' }]);
    const told = JSON.stringify([begun.body, finished.body, api.lines]);
    for (const secret of [refreshToken, app.clientSecret]) expect(told).not.toContain(secret);
    const { body: audit } = await api.call('listAudit', { query: { subject: source } });
    expect(audit.data.map(({ action }: { action: string }) => action)).toContain('oauth.connected');
  });

  it('works again when the vendor has ended the connection', async () => {
    const source = await addSource();
    await finish(server.agree((await begin(source)).body.url));
    const first = (await secretOf(source))['refreshToken'] ?? '';
    server.revokeAll();
    await finish(server.agree((await begin(source)).body.url));
    const second = (await secretOf(source))['refreshToken'] ?? '';
    expect([server.isLive(first), server.isLive(second)]).toEqual([false, true]);
  });

  it('lists the app with the sources that it connects, and no secret', async () => {
    const apps = async (token?: string) =>
      (await api.call('listOAuthApps', token === undefined ? {} : { token })).body.data;
    const [first, second] = [await addSource(), await addSource()];
    await finish(server.agree((await begin(first)).body.url));
    await finish(server.agree((await begin(second)).body.url));
    const [listed, ...others] = await apps();
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ clientId: 'app', connector: vendor.name, vendor: vendor.title });
    const used = listed.usedBy.map(({ sourceId }: { sourceId: string }) => sourceId);
    expect(used).toEqual(expect.arrayContaining([first, second]));
    expect(JSON.stringify(listed)).not.toContain(app.clientSecret);
    expect(await apps(await api.tokenOf('admin', { tenant: 'stranger' }))).toEqual([]);
    expect(await apps(await api.tokenOf('viewer', { sources: [first] }))).toMatchObject([
      { usedBy: [{ sourceId: first }] },
    ]);
  });

  it('takes a state once, from the one who began, and for ten minutes', async () => {
    const source = await addSource();
    const back = server.agree((await begin(source)).body.url);
    const other = await api.tokenOf('editor');
    expect((await finish(back, other)).status).toBe(404);
    // Tried by somebody else, it is gone for everybody.
    expect((await finish(back)).status).toBe(404);

    const again = server.agree((await begin(source)).body.url);
    expect((await finish(again)).status).toBe(200);
    expect((await finish(again)).status).toBe(404);

    const late = server.agree((await begin(source)).body.url);
    const before = api.clock.at;
    api.clock.at = new Date(before.getTime() + 10 * 60_000);
    expect((await finish(late)).status).toBe(404);
    api.clock.at = before;

    const forged = new URL(`${redirectUri}?state=made-up&code=x`);
    expect((await finish(forged)).status).toBe(404);
    const stranger = await api.tokenOf('admin', { tenant: 'stranger' });
    expect((await begin(source, {}, stranger)).status).toBe(404);
  });

  it('refuses a code of another sign-in, and what comes without a refresh token', async () => {
    const source = await addSource();
    const mine = server.agree((await begin(source)).body.url);
    const theirs = server.agree((await begin(source)).body.url);
    mine.searchParams.set('code', theirs.searchParams.get('code') ?? '');
    expect(await finish(mine)).toMatchObject({
      status: 400,
      body: { code: 'invalid_credentials' },
    });
    server.options.offline = false;
    const refused = await finish(server.agree((await begin(source)).body.url));
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
    expect(refused.body.detail).toContain('offline access');
    await expect(secretOf(source)).rejects.toThrow();
  });

  it('keeps what was entered so that the table alone tells nothing', async () => {
    await begin(await addSource());
    const { Items } = await api.table.client.send(new ScanCommand({ TableName: api.table.name }));
    expect(JSON.stringify(Items)).not.toContain(app.clientSecret);
  });

  it('begins only for a source that can be connected, with an app, and back to a safe place', async () => {
    const source = await addSource();
    for (const more of [
      { redirectUri: 'http://console.test/' },
      { redirectUri: 'javascript:alert(1)' },
      { credentials: {} },
      { credentials: { ...app, extra: 1 } },
    ])
      expect((await begin(source, more)).status).toBe(400);
    const { body: csv } = await api.call('createSource', {
      body: { key: 'no-connect', name: 'n', connector: 'csv_upload' },
    });
    expect((await begin(csv.id)).status).toBe(400);
    const viewer = await api.tokenOf('viewer');
    expect((await begin(source, {}, viewer)).status).toBe(403);
  });
});

describe('connectors that can be connected', () => {
  const config = {
    subdomain: 'acme',
    loginUrl: 'https://login.vendor.test',
    graphUrl: 'https://graph.vendor.test',
    shop: 'acme.myshopify.com',
    host: 'api.vendor.test',
  };
  const credentials = { tenantId: 'common' };

  it.each(
    connectors.flatMap((connector) =>
      connector.connect ? [[connector.name, connector] as const] : [],
    ),
  )('%s has addresses of the vendor, and fields that its form asks for', (_, {
    connect,
    authMethods,
    ...rest
  }) => {
    if (connect === undefined) throw new Error('filtered above');
    for (const text of [connect.authorizeUrl, connect.tokenUrl])
      expect(new URL(textOf(text as never, { config, credentials })).protocol).toBe('https:');
    const fields = authMethods.flatMap((method) =>
      method.name === 'oauth2' ? [...method.fields] : [],
    );
    expect(fields).toContain(connect.clientId);
    const shape = (rest.credentials as unknown as { shape: Record<string, unknown> }).shape;
    expect(Object.keys(shape)).toContain(connect.refreshToken);
  });

  it('are those of Google, Microsoft, Salesforce, HubSpot, Zendesk, Pipedrive, Klaviyo, Intercom, Mailchimp and Shopify at least', () => {
    const names = connectors.filter(({ connect }) => connect !== undefined).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'google_contacts',
        'hubspot_contacts',
        'intercom_contacts',
        'klaviyo_profiles',
        'mailchimp_members',
        'microsoft_contacts',
        'pipedrive_persons',
        'salesforce_contacts',
        'shopify_customers',
        'zendesk_users',
      ]),
    );
  });
});
