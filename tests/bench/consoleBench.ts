import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { createClient } from '../../client/createClient.ts';
import type { Headgate } from '../../local/start.ts';
import { buildConsole } from '../../scripts/buildConsole.ts';
import { openBrowser, openPage, signIn } from '../console/browser.ts';
import type { BenchResult } from './figures.ts';

const sourceCount = 5_000;
const maxScriptKilobytes = 300;
const maxKeystrokeMilliseconds = 50;
const atOnce = 8;

/** The console with many sources: script of the first load, and how long the list takes to answer a keystroke. */
export async function consoleBench(headgate: Headgate): Promise<BenchResult> {
  const browser = await openBrowser();
  if (browser === null)
    return { title: 'Console', figures: [], missed: ['no Chromium to measure with'] };
  try {
    return await measure(headgate, browser);
  } finally {
    await browser.close();
  }
}

async function measure(headgate: Headgate, browser: Browser): Promise<BenchResult> {
  await addSources(headgate);
  const { page } = await openPage(browser);
  const scripts: string[] = [];
  page.on('response', (response) => {
    if (/\/assets\/.*\.js$/.test(response.url())) scripts.push(response.url());
  });
  const started = performance.now();
  await signIn(page, headgate.url, headgate.token);
  await page.locator('td.source-name').first().waitFor();
  const firstRows = performance.now() - started;
  await page.getByText(`of ${sourceCount.toLocaleString('en-US')}`).waitFor({ timeout: 120_000 });
  const loaded = [...new Set(scripts.map((url) => new URL(url).pathname))];
  let bytes = 0;
  for (const path of loaded)
    bytes += gzipSync(Buffer.from(await (await fetch(headgate.url + path)).arrayBuffer())).length;

  // From the key's own time until the frame that shows the answer was painted.
  await page.evaluate(`(() => {
    window.keystrokes = [];
    document.querySelector('input[type=search]').addEventListener('input', (event) => {
      const at = event.timeStamp;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.keystrokes.push(performance.now() - at);
        port2.postMessage(0);
      });
    });
  })()`);
  const search = page.getByLabel('Search sources');
  const workOf = await meterOf(page);
  const workBefore = await workOf();
  for (const word of ['warehouse 42', 'orders', 'eu 9', 'x']) {
    await search.focus();
    for (const letter of word) await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    for (const _ of word) await page.keyboard.press('Backspace');
  }
  await page.waitForTimeout(500);
  const work = (await workOf()) - workBefore;
  const times = ((await page.evaluate('window.keystrokes')) as number[]).sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const kilobytes = bytes / 1024;
  const missed = [
    ...(kilobytes > maxScriptKilobytes
      ? [`script of the first load ${kilobytes.toFixed(0)} KB`]
      : []),
    ...(times.length < 20 ? ['keystrokes were not seen'] : []),
    ...(at(0.95) > maxKeystrokeMilliseconds ? [`keystroke ${at(0.95).toFixed(0)} ms`] : []),
  ];
  return {
    title: `Console with ${sourceCount.toLocaleString('en-US')} sources`,
    figures: [
      {
        what: `script of the first load, gzipped (limit ${maxScriptKilobytes} KB)`,
        value: `${kilobytes.toFixed(1)} KB in ${loaded.length} files`,
      },
      { what: 'script of all pages, gzipped', value: `${(await allScripts()).toFixed(1)} KB` },
      {
        what: 'first rows after the address was entered',
        value: `${(firstRows / 1000).toFixed(1)} s`,
      },
      {
        what: `keystroke to painted answer (limit ${maxKeystrokeMilliseconds} ms)`,
        value: `median ${at(0.5).toFixed(0)} ms, 95 % ${at(0.95).toFixed(0)} ms, worst ${at(1).toFixed(0)} ms of ${times.length}`,
      },
      {
        what: 'the page’s own work for a keystroke, processor time',
        value: `${(work / Math.max(1, times.length)).toFixed(1)} ms`,
      },
    ],
    missed,
  };
}

/**
 * Tells the processor time of the page's main thread so far, in milliseconds: scripts, layout and paint. Unlike what somebody
 * waits, it does not depend on when the next frame is due, nor much on what else runs on the machine.
 */
async function meterOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  };
}

async function allScripts(): Promise<number> {
  const folder = join(tmpdir(), `headgate-console-bench-${process.pid}`);
  await buildConsole(join(import.meta.dirname, '../..'), folder);
  const assets = join(folder, 'assets');
  return readdirSync(assets)
    .filter((name) => name.endsWith('.js'))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length / 1024, 0);
}

async function addSources({ url, token }: Headgate): Promise<void> {
  const client = createClient({ baseUrl: url, token });
  const { total } = (await client.listSources({ query: { limit: 1 } })).pagination;
  const regions = ['eu', 'us', 'ap'];
  const subjects = ['orders', 'customers', 'invoices', 'warehouse', 'events'];
  let next = total;
  const work = async (): Promise<void> => {
    for (let index = next++; index < sourceCount; index = next++)
      await client.createSource({
        body: {
          key: `source_${index}`,
          name: `${regions[index % 3]} ${subjects[index % 5]} ${index}`,
          connector: 'csv_upload',
          status: 'active',
          tags: [subjects[index % 5] ?? ''],
        },
      });
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
