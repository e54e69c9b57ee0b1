import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../client/generated.ts';
import { type Api, apiOf } from '../api.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { breakOff, keepOnFailure, openBrowser, openPage, signIn } from './browser.ts';
import { screenshot } from './screenshots.ts';

const browser: Browser | null = await openBrowser();

/** The network between a page and Headgate, which can be cut, and what came over its WebSocket. */
interface Wire {
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Numbers of the events that the page was sent, in the order they came; replays may repeat some. */
  readonly numbers: readonly number[];
  /** Whether the page is told what happens from now on. */
  readonly isLive: () => boolean;
  /** Connections and requests that were tried while it was cut. */
  readonly refused: () => number;
}

async function wireOf(context: BrowserContext): Promise<Wire> {
  const open = new Set<WebSocketRoute>();
  const numbers: number[] = [];
  let isCut = false;
  let isLive = false;
  let refused = 0;
  await context.routeWebSocket(/./, async (socket) => {
    if (isCut) {
      refused += 1;
      await socket.close({ code: 3001 });
      return;
    }
    const server = socket.connectToServer();
    open.add(socket);
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) => {
      const { type, events = [] } = JSON.parse(String(message)) as {
        type: string;
        events?: readonly Event[];
      };
      if (type === 'live') isLive = true;
      numbers.push(...events.map(({ seq }) => seq));
      socket.send(message);
    });
  });
  const address = /\/v1\//;
  return {
    numbers,
    isLive: () => isLive,
    refused: () => refused,
    async cut() {
      isCut = true;
      isLive = false;
      await context.route(address, async (route) => {
        refused += 1;
        await breakOff(route);
      });
      for (const socket of open) await socket.close({ code: 3001 });
      open.clear();
    },
    async mend() {
      isCut = false;
      await context.unroute(address);
    },
  };
}

describe.runIf(browser !== null)('a page that loses its connection', () => {
  let headgate: RunningHeadgate;
  let api: Api;
  let folder: string;
  let shaky: Page;
  let steady: Page;
  let wire: Wire;
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const add = (key: string, more: object = {}) =>
    api.call('POST', '/v1/sources', {
      key,
      name: key,
      connector: 'csv_upload',
      status: 'active',
      ...more,
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
    headgate = await startHeadgate();
    api = apiOf(headgate.url, headgate.token);
    const daily = { cron: '30 2 * * *', timezone: 'America/New_York' };
    await add('orders', { name: 'Shop orders', contract: 'freeze', schedule: daily });
    await add('stock', { name: 'Stock', tags: ['warehouse'] });
    await add('invoices', { name: 'Invoices', status: 'paused' });
    const often = { cron: '*/30 * * * *', timezone: 'UTC' };
    await add('suppliers', { name: 'Suppliers', schedule: often, tags: ['warehouse'] });
    await api.upload('orders', write('first.csv', 'id\n1\n'), false);
    await api.runToEnd('orders');
    const [first, second] = [await openPage(browser!), await openPage(browser!)];
    [shaky, steady] = [first.page, second.page];
    wire = await wireOf(first.context);
    // A minute passes when the test says so; what waits for it happens then, as after a laptop’s lid was closed.
    await first.context.clock.install();
    for (const page of [shaky, steady]) {
      await signIn(page, headgate.url, headgate.token);
      await page.getByRole('row', { name: /orders/ }).waitFor();
    }
  });
  keepOnFailure(() => shaky);
  afterAll(async () => {
    await browser?.close();
    await headgate?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(name) });
  /** What the list says of each source, without how long ago, as the clocks differ. */
  const list = async (page: Page): Promise<readonly string[]> => {
    const rows = await page.locator('tbody tr').all();
    return Promise.all(
      rows.map(async (each) =>
        (await each.locator('td').allInnerTexts()).filter((_, index) => index < 4).join(' | '),
      ),
    );
  };

  it('misses none of what happened in the minute that it was gone, and tells of it once', async () => {
    await expect.poll(wire.isLive).toBe(true);
    await api.call('PATCH', '/v1/sources/stock', { description: 'heard' });
    await expect.poll(() => wire.numbers.length).toBeGreaterThan(0);
    const first = wire.numbers[0] ?? 0;
    await wire.cut();

    await add('while_away', { name: 'Returns' });
    await api.call('PATCH', '/v1/sources/stock', { status: 'paused' });
    await api.upload('orders', write('second.csv', 'id,more\n2,x\n'), false);
    expect((await api.runToEnd('orders')).status).toBe('failed');
    await api.upload('while_away', write('third.csv', 'id\n1\n2\n3\n'), false);
    expect((await api.runToEnd('while_away')).status).toBe('succeeded');
    await row(steady, 'while_away').getByText('Synced', { exact: true }).waitFor();
    await row(steady, 'orders').getByText('Failed').waitFor();
    // The tab that is cut off knows nothing of it, and tries again and again.
    await shaky.clock.fastForward(30_000);
    await expect.poll(wire.refused).toBeGreaterThan(0);
    await shaky.clock.fastForward(30_000);
    expect(await row(shaky, 'while_away').count()).toBe(0);

    await wire.mend();
    // No longer than the longest pause between two tries.
    await shaky.clock.fastForward(30_000);
    await row(shaky, 'while_away').getByText('Synced', { exact: true }).waitFor();
    await row(shaky, 'orders').getByText('Failed').waitFor();
    await row(shaky, 'stock').getByText('Paused').waitFor();
    await shaky.locator('.toast.error', { hasText: 'orders:' }).waitFor();
    expect(await shaky.locator('.toast.error').count()).toBe(1);

    const { events } = await api.call<{ events: readonly Event[] }>(
      'GET',
      `/v1/events?after=${first - 1}&limit=200`,
    );
    expect(events.length).toBeGreaterThan(8);
    await expect.poll(() => [...new Set(wire.numbers)]).toEqual(events.map(({ seq }) => seq));
  });

  it('agrees with a tab that was there all the time, and goes on live', async () => {
    await expect.poll(() => list(shaky)).toEqual(await list(steady));
    await row(shaky, 'stock').getByRole('button', { name: 'More for Stock' }).click();
    await shaky.getByRole('menuitem', { name: 'Resume' }).click();
    for (const page of [shaky, steady])
      await row(page, 'stock').getByText('Paused').waitFor({ state: 'detached' });
    await api.upload('stock', write('fourth.csv', 'id\n1\n'), true);
    for (const page of [shaky, steady])
      await row(page, 'stock').getByText('Synced', { exact: true }).waitFor();
    await expect.poll(() => list(shaky)).toEqual(await list(steady));
    await screenshot(steady, 'sources');
  });
});
