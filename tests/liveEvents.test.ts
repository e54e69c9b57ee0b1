import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Event } from '../client/generated.ts';
import { type LiveStatus, openEvents } from '../client/openEvents.ts';
import { type Api, apiOf } from './api.ts';
import { type RunningHeadgate, startHeadgate } from './startHeadgate.ts';

let headgate: RunningHeadgate;
let api: Api;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
  headgate = await startHeadgate();
  api = apiOf(headgate.url, headgate.token);
  writeFileSync(join(folder, 'orders.csv'), 'id,item\n1,apple\n2,pear\n');
}, 60_000);
afterAll(async () => {
  await headgate[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const within = { timeout: 30_000, interval: 20 };
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
    isLive: () => vi.waitFor(() => expect(statuses.at(-1)).toBe('live'), within),
    has: (type: Event['type'], sourceKey: string) =>
      vi.waitFor(
        () =>
          expect(
            events.filter((event) => event.sourceKey === sourceKey).map((e) => e.type),
          ).toContain(type),
        within,
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
}, 60_000);
