import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
  type Route,
} from 'playwright-core';
import { afterEach, expect } from 'vitest';

/** As the Debian package installs it. */
const executablePath = '/usr/bin/chromium';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A headless Chromium; null, and a line that says so, where there is none. */
export async function openBrowser(): Promise<Browser | null> {
  if (!existsSync(executablePath)) {
    console.log(`No ${executablePath} here: the console is not tested in a browser.`);
    return null;
  }
  return chromium.launch({ executablePath, args: flags });
}

/** A page of a new profile. What the page logs as an error, or throws, fails the test that asks `problems`. */
export async function openPage(
  browser: Browser,
  options: {
    readonly width?: number;
    readonly height?: number;
    readonly reducedMotion?: boolean;
  } = {},
): Promise<{
  readonly context: BrowserContext;
  readonly page: Page;
  readonly problems: readonly string[];
}> {
  const { width = 1360, height = 860, reducedMotion = true } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    timezoneId: 'UTC',
    locale: 'en-GB',
    // Nothing that pulses is half drawn in a screenshot.
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // The browser logs every refused request; what is refused is what some tests are about.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  return { context, page, problems };
}

/** Signs in by the address that `npm start` prints. */
export async function signIn(
  page: Page,
  url: string,
  token: string,
  path = '/sources',
): Promise<void> {
  await page.goto(`${url}${path}#token=${token}`);
  await page.getByRole('navigation', { name: 'Console' }).waitFor();
}

/** Lets a request fail as a line that is down does. It may be given up by its page meanwhile. */
export const breakOff = (route: Route): Promise<void> =>
  route.abort('internetdisconnected').catch(() => undefined);

/** Drops files as somebody would from a folder. */
export async function drop(
  page: Page,
  files: readonly { name: string; text: string }[],
): Promise<void> {
  const data = await page.evaluateHandle(
    `(() => {
      const data = new DataTransfer();
      for (const { name, text } of ${JSON.stringify(files)})
        data.items.add(new File([text], name, { type: 'text/csv', lastModified: 1700000000000 }));
      return data;
    })()`,
  );
  await page.locator('.dropzone').dispatchEvent('drop', { dataTransfer: data });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Expects no finding of axe on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated by the browser's own tools, as the page's policy allows no code from elsewhere.
  await page.evaluate(axe);
  const { violations } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] })",
  )) as AxeResult;
  expect
    .soft(
      violations.map(
        ({ id, help, nodes }) =>
          `${id}: ${help}\n  ${nodes[0]?.html}\n  ${nodes[0]?.failureSummary}`,
      ),
      await page.title(),
    )
    .toEqual([]);
}

/** After a test that failed, what the page showed is kept and its place is printed. */
export function keepOnFailure(page: () => Page | undefined): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const path = join(tmpdir(), `headgate-console-failure-${Date.now()}.png`);
    await page()?.screenshot({ path });
    console.log(`${task.name}: the page showed ${path} (${page()?.url()})`);
  });
}
