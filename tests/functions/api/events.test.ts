import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendEvents } from '../../../shared/events/appendEvents.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

let made = 0;
const append = (sourceId: string, tenant = 'default') =>
  appendEvents(
    api.table,
    tenant,
    [
      {
        id: `event${++made}`,
        at: '2026-05-05T05:05:05.000Z',
        sourceId,
        sourceKey: null,
        type: 'sync_cancelled',
        data: { runId: 'r', kind: 'ingest', status: 'cancelled' },
      },
    ],
    new Date(),
  );

it('answers what happened since an event, of one source and in pages', async () => {
  const { sourceId: one } = await api.home.addSource('default');
  const { sourceId: two } = await api.home.addSource('default');
  for (const sourceId of [one, two, one, two, one]) await append(sourceId);
  await append(one, 'stranger');

  const all = await api.call('listEvents', { query: { after: '0', limit: '2' } });
  expect(all.body).toMatchObject({ upTo: 2, head: 5, reset: false });
  expect(all.body.events.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
  const rest = await api.call('listEvents', { query: { after: '2', source: one } });
  expect(rest.body).toMatchObject({ upTo: 5, head: 5 });
  expect(rest.body.events.map(({ seq }: { seq: number }) => seq)).toEqual([3, 5]);
  const newest = await api.call('listEvents', { query: { limit: '1' } });
  expect(newest.body.events.map(({ seq }: { seq: number }) => seq)).toEqual([5]);
  expect((await api.call('listEvents', { query: { after: '99' } })).body.reset).toBe(true);

  const token = await api.tokenOf('viewer', { sources: [two] });
  const limited = await api.call('listEvents', { token, query: { after: '0' } });
  expect(limited.body.events.map(({ seq }: { seq: number }) => seq)).toEqual([2, 4]);
  expect((await api.call('listEvents', { token, query: { source: one } })).status).toBe(403);
  expect((await api.call('getLiveAddress', { token })).body.url).toMatch(/^wss:/);
});

it('keeps a webhook’s address and secret out of every answer but the first', async () => {
  const url = 'https://hooks.test/services/T0/B0/very-secret';
  const created = await api.call('createWebhook', { body: { name: 'chat', url, format: 'slack' } });
  expect(created.status).toBe(201);
  expect(created.body.signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(created.body.address).toBe('https://hooks.test');
  const webhookId = created.body.id as string;
  const later = [
    await api.call('listWebhooks'),
    await api.call('getWebhook', { params: { webhookId } }),
    await api.call('changeWebhook', { params: { webhookId }, body: { isActive: false } }),
  ];
  const text = JSON.stringify([created.headers, later, api.lines]);
  expect(text).not.toContain('very-secret');
  expect(text).not.toContain('whsec_');
  expect(later[2]?.body.isActive).toBe(false);
  const stored = await api.secretsClient.send(
    new GetSecretValueCommand({ SecretId: `headgate-notify/test/default/${webhookId}` }),
  );
  expect(JSON.parse(stored.SecretString ?? '')).toMatchObject({ url });

  const test = await api.call('testWebhook', { params: { webhookId } });
  expect(test.status).toBe(202);
  expect(api.deliveries.at(-1)).toMatchObject({ webhookId, id: test.body.id });
  expect((await api.call('deleteWebhook', { params: { webhookId } })).status).toBe(204);
  expect((await api.call('getWebhook', { params: { webhookId } })).status).toBe(404);
});

it('refuses webhooks from who is no admin, of other schemes, and for unknown sources', async () => {
  const body = { name: 'n', url: 'https://hooks.test/x' };
  for (const role of ['viewer', 'editor'] as const) {
    const token = await api.tokenOf(role);
    expect((await api.call('createWebhook', { token, body })).status).toBe(403);
    expect((await api.call('listWebhooks', { token })).status).toBe(403);
  }
  for (const url of ['ftp://x.test', 'https://user:pass@x.test', 'nonsense'])
    expect((await api.call('createWebhook', { body: { ...body, url } })).status).toBe(400);
  expect((await api.call('createWebhook', { body: { ...body, sources: ['none'] } })).status).toBe(
    404,
  );
});
