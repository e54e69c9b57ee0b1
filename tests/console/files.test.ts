import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import {
  breakOff,
  drop,
  expectAccessible,
  keepOnFailure,
  openBrowser,
  openPage,
} from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();

const october = `order_id,placed_at,amount
1,2026-10-01T08:00:00Z,10.50
2,2026-10-02T08:00:00Z,20.25
3,2026-10-03T08:00:00Z,30.00
`;
const november = `order_id,placed_at,amount
4,2026-11-01T08:00:00Z,44.10
5,2026-11-02T08:00:00Z
6,2026-11-03T08:00:00Z,66.60
`;

describe.runIf(browser !== null)('a source of files, through the console only', () => {
  let headgate: RunningHeadgate;
  let page: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    headgate = await startHeadgate();
    ({ page, problems } = await openPage(browser!));
  });
  keepOnFailure(() => page);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
  });

  it('refuses a wrong token with a reason, and lets the right one in', async () => {
    await page.goto(headgate.url);
    await page.getByLabel('API token').fill('hg_wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await expectAccessible(page);
    await page.getByLabel('API token').fill(headgate.token);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Sources' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/sources');
  });

  it('starts the first source from the empty list', async () => {
    await page.getByText('Add your first source').waitFor();
    await expectAccessible(page);
    await page.locator('.empty').getByRole('link', { name: 'Add source' }).click();
    await page.getByRole('heading', { name: 'Add a source' }).waitFor();
    await page.getByRole('link', { name: /CSV upload/ }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'catalogue');
    await page.getByRole('link', { name: /CSV upload/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('Shop orders');
    expect(await page.getByLabel('Key', { exact: true }).inputValue()).toBe('shop_orders');
    await page.getByRole('button', { name: 'Add and choose files' }).click();
    await page.getByRole('tab', { name: 'Files', selected: true }).waitFor();
  });

  it('uploads what is dropped, refuses what it cannot read, and loads it live', async () => {
    await drop(page, [
      { name: 'october.csv', text: october },
      { name: 'november.csv', text: november },
      { name: 'notes.txt', text: 'no table' },
    ]);
    await page.getByText('Only .csv, .tsv are taken here.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Upload 2 files' }).click();
    const row = (name: string) =>
      page.getByRole('region', { name: 'Existing files' }).getByRole('row', { name });
    await row('october.csv').getByText('Loaded').waitFor();
    await row('november.csv').getByText('Loaded').waitFor();
    await row('november.csv').getByText('1 rejected').waitFor();
    await screenshot(page, 'files');
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page
      .locator('.stat', { hasText: 'Total rows' })
      .getByText('5', { exact: true })
      .waitFor();
    await expectAccessible(page);
  });

  it('shows the rejected row with its reason, and the rows of the table', async () => {
    await page.getByRole('tab', { name: 'Rejects' }).click();
    await page.getByText('1 rejected').waitFor();
    await page.getByText('5,2026-11-02T08:00:00Z').waitFor();
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'See in the catalog' }).click();
    await page.getByRole('link', { name: 'default.shop_orders' }).click();
    const rows = page.getByRole('region', { name: 'First rows' }).getByRole('row');
    await page.getByText('66.60').waitFor();
    expect(await rows.count()).toBe(6);
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Read it elsewhere' }).click();
    await page.getByText('StaticTable.from_metadata').waitFor();
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Columns' }).click();
    await page.getByText('timestamptz').first().waitFor();
    await page.goBack();
  });

  it('deletes a file with its rows, and still shows the table as it was before', async () => {
    await page.goto(`${headgate.url}/sources/shop_orders?tab=files`);
    await page.getByRole('button', { name: 'More for october.csv' }).click();
    await page.getByRole('menuitem', { name: 'Delete with its rows…' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Delete file and rows' }).click();
    await page.getByRole('row', { name: 'october.csv' }).getByText('File deleted').waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page
      .locator('.stat', { hasText: 'Total rows' })
      .getByText('2', { exact: true })
      .waitFor();
    await page.getByRole('link', { name: 'See in the catalog' }).click();
    await page.getByRole('link', { name: 'default.shop_orders' }).click();
    await page.getByText('2 of 2 rows').waitFor();
    await page.getByLabel('As of').selectOption({ index: 1 });
    await page.getByText('5 of 5 rows').waitFor();
    await page.getByRole('tab', { name: 'Snapshots' }).click();
    await page.getByRole('link', { name: 'See the run' }).first().waitFor();
    await expectAccessible(page);
  });

  it('asks what to do with a name that is there, replaces it, or renames the new one', async () => {
    await page.goto(`${headgate.url}/sources/shop_orders?tab=files`);
    await page.getByRole('row', { name: 'november.csv' }).waitFor();
    await drop(page, [
      { name: 'november.csv', text: november.replace('44.10', '45.00') },
      { name: 'october.csv', text: october.replaceAll('10-', '12-') },
    ]);
    const list = page.getByRole('region', { name: 'Files to upload' });
    await list.getByText('A file of this name exists').waitFor();
    await list.getByRole('button', { name: 'Rename this one' }).click();
    await list.getByText('november (2).csv').waitFor();
    await page.getByRole('button', { name: 'Clear the list' }).click();
    await drop(page, [{ name: 'november.csv', text: november.replace('44.10', '45.00') }]);
    await list.getByRole('button', { name: 'Replace it' }).click();
    await page.getByRole('button', { name: 'Upload 1 file' }).click();
    await list.getByText('Uploaded').waitFor();
    // A preview is of the moment it was asked for, and the run that loads the file may not be over.
    await expect
      .poll(
        async () => {
          await page.goto(`${headgate.url}/catalog/shop_orders/files`);
          await page.getByText(/\d of \d rows/).waitFor();
          return page.getByText('45.00').count();
        },
        { timeout: 40_000 },
      )
      .toBe(1);
    expect(await page.getByText('44.10').count()).toBe(0);
  });

  it('takes a broken upload in parts up where it was, even on a new page', async () => {
    await page.goto(`${headgate.url}/sources/shop_orders?tab=files`);
    const folder = mkdtempSync(join(tmpdir(), 'headgate-upload-'));
    const file = join(folder, 'large.csv');
    writeFileSync(
      file,
      'order_id,placed_at,amount\n'.padEnd(33 * 1024 ** 2, '7,2026-10-01T08:00:00Z,1.00\n'),
    );
    let broken = 0;
    // The line breaks before the last part and stays broken.
    await page.route(/partNumber=3/, async (route) => {
      broken += 1;
      await breakOff(route);
    });
    const choose = async () => {
      await page
        .getByLabel('Files to upload', { exact: true })
        .and(page.locator('input'))
        .setInputFiles(file);
      await page.getByLabel('Sync after the upload').uncheck();
      await page.getByRole('button', { name: 'Upload 1 file' }).click();
    };
    await choose();
    await expect.poll(() => broken).toBeGreaterThanOrEqual(1);
    await page.unroute(/partNumber=3/);
    const sent: string[] = [];
    page.on('request', (request) => {
      const part = new URL(request.url()).searchParams.get('partNumber');
      if (part !== null && request.method() === 'PUT') sent.push(part);
    });
    await page.reload();
    await choose();
    await page.getByRole('region', { name: 'Files to upload' }).getByText('Uploaded').waitFor();
    expect(sent).toEqual(['3']);
    await page
      .getByRole('region', { name: 'Existing files' })
      .getByRole('row', { name: 'large.csv' })
      .waitFor();
    rmSync(folder, { recursive: true });
  });

  it('logged no error on the way', () => {
    expect(problems).toEqual([]);
  });
});
