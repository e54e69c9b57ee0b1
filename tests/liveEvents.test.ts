import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Event } from '../client/generated.ts';
import { type LiveStatus, openEvents } from '../client/openEvents.ts';
import { type Api, apiOf } from './api.ts';
import { eventually } from './eventually.ts';
import { type RunningHeadgate, startHeadgate } from './startHeadgate.ts';

let headgate: RunningHeadgate;
let api: Api;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
  headgate = await startHeadgate();
  api = apiOf(headgate.url, headgate.token);
  writeFileSync(join(folder, 'orders.csv'), 'id,item\n1,apple\n2,pear\n');
});
afterAll(async () => {
  await headgate[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function listen(
  token = headgate.token,
  more: { after?: number; WebSocket?: typeof WebSocket } = {},
) {
  const events: Event[] = [];
  const statuses: LiveStatus[] = [];
  const live = openEvents({
    baseUrl: headgate.url,
    token,
    onEvent: (event) => void events.push(event),
    onStatus: (status) => void statuses.push(status),
    retryMilliseconds: 50,
    ...more,
  });
  return {
    live,
    events,
    statuses,
    isLive: () => eventually(() => expect(statuses.at(-1)).toBe('live')),
    has: (type: Event['type'], sourceKey: string) =>
      eventually(() =>
        expect(
          events.filter((event) => event.sourceKey === sourceKey).map((e) => e.type),
        ).toContain(type),
      ),
  };
}
const addSource = (key: string) =>
  api.call<{ id: string }>('POST', '/v1/sources', {
    key,
    name: key,
    connector: 'csv_upload',
    status: 'active',
  });

it('tells a connection of a source, its file, its run and the file that goes, in order', async () => {
  const page = listen();
  await page.isLive();
  await addSource('orders');
  await api.upload('orders', join(folder, 'orders.csv'), true);
  await page.has('sync_succeeded', 'orders');
  await api.call('DELETE', '/v1/sources/orders/files/orders.csv');
  await page.has('file_deleted', 'orders');
  page.live.close();

  const types = page.events.map(({ type }) => type).filter((type) => type !== 'sync_progress');
  expect(types.slice(0, 5)).toEqual([
    'source_changed',
    'file_uploaded',
    'sync_queued',
    'sync_started',
    'sync_succeeded',
  ]);
  expect(page.events.find(({ type }) => type === 'sync_succeeded')).toMatchObject({
    sourceKey: 'orders',
    data: {
      kind: 'ingest',
      status: 'succeeded',
      result: 'loaded',
      counts: { read: 2, written: 2 },
    },
  });
  const numbers = page.events.map(({ seq }) => seq);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});

it('loses no event of a lost connection, and two pages agree', async () => {
  const sockets: WebSocket[] = [];
  class Breakable extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      sockets.push(this);
    }
  }
  const steady = listen();
  const shaky = listen(headgate.token, { WebSocket: Breakable });
  await Promise.all([steady.isLive(), shaky.isLive()]);
  for (let times = 1; times <= 3; times++) {
    sockets.at(-1)?.close();
    await addSource(`lost${times}`);
    await steady.has('source_changed', `lost${times}`);
  }
  await shaky.has('source_changed', 'lost3');
  await shaky.isLive();
  expect(shaky.events).toEqual(steady.events);
  expect(shaky.statuses).toContain('offline');
  steady.live.close();
  shaky.live.close();
});

it('ends the connection of a token that is revoked, and does not try it again', async () => {
  const made = await api.call<{ id: string; token: string }>('POST', '/v1/tokens', {
    name: 'page',
  });
  const page = listen(made.token);
  await page.isLive();
  await api.call('DELETE', `/v1/tokens/${made.id}`);
  await eventually(() => expect(page.statuses.at(-1)).toBe('refused'));
  page.live.close();
});

it('tells webhooks and the alert topic of a run that fails, and answers the log by request', async () => {
  const posts: { type: string; sourceKey: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      posts.push({ ...JSON.parse(body), headers: request.headers });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  await api.call('POST', '/v1/webhooks', { name: 'events', url });
  await api.call('POST', '/v1/webhooks', { name: 'alerts', url, topic: 'alerts' });
  await addSource('broken');
  writeFileSync(join(folder, 'broken.csv'), 'id\n1\n');
  await api.upload('broken', join(folder, 'broken.csv'), false);
  await api.call('PATCH', '/v1/sources/broken', {
    rules: { maxRejectedRows: 0 },
    contract: 'freeze',
  });
  await api.runToEnd('broken');
  writeFileSync(join(folder, 'other.csv'), 'id,more\n2,x\n');
  await api.upload('broken', join(folder, 'other.csv'), false);
  expect((await api.runToEnd('broken')).status).toBe('failed');
  await eventually(() =>
    expect(posts.filter(({ sourceKey }) => sourceKey === 'broken').map(({ type }) => type)).toEqual(
      expect.arrayContaining(['sync_failed', 'alert']),
    ),
  );
  expect(posts[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  const published = join(headgate.home, 'aws', 'sns', 'published.ndjson');
  await eventually(() =>
    expect(readFileSync(published, 'utf8')).toContain('Headgate: broken is failing'),
  );
  const page = await api.call<{ events: readonly Event[] }>(
    'GET',
    '/v1/events?after=0&limit=200&source=broken',
  );
  expect(page.events.map(({ type }) => type)).toContain('sync_failed');
  server.closeAllConnections();
  server.close();
});
