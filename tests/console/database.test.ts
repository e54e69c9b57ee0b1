import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../postgres.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { expectAccessible, keepOnFailure, openBrowser, openPage, signIn } from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();

describe.runIf(browser !== null)('a database, through the console only', () => {
  let headgate: RunningHeadgate;
  let postgres: PostgresServer;
  let page: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    [headgate, postgres] = await Promise.all([startHeadgate(), startPostgres()]);
    await postgres.execute(`
      create table orders (id int primary key, amount numeric(10,2), note text, changed timestamptz);
      insert into orders
        select n, n * 1.5, 'note ' || n, '2026-09-01'::timestamptz + n * interval '1 day'
        from generate_series(1, 60) n;
      create view endless as select n as id, pg_sleep(0.02)::text as pause from generate_series(1, 100000) n`);
    ({ page, problems } = await openPage(browser!));
    await signIn(page, headgate.url, headgate.token, '/sources/new?connector=postgres');
  });
  keepOnFailure(() => page);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  });
  const stat = (title: string) => page.locator('.stat', { hasText: title });
  const badge = (text: string) => page.locator('.title-line').getByText(text, { exact: true });

  it('is tested with a wrong password, which is mended, before anything is stored', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Shop database');
    await page.getByLabel('Host').fill(postgres.host);
    await page.getByLabel('Database', { exact: true }).fill('postgres');
    await page
      .getByText(/^More settings/)
      .first()
      .click();
    await page.getByLabel('Port').fill(String(postgres.port));
    await page.getByLabel('User', { exact: true }).fill(postgres.user);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.getByText('The source refused').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Password', { exact: true }).fill(postgres.password);
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.locator('.alert.success').waitFor();
  });

  it('offers its streams, and says when its schedule fires, before it is added', async () => {
    await page.getByRole('button', { name: 'Choose streams' }).click();
    await page.getByRole('button', { name: 'Choose none' }).click();
    await page.getByRole('checkbox', { name: 'public.orders' }).check();
    await page.getByLabel('Mode of public.orders').selectOption('incremental');
    await page.getByLabel('Cursor of public.orders').selectOption('changed');
    await page.getByLabel('How often').selectOption('daily');
    await page.getByLabel('At', { exact: true }).fill('02:30');
    await page.getByLabel('Time zone').last().fill('Europe/Berlin');
    await page.getByText('Daily at 02:30 (Berlin)').waitFor();
    await expect.poll(() => page.locator('.next-times li').count()).toBe(5);
    await expectAccessible(page);
    await page.locator('.panel', { hasText: 'What is read' }).scrollIntoViewIfNeeded();
    await screenshot(page, 'add-source');
    await page.getByRole('button', { name: 'Add and sync now' }).click();
    await page.getByRole('heading', { name: 'Shop database' }).waitFor();
    await stat('Total rows').getByText('60', { exact: true }).waitFor();
    await badge('Synced').waitFor();
    await stat('Sync mode').getByText('Daily at 02:30 (Berlin)').waitFor();
    expect((await page.content()).includes(postgres.password)).toBe(false);
  });

  it('reads a range of dates again without touching the rest', async () => {
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Sync a date range…' }).click();
    await page.getByLabel('Start date').fill('2026-09-05');
    await page.getByLabel('End date').fill('2026-09-08');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Start sync' }).click();
    await page
      .getByRole('region', { name: 'Last runs' })
      .getByText(/Date range 2026-09-05 – 2026-09-08/)
      .waitFor();
    await stat('Sync count').getByText('2', { exact: true }).waitFor();
    await stat('Total rows').getByText('60', { exact: true }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'source');
  });

  it('raises breaking drift above the list until it is acknowledged', async () => {
    await postgres.execute(
      `alter table orders drop column note;
       insert into orders values (61, 1, '2026-12-01')`,
    );
    await page.getByRole('button', { name: 'Sync Now' }).click();
    await page
      .getByText(/column note is gone/)
      .first()
      .waitFor();
    await page.locator('main').getByRole('link', { name: 'See changes' }).click();
    await page
      .getByText('is gone', { exact: true })
      .or(page.getByText('note is gone'))
      .first()
      .waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Sources', exact: true }).first().click();
    await page.getByText('Breaking schema drift: Shop database').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'drift');
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('Breaking schema drift').waitFor({ state: 'detached' });
  });

  it('shows a failure with what to do about it', async () => {
    await postgres.execute('alter table orders rename to renamed');
    await page.getByRole('button', { name: 'Sync Now: Shop database' }).click();
    await page
      .getByRole('row', { name: /Shop database/ })
      .getByText('Failed')
      .waitFor();
    await page.getByRole('link', { name: 'Shop database' }).click();
    await page.locator('main').getByText('Last Sync Failed').waitFor();
    await expectAccessible(page);
    await page.locator('main').getByRole('link', { name: 'See the run' }).click();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    await page.locator('.log li.error').first().waitFor();
    await expectAccessible(page);
    await screenshot(page, 'run-failed');
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByRole('link', { name: 'Log and counts' }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'health');
    await postgres.execute('alter table renamed rename to orders');
  });

  it('watches a long run live, and stops it', async () => {
    await page.goto(`${headgate.url}/sources/shop_database?tab=settings`);
    await page.getByRole('button', { name: 'Choose streams' }).click();
    await page.getByRole('checkbox', { name: 'public.orders' }).uncheck();
    await page.getByRole('checkbox', { name: 'public.endless' }).check();
    await expectAccessible(page);
    await page
      .locator('.panel', { hasText: 'What is read' })
      .getByRole('button', { name: 'Save', exact: true })
      .click();
    await page.getByText('Shop database: saved.').waitFor();
    await page.getByRole('button', { name: 'Sync Now' }).click();
    await badge('Syncing…').waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Watch the run' }).click();
    await page.locator('.title-line .badge', { hasText: 'Running' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.locator('.title-line .badge', { hasText: 'Cancelled' }).waitFor();
  });

  it('lists its schedule, and takes it away', async () => {
    await page.getByRole('link', { name: 'Schedules' }).click();
    await page.getByRole('row', { name: /Daily at 02:30/ }).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Shop database' }).click();
    await page.getByLabel('How often').selectOption('none');
    await page.getByRole('button', { name: 'Save schedule' }).click();
    await page.getByText('Shop database: saved.').waitFor();
    await page.getByRole('link', { name: 'Schedules' }).click();
    await page.getByText('Nothing is scheduled').waitFor();
  });

  it('deletes the source only after its key was typed', async () => {
    await page.goto(`${headgate.url}/sources/shop_database`);
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const button = page.getByRole('button', { name: 'Delete source', exact: true });
    expect(await button.isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.getByLabel(/Type shop_database to confirm/).fill('shop_database');
    await button.click();
    await page.getByText('Add your first source').waitFor();
    expect(problems).toEqual([]);
  });
});
