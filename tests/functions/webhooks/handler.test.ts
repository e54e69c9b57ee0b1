import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/webhooks/handler.ts';
import type { HeadgateEvent } from '../../../shared/events.ts';
import { createFetch } from '../../../shared/http/createFetch.ts';
import { createLog } from '../../../shared/log.ts';
import { type Delivery, pauseAfter } from '../../../shared/webhooks/deliveries.ts';
import { newSigningSecret } from '../../../shared/webhooks/signWebhook.ts';
import type { WebhookItem } from '../../../shared/webhooks/webhookItem.ts';
import type { WebhookSecret } from '../../../shared/webhooks/webhookSecrets.ts';
import { getWebhook, putWebhook } from '../../../shared/webhooks/webhooks.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';

let home: HeadgateTable;
const posts: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
let answer = { status: 200, headers: {} as Record<string, string> };
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += String(part)));
  request.on('end', () => {
    posts.push({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(answer.status, answer.headers).end('answer');
  });
});
let origin = '';
beforeAll(async () => {
  home = await headgateTable();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await home[Symbol.asyncDispose]();
});
beforeEach(() => {
  posts.length = 0;
  queued.length = 0;
  answer = { status: 200, headers: {} };
});

const queued: { delivery: Delivery; delaySeconds: number }[] = [];
const secrets = new Map<string, WebhookSecret>();
const lines: string[] = [];
const now = () => new Date('2026-05-05T05:05:05Z');
function world(allow: readonly string[] = ['127.0.0.1']) {
  const handler = makeHandler({
    table: home.table,
    fetch: createFetch({ allow }),
    now,
    log: createLog((line) => void lines.push(line)),
    deliveries: {
      send: async (deliveries, delaySeconds = 0) =>
        void queued.push(...deliveries.map((delivery) => ({ delivery, delaySeconds }))),
    },
    secrets: {
      create: async () => '',
      read: async (arn) => secrets.get(arn) ?? null,
      remove: async () => undefined,
    },
  });
  const send = (...bodies: readonly unknown[]) =>
    handler({
      Records: bodies.map((body, index) => ({
        messageId: String(index),
        body: JSON.stringify(body),
      })) as never,
    });
  return {
    send,
    tell: (event: HeadgateEvent, tenant = 'acme') => send({ detail: { ...event, tenant } }),
    /** Does what the queue holds, as if all pauses were over. */
    drain: async () => {
      for (const { delivery } of queued.splice(0)) await send({ delivery });
    },
  };
}
let made = 0;
async function addWebhook(change: Partial<WebhookItem> = {}, path = '/hook'): Promise<WebhookItem> {
  made += 1;
  const item: WebhookItem = {
    v: 1,
    tenant: `tenant${made}`,
    webhookId: `hook${made}`,
    name: 'n',
    address: origin,
    topic: 'events',
    format: 'json',
    types: null,
    sources: null,
    isActive: true,
    secretArn: `arn${made}`,
    createdBy: 'tests',
    createdAt: now().toISOString(),
    lastAttempt: null,
    ...change,
  };
  secrets.set(item.secretArn, { url: `${origin}${path}`, signingSecret: newSigningSecret() });
  await putWebhook(home.table, item, null, { by: 'tests', requestId: 'r' }, now());
  return item;
}
const eventOf = (change: Partial<HeadgateEvent> = {}): HeadgateEvent =>
  ({
    id: 'event-1',
    seq: 7,
    at: '2026-05-05T05:05:00.000Z',
    sourceId: 'source',
    sourceKey: 'orders',
    type: 'sync_started',
    data: { runId: 'run', kind: 'ingest' },
    ...change,
  }) as HeadgateEvent;
const stateOf = (item: WebhookItem) => getWebhook(home.table, item.tenant, item.webhookId);

