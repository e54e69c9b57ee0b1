import { expect, it } from 'vitest';
import type { Event } from '../../client/generated.ts';
import { type LiveStatus, openEvents } from '../../client/openEvents.ts';
import { eventually } from '../eventually.ts';

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static readonly made: FakeSocket[] = [];
  readyState = 0;
  readonly sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}
const event = (seq: number) => ({ id: `e${seq}`, seq, type: 'sync_started' }) as unknown as Event;
const range = (after: number, upTo: number, hidden: readonly number[] = []) => ({
  type: 'events',
  after,
  upTo,
  events: Array.from({ length: upTo - after }, (_, index) => after + 1 + index)
    .filter((seq) => !hidden.includes(seq))
    .map(event),
});

async function connect(more: object = {}, status = 200) {
  FakeSocket.made.length = 0;
  const told: number[] = [];
  const statuses: LiveStatus[] = [];
  let resets = 0;
  const body =
    status === 200
      ? { url: 'wss://live.test/live' }
      : { status, code: 'unauthorized', title: 't', type: 'x', requestId: 'r' };
  const live = openEvents({
    baseUrl: 'https://api.test',
    token: 'hg_token',
    fetch: (async () => Response.json(body, { status })) as typeof fetch,
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    onEvent: ({ seq }) => void told.push(seq),
    onStatus: (next) => void statuses.push(next),
    onReset: () => {
      resets += 1;
    },
    retryMilliseconds: 1,
    ...more,
  });
  if (status === 200) await eventually(() => expect(FakeSocket.made).toHaveLength(1));
  const socket = () => FakeSocket.made.at(-1) as FakeSocket;
  return { live, told, statuses, resets: () => resets, socket };
}
async function isLive(head: number, more: object = {}) {
  const made = await connect(more);
  made.socket().open();
  made.socket().say({ type: 'hello', tenant: 't', head });
  made.socket().say({ type: 'live', upTo: head });
  return made;
}

it('says who it is in the first message, and never in the address', async () => {
  const { socket, live } = await connect({ after: 7 });
  socket().open();
  expect(socket().sent).toEqual([{ action: 'hello', token: 'hg_token', after: 7 }]);
  expect(socket().url).not.toContain('hg_token');
  live.close();
});

it('tells each event once, whatever comes twice or overlaps, and counts those it may not see', async () => {
  const { told, socket, live } = await isLive(3);
  for (const message of [range(3, 5), range(3, 5), range(4, 7, [6]), range(7, 9, [8, 9])])
    socket().say(message);
  expect(told).toEqual([4, 5, 7]);
  expect(live.last).toBe(9);
  live.close();
});

it('asks once for what is missing, and drops what came too early', async () => {
  const { told, socket, live } = await isLive(3);
  socket().say(range(5, 6));
  socket().say(range(6, 7));
  expect(socket().sent.slice(1)).toEqual([{ action: 'replay', after: 3 }]);
  expect(told).toEqual([]);
  socket().say(range(3, 7));
  socket().say({ type: 'live', upTo: 7 });
  expect(told).toEqual([4, 5, 6, 7]);
  // A message that never came, with none after it: the ping tells.
  socket().say({ type: 'pong', head: 9 });
  expect(socket().sent.at(-1)).toEqual({ action: 'replay', after: 7 });
  live.close();
});

it('goes on asking when a long replay comes in parts', async () => {
  const { socket, statuses, live } = await connect({ after: 0 });
  socket().open();
  socket().say({ type: 'hello', tenant: 't', head: 9 });
  socket().say(range(0, 5));
  socket().say({ type: 'live', upTo: 5 });
  expect(socket().sent.at(-1)).toEqual({ action: 'replay', after: 5 });
  expect(statuses.at(-1)).toBe('connecting');
  socket().say(range(5, 9));
  socket().say({ type: 'live', upTo: 9 });
  expect(statuses.at(-1)).toBe('live');
  live.close();
});

it('starts anew when what it missed is gone', async () => {
  const { socket, resets, live, told } = await connect({ after: 2 });
  socket().open();
  socket().say({ type: 'hello', tenant: 't', head: 50 });
  socket().say({ type: 'reset', head: 50 });
  socket().say(range(50, 51));
  expect([resets(), live.last, told]).toEqual([1, 51, [51]]);
  live.close();
});

it('connects again after its last event, and not after it was closed or refused', async () => {
  const { socket, live, statuses } = await isLive(3);
  socket().say(range(3, 4));
  socket().close();
  await eventually(() => expect(FakeSocket.made).toHaveLength(2));
  socket().open();
  expect(socket().sent[0]).toMatchObject({ action: 'hello', after: 4 });
  expect(statuses).toContain('offline');
  socket().say({ type: 'error', code: 'unauthorized', detail: 'x' });
  expect(statuses.at(-1)).toBe('refused');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(FakeSocket.made).toHaveLength(2);
  live.close();

  const refused = await connect({}, 401);
  await eventually(() => expect(refused.statuses.at(-1)).toBe('refused'));
  expect(FakeSocket.made).toHaveLength(0);
});
