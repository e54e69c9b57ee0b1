import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../httpServer.ts';
import { localClientConfig } from '../local/hostServices.ts';
import {
  type AuthorizationServer,
  authorizationServer,
} from '../simulators/authorizationServer.ts';
import { type SalesforceSimulator, startSalesforce } from '../simulators/salesforce.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { expectAccessible, keepOnFailure, openBrowser, openPage, signIn } from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();
const login = 'https://login.salesforce.com';

interface Delivered {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe.runIf(browser !== null)('who may do what, through the console only', () => {
  let headgate: RunningHeadgate;
  let salesforce: SalesforceSimulator;
  let vendor: AuthorizationServer;
  let context: BrowserContext;
  let page: Page;
  let problems: readonly string[];
  const delivered: Delivered[] = [];
  /** The vendor's administrator ended the connection; whoever agrees again has a new one. */
  let isRevoked = false;
  /** A vendor's own login: codes are traded by the one server, refresh tokens by the other. */
  const trade = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const isCode = body.includes('grant_type=authorization_code');
    if (isCode) isRevoked = false;
    if (isRevoked) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'invalid_grant' }));
      return;
    }
    const target = isCode ? vendor.url : `${salesforce.origins[login]}${request.url}`;
    const answer = await fetch(target, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(await answer.text());
  };
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    delivered.push({ headers: request.headers, body: await text(request) });
    response.end();
  };
  let tokens: HttpServer;
  let hook: HttpServer;
  let hookUrl: string;

  beforeAll(async () => {
    salesforce = await startSalesforce();
    for (const name of ['Ada', 'Grace']) salesforce.create({ LastName: name });
    tokens = await startHttpServer(trade);
    hook = await startHttpServer(hear);
    hookUrl = `${hook.origin}/hook`;
    headgate = await startHeadgate({
      functionEnvironment: {
        VENDOR_ORIGINS: JSON.stringify({ ...salesforce.origins, [login]: tokens.origin }),
      },
    });
    const { clientId = '', clientSecret = '', refreshToken = '' } = salesforce.credentials;
    vendor = await authorizationServer({
      id: clientId,
      secret: clientSecret,
      redirectUri: `${headgate.url}/connected`,
      refreshToken,
    });
    ({ context, page, problems } = await openPage(browser!));
  });
  keepOnFailure(() => page);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
    await salesforce?.[Symbol.asyncDispose]();
    await vendor?.[Symbol.asyncDispose]();
    await tokens?.close();
    await hook?.close();
  });

  it('signs a person in at the issuer, as who they are, on the page they wanted', async () => {
    const other = await openPage(browser!);
    await other.page.goto(`${headgate.url}/health`);
    await other.page.getByRole('button', { name: /Sign in with/ }).waitFor();
    await expectAccessible(other.page);
    await screenshot(other.page, 'sign-in');
    await other.page.getByRole('button', { name: /Sign in with/ }).click();
    await other.page.getByRole('heading', { name: 'Development sign-in' }).waitFor();
    await other.page.getByLabel('Name').fill('jane');
    await other.page.getByLabel('Role').selectOption('viewer');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('heading', { name: 'Health' }).waitFor();
    expect(new URL(other.page.url()).search).toBe('');
    await other.page.locator('.who').getByText('Viewer').waitFor();
    await other.page.goto(`${headgate.url}/settings`);
    await other.page.getByText('development:jane').waitFor();
    expect(await other.page.getByRole('tab', { name: 'Audit log' }).count()).toBe(0);
    await other.page.getByRole('button', { name: 'Sign out' }).click();
    await other.page.getByRole('button', { name: /Sign in with/ }).waitFor();
    expect(other.problems).toEqual([]);
    await other.context.close();
  });

  it('connects a source in the browser: to the vendor, back, and it loads', async () => {
    await context.route(`${login}/**`, (route) =>
      route.fulfill({
        status: 302,
        headers: { location: vendor.agree(route.request().url()).href },
      }),
    );
    await signIn(page, headgate.url, headgate.token, '/sources/new?connector=salesforce_contacts');
    await page.getByLabel('Name', { exact: true }).fill('Customers');
    await page.getByLabel('Consumer key').fill(salesforce.credentials['clientId'] ?? '');
    const connect = page.getByRole('button', { name: 'Connect in the browser' });
    expect(await connect.isDisabled()).toBe(true);
    await page.getByLabel('Consumer secret').fill(salesforce.credentials['clientSecret'] ?? '');
    await connect.click();
    await page.getByText('Customers is connected.').waitFor();
    await page.getByRole('heading', { name: 'Customers' }).waitFor();
    expect(page.url()).not.toContain('code=');
    expect(await page.getByText('Draft').count()).toBe(0);
    await page.getByRole('button', { name: 'Sync Now' }).click();
    await page
      .locator('.stat', { hasText: 'Total rows' })
      .getByText('2', { exact: true })
      .waitFor();
    await expectAccessible(page);
  });

  it('says that the vendor ended the connection, and is connected again', async () => {
    isRevoked = true;
    salesforce.oauth.expireAll();
    await page.getByRole('button', { name: 'Sync Now' }).click();
    await page.getByText('Last Sync Failed').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'connection-ended');
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByText('Replace the credentials').click();
    await page.getByLabel('Consumer key').fill(salesforce.credentials['clientId'] ?? '');
    await page.getByLabel('Consumer secret').fill(salesforce.credentials['clientSecret'] ?? '');
    await page.getByRole('button', { name: 'Connect in the browser' }).click();
    await page.getByText('Customers is connected.').waitFor();
    salesforce.create({ LastName: 'Edsger' });
    await page.getByRole('button', { name: 'Sync Now' }).click();
    await page.getByText('Last Sync Failed').waitFor({ state: 'detached' });
    await page
      .locator('.stat', { hasText: 'Total rows' })
      .getByText('3', { exact: true })
      .waitFor();
  });

  it('says so when the vendor does not agree, and connects nothing', async () => {
    await page.goto(`${headgate.url}/connected?error=access_denied&state=x`);
    await page.getByText('The vendor did not agree: access_denied.').waitFor();
    await expectAccessible(page);
    await page.goto(`${headgate.url}/connected?state=forged&code=stolen`);
    await page.getByText('was not begun here').waitFor();
  });

  it('lists the apps that sources are connected by, without their secrets', async () => {
    await page.goto(`${headgate.url}/settings?tab=apps`);
    const app = page.getByRole('row', { name: /sf-consumer-key/ });
    await app.getByText('Salesforce').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'oauth-apps');
    await app.getByRole('link', { name: 'customers' }).click();
    await page.getByRole('heading', { name: 'Customers' }).waitFor();
  });

  let secret: string;
  it('adds a webhook, shows its secret once, and signs what it tells with it', async () => {
    await page.goto(`${headgate.url}/settings?tab=webhooks`);
    await page.getByText('No webhooks').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Warehouse');
    await page.getByLabel('Address').fill(hookUrl);
    await page.getByLabel('Is told').selectOption('events');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    secret = await page.getByLabel('Signing secret', { exact: true }).innerText();
    expect(secret).toMatch(/^whsec_/);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'I have copied it' }).click();
    expect(await page.content()).not.toContain(secret);

    await page.goto(`${headgate.url}/sources/customers?tab=settings`);
    await page.getByLabel('Description').fill('Everybody who bought');
    await page
      .locator('.panel', { hasText: 'Description' })
      .first()
      .getByRole('button', { name: 'Save', exact: true })
      .click();
    await page.getByText('Customers: saved.').waitFor();
    const told = () => delivered.find(({ body }) => body.includes('"source_changed"'));
    await expect.poll(told, { timeout: 30_000 }).toBeDefined();
    const { headers, body } = told()!;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );

    await page.goto(`${headgate.url}/settings?tab=webhooks`);
    const before = delivered.length;
    await page.getByRole('button', { name: 'More for Warehouse' }).click();
    await page.getByRole('menuitem', { name: 'Send a test' }).click();
    await expect.poll(() => delivered.length, { timeout: 30_000 }).toBeGreaterThan(before);
    await page
      .getByRole('row', { name: /Warehouse/ })
      .getByText('Taken with 200')
      .waitFor();
    expect(await page.content()).not.toContain(secret);
    await screenshot(page, 'webhooks');
  });

  it('tells in the audit log what was before and after, and no secret', async () => {
    await page.goto(`${headgate.url}/settings?tab=audit`);
    await page.getByLabel('Action').selectOption('source.changed');
    const change = page.getByRole('row', { name: /source\.changed/ }).first();
    await change.getByText('Before and after').click();
    await change.getByText('"description": "Everybody who bought"').waitFor();
    await change.getByText('"description": ""').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'audit');
    await page.getByLabel('Action').selectOption('');
    for (const action of ['webhook.created', 'oauth.connected', 'credentials.replaced'])
      await page.getByRole('row', { name: action }).first().waitFor();
    for (const more of await page.getByText('Before and after').all()) await more.click();
    const shown = await page.content();
    const secrets = [secret, salesforce.credentials['clientSecret'], headgate.token];
    for (const each of [...secrets, salesforce.credentials['refreshToken']])
      expect(shown).not.toContain(each);
    expect(problems).toEqual([]);
  });

  it('shows an administrator which of the functions failed', async () => {
    const lambda = new LambdaClient({ ...localClientConfig, endpoint: headgate.awsEndpoint });
    const commit = headgate.assembly.functions.find(({ name }) => name.endsWith('-commit'));
    const answer = await lambda.send(
      new InvokeCommand({ FunctionName: commit?.name, Payload: JSON.stringify({ no: 'commit' }) }),
    );
    expect(answer.FunctionError).toBe('Unhandled');
    await page.goto(`${headgate.url}/health`);
    const failing = page.getByRole('region', { name: 'Lambda errors' });
    await failing.getByRole('row', { name: /^commit 1/ }).waitFor();
    await expectAccessible(page);
    await failing.scrollIntoViewIfNeeded();
    await screenshot(page, 'health-functions');
  });
});