describe('a delivery', () => {
  it('holds the event as it is, signed over id, time and body', async () => {
    const item = await addWebhook();
    const { tell, drain } = world();
    await tell(eventOf(), item.tenant);
    await drain();
    const [post] = posts;
    expect(JSON.parse(post?.body ?? '')).toEqual(eventOf());
    const { signingSecret = '' } = secrets.get(item.secretArn) ?? {};
    const key = Buffer.from(signingSecret.replace('whsec_', ''), 'base64');
    const time = String(Date.parse('2026-05-05T05:05:05Z') / 1000);
    const expected = createHmac('sha256', key)
      .update(`event-1.${time}.${post?.body}`)
      .digest('base64');
    expect(post?.headers).toMatchObject({
      'webhook-id': 'event-1',
      'webhook-timestamp': time,
      'webhook-signature': `v1,${expected}`,
      'content-type': 'application/json',
    });
    expect((await stateOf(item))?.lastAttempt).toMatchObject({ ok: true, status: 200, attempt: 1 });
  });

  it('is a sentence for a chat', async () => {
    const item = await addWebhook({ format: 'slack' });
    const { tell, drain } = world();
    await tell(eventOf(), item.tenant);
    await drain();
    expect(JSON.parse(posts[0]?.body ?? '')).toEqual({ text: 'orders: a run has started.' });
  });

  it('that fails is put back with longer and longer pauses, under the same id, until two hours are over', async () => {
    answer = { status: 503, headers: {} };
    const item = await addWebhook();
    const { tell, send } = world();
    await tell(eventOf(), item.tenant);
    const pauses: number[] = [];
    for (let next = queued.shift(); next !== undefined; next = queued.shift()) {
      pauses.push(next.delaySeconds);
      await send({ delivery: next.delivery });
    }
    expect(posts).toHaveLength(13);
    expect(new Set(posts.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set(['event-1']),
    );
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
    expect(pauses.reduce((a, b) => a + b)).toBeGreaterThan(7_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(900);
    expect(pauseAfter(13)).toBeNull();
    expect((await stateOf(item))?.lastAttempt).toMatchObject({
      ok: false,
      status: 503,
      attempt: 13,
    });
  });

  it('follows no redirect', async () => {
    answer = { status: 302, headers: { location: `${origin}/elsewhere` } };
    const item = await addWebhook();
    const { tell, drain } = world();
    await tell(eventOf(), item.tenant);
    await drain();
    expect(posts.map(({ path }) => path)).toEqual(['/hook']);
    expect((await stateOf(item))?.lastAttempt).toMatchObject({ ok: false, status: 302 });
  });

  it('never dials a private address, and says so without naming it', async () => {
    const item = await addWebhook({}, '/T000/secret-path');
    const { tell, drain } = world([]);
    await tell(eventOf(), item.tenant);
    await drain();
    expect(posts).toEqual([]);
    const attempt = (await stateOf(item))?.lastAttempt;
    expect(attempt).toMatchObject({ ok: false, status: null });
    expect(attempt?.detail).toContain('not allowed');
    expect(JSON.stringify(attempt) + lines.join()).not.toContain('secret-path');
  });

  it('of a webhook that was deleted or switched off since is dropped', async () => {
    const item = await addWebhook({ isActive: false });
    const { send } = world();
    const delivery = { tenant: item.tenant, id: 'x', attempt: 1, payload: {}, text: '' };
    await send({ delivery: { ...delivery, webhookId: item.webhookId } });
    await send({ delivery: { ...delivery, webhookId: 'never-was' } });
    expect(posts).toEqual([]);
    expect(queued).toEqual([]);
  });
});

describe('an event', () => {
  it('goes to the webhooks of its tenant that want it, and to no others', async () => {
    const { tenant } = await addWebhook();
    const named = await addWebhook({ tenant, types: ['sync_progress'] });
    const limited = await addWebhook({ tenant, sources: ['another'] });
    const alerts = await addWebhook({ tenant, topic: 'alerts' });
    const { tell } = world();
    await tell(eventOf(), tenant);
    expect(queued).toHaveLength(1);
    const told = new Set(queued.map(({ delivery }) => delivery.webhookId));
    for (const { webhookId } of [named, limited, alerts]) expect(told).not.toContain(webhookId);
    queued.length = 0;
    await tell(
      eventOf({
        type: 'sync_progress',
        data: { runId: 'run', pages: 1, rows: 1, bytes: 1, stream: null },
      }),
      tenant,
    );
    expect(queued.map(({ delivery }) => delivery.webhookId)).toEqual([named.webhookId]);
  });

  it('that is not understood is reported alone, and the others of its batch go', async () => {
    const item = await addWebhook();
    const { send } = world();
    const answered = await send(
      { detail: { tenant: item.tenant, type: 'nonsense' } },
      { detail: { ...eventOf(), tenant: item.tenant } },
    );
    expect(answered.batchItemFailures).toEqual([{ itemIdentifier: '0' }]);
    expect(queued).toHaveLength(1);
  });
});
