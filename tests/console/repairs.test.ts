import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { drop, expectAccessible, keepOnFailure, openBrowser, openPage, signIn } from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();

describe.runIf(browser !== null)('what went wrong is mended, through the console only', () => {
  let headgate: RunningHeadgate;
  let page: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    headgate = await startHeadgate();
    ({ page, problems } = await openPage(browser!));
    await signIn(page, headgate.url, headgate.token, '/sources/new?connector=csv_upload');
    await page.getByLabel('Name', { exact: true }).fill('Stock');
    await page.getByRole('button', { name: 'Add and choose files' }).click();
    await page.getByRole('tab', { name: 'Files', selected: true }).waitFor();
  });
  keepOnFailure(() => page);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
  });

  const rows = (count: string) =>
    page
      .locator('.stat', { hasText: 'Total rows' })
      .locator('dd')
      .first()
      .getByText(count, { exact: true })
      .waitFor();
  const tab = (name: string) => page.getByRole('tab', { name }).click();
  const act = async (name: string) => {
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  const upload = async (name: string, text: string) => {
    await tab('Files');
    await drop(page, [{ name, text }]);
    await page.getByRole('button', { name: 'Upload 1 file' }).click();
    await page
      .getByRole('region', { name: 'Existing files' })
      .getByRole('row', { name })
      .getByText('Loaded')
      .waitFor();
    await tab('Overview');
  };
  const setContract = async (contract: string) => {
    await tab('Settings');
    await page.getByLabel('When columns or values do not fit').selectOption(contract);
    await page
      .locator('.panel', { hasText: 'What is read' })
      .getByRole('button', { name: 'Save', exact: true })
      .click();
    await page.getByText('Stock: saved.').last().waitFor();
  };

  it('loads rejected rows again after the rule that refused them was changed', async () => {
    await upload('first.csv', 'id,item\n1,apple\n2,pear\n');
    await rows('2');
    await setContract('discard_row');
    await upload('second.csv', 'id,item,colour\n3,plum,blue\n4,fig,green\n');
    await rows('2');
    await tab('Rejects');
    await page.getByRole('heading', { name: '2 rejected' }).waitFor();
    await page.getByText('3,plum,blue').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'rejects');
    await setContract('evolve');
    await tab('Rejects');
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.getByText('No rejected rows').waitFor();
    await tab('Overview');
    await rows('4');
    await page.getByRole('link', { name: 'See in the catalog' }).click();
    await page.getByRole('link', { name: 'default.stock' }).click();
    await page.getByRole('cell', { name: 'green' }).waitFor();
    await page.goto(`${headgate.url}/sources/stock`);
  });

  it('undoes the last run, and only that one', async () => {
    await upload('wrong.csv', 'id,item,colour\n5,wrong,red\n6,wrong,red\n7,wrong,red\n');
    await rows('7');
    await act('Undo the last run…');
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Undo the last run', exact: true }).click();
    await rows('4');
    await tab('Rejects');
    await page.getByText('No rejected rows').waitFor();
    await tab('History');
    await page.getByRole('row', { name: /Undo/ }).first().waitFor();
    await expectAccessible(page);
    await screenshot(page, 'history');
    await tab('Overview');
  });

  it('clears the data only after the key was typed, and the source stays', async () => {
    await act('Clear data…');
    const button = page.getByRole('button', { name: 'Clear data', exact: true });
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel(/Type stock to confirm/).fill('Stock');
    expect(await button.isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.getByLabel(/Type stock to confirm/).fill('stock');
    await button.click();
    await rows('0');
    await page.getByRole('heading', { name: 'Stock' }).waitFor();
    await tab('Files');
    await page.getByRole('button', { name: 'More for first.csv' }).click();
    await page.getByRole('menuitem', { name: 'Load again' }).click();
    await tab('Overview');
    await rows('2');
    expect(problems).toEqual([]);
  });
});
