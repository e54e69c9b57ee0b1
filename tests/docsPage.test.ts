import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../client/generated.ts';
import { type RunningHeadgate, startHeadgate } from './startHeadgate.ts';

const executablePath = '/usr/bin/chromium';
let headgate: RunningHeadgate;
beforeAll(async () => {
  headgate = await startHeadgate();
});
afterAll(() => headgate[Symbol.asyncDispose]());

it('is one page that may load nothing else and ask nobody but the API', async () => {
  const response = await fetch(`${headgate.url}/docs`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; connect-src 'self'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/,
  );
  const html = await response.text();
  expect(html).not.toMatch(/(src|href)="https?:/);
  expect(html).not.toContain(headgate.token);
});

it('lists every operation, and a request tried in a browser is answered', async () => {
  if (!existsSync(executablePath)) {
    console.log(`the API's page was not tried in a browser: there is no ${executablePath}`);
    return;
  }
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on(
      'console',
      (message) => void (message.type() === 'error' && problems.push(message.text())),
    );
    page.on('pageerror', (error) => void problems.push(String(error)));
    await page.goto(`${headgate.url}/docs#createSource`);
    await page.getByRole('heading', { name: 'Register a source' }).waitFor();
    expect(await page.locator('nav a').count()).toBe(Object.keys(operations).length);
    await page.getByLabel('Token').fill(headgate.token);
    await page.getByLabel('Body').fill('{"key":"tried","name":"<img src=x onerror=alert(1)>"}');
    await page.getByRole('button', { name: 'Send POST' }).click();
    await page.getByText('201 Created').waitFor();
    await page.getByLabel('Find').fill('list sources');
    await page.getByRole('link', { name: 'List sources' }).first().click();
    await page.getByRole('button', { name: 'Send GET' }).click();
    await page.getByText('"key": "tried"').waitFor();
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});
