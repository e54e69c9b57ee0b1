import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../client/createClient.ts';
import { apiOf } from '../api.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import {
  breakOff,
  expectAccessible,
  keepOnFailure,
  openBrowser,
  openPage,
  signIn,
} from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();

/** What the API refused to a page, and what the page asked it to change. */
function watch(page: Page): { readonly refused: string[]; readonly changes: string[] } {
  const [refused, changes]: [string[], string[]] = [[], []];
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(response.url());
  });
  page.on('request', (request) => {
    if (request.method() !== 'GET' && request.url().includes('/v1/')) changes.push(request.url());
  });
  return { refused, changes };
}

describe.runIf(browser !== null)('people in the console', () => {
  let headgate: RunningHeadgate;
  let admin: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    headgate = await startHeadgate();
    const client = createClient({ baseUrl: headgate.url, token: headgate.token });
    for (const name of ['Alpha', 'Beta', 'Gamma <b>bold</b>'])
      await client.createSource({
        body: {
          key: name.split(' ')[0]!.toLowerCase(),
          name,
          connector: 'csv_upload',
          status: name === 'Beta' ? 'paused' : 'active',
          tags: ['shop'],
        },
      });
    ({ page: admin, problems } = await openPage(browser!));
    await signIn(admin, headgate.url, headgate.token);
  });
  keepOnFailure(() => admin);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
  });

  const open = async (page: Page, path: string): Promise<void> => {
    await page.goto(`${headgate.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect.poll(() => page.locator('.skeleton').count()).toBe(0);
  };

  it('takes the token out of the address at once', () => {
    expect(admin.url()).not.toContain('token');
  });

  it('shows hostile names as text, and badges for what a source is and is set to', async () => {
    await admin.getByText('Gamma <b>bold</b>').waitFor();
    expect(await admin.locator('table b').count()).toBe(0);
    await admin.getByRole('row', { name: /Beta/ }).getByText('Paused').waitFor();
    expect(await admin.getByText('Never Synced').count()).toBe(4);
    await expectAccessible(admin);
    await screenshot(admin, 'badges');
  });

  it('finds, filters and sorts by an address that can be sent to somebody', async () => {
    await admin.getByLabel('Search sources').fill('alp');
    await admin.getByText('1–1 of 1').waitFor();
    await expect.poll(() => new URL(admin.url()).searchParams.get('search')).toBe('alp');
    const other = await openPage(browser!);
    await signIn(other.page, headgate.url, headgate.token, '/sources?search=bet&sort=-name');
    await other.page.getByText('1–1 of 1').waitFor();
    await other.page.getByRole('row', { name: /Beta/ }).waitFor();
    expect(await other.page.getByLabel('Search sources').inputValue()).toBe('bet');
    await other.page.getByRole('button', { name: 'Clear' }).click();
    await other.page.getByText('1–3 of 3').waitFor();
    const order = await other.page.locator('td.source-name a').allTextContents();
    expect(order[0]).toBe('Gamma <b>bold</b>');
    await other.context.close();
    await admin.getByLabel('Search sources').fill('nothing like it');
    await admin.getByRole('button', { name: 'Show all sources' }).click();
    await admin.getByText('1–3 of 3').waitFor();
  });

  it('has room in its columns for the longest type and for billions of rows', async () => {
    const { page, context } = await openPage(browser!);
    const wide = { connector: 'snowflake_identity', recordCount: 1_234_567_890 };
    await page.route('**/v1/sources?*', async (route) => {
      const response = await route.fetch();
      const json = (await response.json()) as { data: readonly object[] };
      const data = json.data.map((source) => ({ ...source, ...wide }));
      await route.fulfill({ response, json: { ...json, data } });
    });
    await signIn(page, headgate.url, headgate.token);
    await page.getByRole('cell', { name: '1,234,567,890' }).first().waitFor();
    const tooNarrow = await page
      .locator('tbody td')
      .evaluateAll((cells) =>
        cells
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
          .map(({ textContent }) => textContent),
      );
    expect(tooNarrow).toEqual([]);
    await context.close();
  });

  it('is worked with the keyboard alone', async () => {
    await admin.getByRole('button', { name: 'More for Alpha' }).focus();
    await admin.keyboard.press('Enter');
    await admin.getByRole('menu', { name: 'More for Alpha' }).waitFor();
    await expectAccessible(admin);
    await admin.keyboard.press('ArrowDown');
    await admin.keyboard.press('ArrowDown');
    expect(await admin.evaluate('document.activeElement.textContent')).toBe('Pause');
    await admin.keyboard.press('Escape');
    expect(await admin.evaluate("document.activeElement.getAttribute('aria-label')")).toBe(
      'More for Alpha',
    );
    await admin.keyboard.press('Enter');
    await admin.keyboard.press('End');
    await admin.keyboard.press('Enter');
    await admin.getByRole('dialog').waitFor();
    await admin.keyboard.press('Escape');
    await admin.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await admin.getByRole('row', { name: /Alpha/ }).count()).toBe(1);
  });

  it('shows in one tab what another does, without a reload', async () => {
    const { context, page } = await openPage(browser!);
    await signIn(page, headgate.url, headgate.token);
    await page.getByRole('row', { name: /Alpha/ }).waitFor();
    await admin.getByRole('button', { name: 'More for Alpha' }).click();
    await admin.getByRole('menuitem', { name: 'Pause' }).click();
    await page.getByRole('row', { name: /Alpha/ }).getByText('Paused').waitFor();
    await admin.getByRole('button', { name: 'More for Alpha' }).click();
    await admin.getByRole('menuitem', { name: 'Resume' }).click();
    await page
      .getByRole('row', { name: /Alpha/ })
      .getByText('Paused')
      .waitFor({ state: 'detached' });
    await context.close();
  });

  it('makes a viewer’s token, shows a viewer no action the API would refuse, and revokes it', async () => {
    await admin.goto(`${headgate.url}/settings?tab=tokens`);
    await admin.getByRole('button', { name: 'Make a token' }).click();
    await admin.getByLabel('Name', { exact: true }).fill('Guest');
    await expectAccessible(admin);
    await admin.getByRole('button', { name: 'Make it' }).click();
    const client = createClient({ baseUrl: headgate.url, token: headgate.token });
    await client.changeSource({
      idOrKey: 'alpha',
      body: { schedule: { cron: '30 2 * * *', timezone: 'UTC' } },
    });
    const api = apiOf(headgate.url, headgate.token);
    const folder = mkdtempSync(join(tmpdir(), 'headgate-people-'));
    writeFileSync(join(folder, 'alpha.csv'), 'id,item\n1,apple\n2\n');
    await api.upload('alpha', join(folder, 'alpha.csv'), true);
    rmSync(folder, { recursive: true });
    const token = await admin.getByLabel('The token', { exact: true }).innerText();
    expect(token).toMatch(/^hg_/);
    await expectAccessible(admin);
    await admin.getByRole('button', { name: 'I have copied it' }).click();
    expect(await admin.content()).not.toContain(token);

    const { context, page } = await openPage(browser!);
    const { refused, changes } = watch(page);
    await signIn(page, headgate.url, token);
    await page.getByRole('row', { name: /Alpha/ }).getByText('Synced', { exact: true }).waitFor();
    const run = (await client.listRuns({ idOrKey: 'alpha' })).data[0]!;
    const actions =
      /Sync Now|Actions|Add source|More for|Settings|Upload|Acknowledge|Load again|Cancel run|Retry|Save|Make|Delete/;
    const pressed: string[] = [];
    for (const path of [
      '/sources',
      '/sources/alpha',
      '/sources/alpha?tab=files',
      '/sources/alpha?tab=history',
      '/sources/alpha?tab=streams',
      '/sources/alpha?tab=rejects',
      '/sources/alpha?tab=settings',
      `/runs/${run.id}`,
      '/catalog',
      '/catalog/alpha/files',
      '/schedules',
      '/health',
      '/settings',
      '/settings?tab=secrets',
      '/settings?tab=apps',
      '/settings?tab=tokens',
    ]) {
      await open(page, path);
      for (const role of ['button', 'link', 'tab'] as const)
        expect
          .soft(await page.locator('main').getByRole(role, { name: actions }).count(), path)
          .toBe(0);
      await expectAccessible(page);
      // Whatever can be pressed is pressed.
      const buttons = page.locator('main').getByRole('button', { disabled: false });
      for (let index = 0; index < (await buttons.count()); index++) {
        pressed.push((await buttons.nth(index).textContent()) ?? '');
        await buttons.nth(index).click();
        await page.keyboard.press('Escape');
        if (new URL(page.url()).pathname !== path.split('?')[0]) await open(page, path);
      }
    }
    expect(pressed.length).toBeGreaterThan(7);
    expect(pressed).toContain('Download');
    await page.goto(`${headgate.url}/sources/new`);
    await page.getByText('Your token may not add sources.').waitFor();
    expect(refused).toEqual([]);
    expect(changes).toEqual([]);

    await admin.getByRole('button', { name: 'Revoke Guest' }).click();
    await admin.getByRole('button', { name: 'Revoke', exact: true }).click();
    await admin.getByText('Guest is revoked.').waitFor();
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByText('This token is not valid any more. Sign in again.').waitFor();
    await context.close();
  });

  it('says what is missing at an address of nothing, and that Headgate is gone when it is', async () => {
    await admin.goto(`${headgate.url}/no/such/page`);
    await admin.getByText('There is nothing at this address').waitFor();
    await admin.goto(`${headgate.url}/sources/no_such_source`);
    await admin.getByText('This could not be loaded').waitFor();
    await expectAccessible(admin);
    await admin.goto(`${headgate.url}/health`);
    await admin.getByText('All well').waitFor();
    await admin.route(/\/v1\//, breakOff);
    await admin.getByRole('link', { name: 'Schedules' }).click();
    await admin.getByText('Headgate does not answer.').waitFor();
    // What could not be read is not said to be empty.
    expect(await admin.getByText('Nothing is scheduled').count()).toBe(0);
    await expectAccessible(admin);
    await admin.unroute(/\/v1\//);
    await admin.getByRole('button', { name: 'Try again' }).click();
    await admin.getByRole('row', { name: /Daily at 02:30/ }).waitFor();
    await admin.getByRole('button', { name: 'Sign out' }).click();
    await admin.getByLabel('API token').waitFor();
    expect(problems).toEqual([]);
  });

  it('is served with headers that let no foreign code run, and is never cached stale', async () => {
    const answer = await fetch(`${headgate.url}/sources/anything`, {
      headers: { accept: 'text/html' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    const asset = /src="(\/assets\/[^"]+)"/.exec(await answer.text())?.[1];
    const script = await fetch(`${headgate.url}${asset}`);
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
    // As it is deployed, whoever built it.
    expect(await script.text()).not.toMatch(/jsxDEV|Download the React DevTools/);
    for (const path of [
      '/v1/nothing',
      '/assets/none.js',
      '/assets/..%2f..%2fpackage.json',
      '/../package.json',
    ])
      expect(
        (await fetch(`${headgate.url}${path}`, { headers: { accept: '*/*' } })).status,
        path,
      ).toBe(404);
    expect((await fetch(headgate.url, { method: 'POST' })).status).toBe(404);
  });
});
