import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/alerts/handler.ts';
import type { Alert } from '../../../shared/alerts/alertOf.ts';
import { headKey } from '../../../shared/events/eventItem.ts';
import type { HeadgateEvent } from '../../../shared/events.ts';
import { createLog } from '../../../shared/log.ts';
import { noCounts, runItemKey } from '../../../shared/runs/runItem.ts';
import { type SourceItem, sourceItemKey } from '../../../shared/sources/sourceItem.ts';
import type { Delivery } from '../../../shared/webhooks/deliveries.ts';
import { putWebhook } from '../../../shared/webhooks/webhooks.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { runOf } from '../eventPublisher/eventWorld.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

const start = Date.parse('2026-05-05T05:05:05Z');
const clock = { at: new Date(start) };
const alerts: Alert[] = [];
const deliveries: Delivery[] = [];
const broken = { topic: false };
let handler: ReturnType<typeof makeHandler>;
let tenants = 0;
let tenant = '';
let seq = 0;
beforeEach(() => {
  tenants += 1;
  tenant = `tenant${tenants}`;
  clock.at = new Date(start);
  alerts.length = 0;
  deliveries.length = 0;
  broken.topic = false;
  handler = makeHandler({
    table: home.table,
    publish: async (_tenant, alert) => {
      if (broken.topic) throw new Error('the topic is down');
      alerts.push(alert);
    },
    deliveries: { send: async (sent) => void deliveries.push(...sent) },
    now: () => clock.at,
    log: createLog(() => undefined),
  });
});

const minutes = (count: number) => (clock.at = new Date(clock.at.getTime() + count * 60_000));
type Told = Pick<HeadgateEvent, 'type' | 'data'>;
const tell = async ({ sourceId }: SourceItem, event: Told, number = ++seq) =>
  handler({
    detail: {
      id: `e${number}`,
      seq: number,
      at: clock.at.toISOString(),
      sourceId,
      sourceKey: null,
      tenant,
      ...event,
    },
  });
const failed = (message = 'wrong password'): Told => ({
  type: 'sync_failed',
  data: {
    runId: 'r',
    kind: 'ingest',
    status: 'failed',
    error: { code: 'invalid_credentials', message },
    counts: noCounts,
  },
});
const succeeded = (read = 5, more: object = {}): Told => ({
  type: 'sync_succeeded',
  data: {
    runId: 'zzz',
    kind: 'ingest',
    status: 'succeeded',
    result: read > 0 ? 'loaded' : 'no_data',
    counts: { ...noCounts, read, written: read },
    ...more,
  } as never,
});
const told = () => alerts.map(({ subject }) => subject);

describe('a source that fails', () => {
  it('is told of once, however often it fails, and once when it has recovered', async () => {
    const source = await home.addSource(tenant, { key: 'orders' });
    for (let times = 0; times < 3; times++) await tell(source, failed());
    expect(told()).toEqual(['Headgate: orders is failing']);
    expect(alerts[0]?.text).toBe('orders is failing: wrong password');
    minutes(7);
    await tell(source, succeeded());
    await tell(source, succeeded());
    expect(told()).toEqual(['Headgate: orders is failing', 'Headgate: orders has recovered']);
    expect(alerts[1]?.text).toBe('orders has recovered, 7 minutes after it began.');
    await tell(source, failed());
    expect(told()).toHaveLength(3);
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(3);
  });

  it('is not told of for what is no load, nor when nothing was ever wrong', async () => {
    const source = await home.addSource(tenant);
    const clearing = failed();
    await tell(source, { ...clearing, data: { ...clearing.data, kind: 'clear' } as never });
    await tell(source, succeeded());
    expect(told()).toEqual([]);
  });

  it('stays recovered when its failure is delivered late', async () => {
    const source = await home.addSource(tenant, { key: 'late' });
    const early = ++seq;
    await tell(source, failed());
    await tell(source, succeeded());
    await tell(source, failed(), early);
    expect(told()).toEqual(['Headgate: late is failing', 'Headgate: late has recovered']);
  });

  it('is told of by the next delivery when the first telling failed', async () => {
    const source = await home.addSource(tenant, { key: 'again' });
    broken.topic = true;
    const number = ++seq;
    await expect(tell(source, failed(), number)).rejects.toThrow('the topic is down');
    broken.topic = false;
    await tell(source, failed(), number);
    expect(told()).toEqual(['Headgate: again is failing']);
  });

  it('is told to webhooks for alerts of its tenant and source', async () => {
    const source = await home.addSource(tenant, { key: 'hooked' });
    const add = (webhookId: string, change: object) =>
      putWebhook(
        home.table,
        {
          v: 1,
          tenant,
          webhookId,
          name: 'n',
          address: 'https://hooks.test',
          topic: 'alerts',
          format: 'slack',
          types: null,
          sources: null,
          isActive: true,
          secretArn: 'arn',
          createdBy: 'tests',
          createdAt: clock.at.toISOString(),
          lastAttempt: null,
          ...change,
        },
        null,
        { by: 'tests', requestId: 'r' },
        clock.at,
      );
    await add('all', {});
    await add('events', { topic: 'events' });
    await add('other', { sources: ['another'] });
    await add('off', { isActive: false });
    await tell(source, failed());
    expect(deliveries).toMatchObject([
      {
        webhookId: 'all',
        text: 'hooked is failing: wrong password',
        payload: { type: 'alert', kind: 'failing', state: 'open', sourceKey: 'hooked' },
      },
    ]);
  });
});

describe('a source that brings no rows', () => {
  const ran = async ({ sourceId }: SourceItem, reads: readonly number[]) => {
    for (const read of reads) {
      const run = runOf(tenant, sourceId, { status: 'succeeded', counts: { ...noCounts, read } });
      await home.table.client.send(
        new PutCommand({
          TableName: home.table.name,
          Item: { ...runItemKey(tenant, run.runId), ...run },
        }),
      );
    }
  };
  const last = ({ sourceId }: SourceItem) => ({ runId: `${sourceId}-${'z'.repeat(26)}` });

  it('is told of where it usually brings some, and once it does again', async () => {
    const source = await home.addSource(tenant, { key: 'daily' });
    await ran(source, [5, 8, 3, 9, 4]);
    await tell(source, succeeded(0, last(source)));
    await tell(source, succeeded(0, last(source)));
    await tell(source, succeeded(4, last(source)));
    expect(told()).toEqual([
      'Headgate: daily brought no rows',
      'Headgate: daily brings rows again',
    ]);
  });

  it('is left in peace where that is usual, or nobody knows what is', async () => {
    const quiet = await home.addSource(tenant);
    await ran(quiet, [0, 5, 0, 0, 0]);
    const fresh = await home.addSource(tenant);
    await ran(fresh, [5, 5]);
    for (const source of [quiet, fresh]) await tell(source, succeeded(0, last(source)));
    expect(told()).toEqual([]);
  });
});

describe('breaking drift', () => {
  it('is told of until somebody acknowledges it', async () => {
    const source = await home.addSource(tenant, { key: 'drifty' });
    const drift = (isBreaking: boolean): Told => ({
      type: 'schema_drift',
      data: {
        runId: 'r',
        stream: 's',
        isBreaking,
        added: [],
        removed: ['b'],
        changed: [],
        more: 0,
      },
    });
    const changed = (attention: string[]): Told => ({
      type: 'source_changed',
      data: { change: 'changed', rowVersion: 2, fields: ['attention'], attention },
    });
    await tell(source, drift(false));
    await tell(source, changed(['breaking_drift']));
    expect(told()).toEqual([]);
    await tell(source, drift(true));
    await tell(source, changed(['breaking_drift']));
    expect(alerts[0]?.text).toContain('Columns of s gone: b.');
    await tell(source, changed([]));
    expect(told()).toEqual([
      'Headgate: drifty has breaking schema drift',
      'Headgate: drifty has its drift acknowledged',
    ]);
  });
});

describe('a source that is stale', () => {
  const look = async () => {
    await home.table.client.send(
      new PutCommand({ TableName: home.table.name, Item: { ...headKey(tenant), v: 1, seq } }),
    );
    await handler({ 'detail-type': 'Scheduled Event', source: 'aws.events' });
  };
  const created: Told = {
    type: 'source_changed',
    data: { change: 'created', rowVersion: 1, fields: [], attention: [] },
  };
  const set = ({ sourceId }: SourceItem, name: string, value: unknown) =>
    home.table.client.send(
      new UpdateCommand({
        TableName: home.table.name,
        Key: sourceItemKey(tenant, sourceId),
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    );

  it('is told of once it is older than its target, once, and when it is fresh again', async () => {
    const source = await home.addSource(tenant, {
      key: 'hourly',
      freshnessTargetSeconds: 3600,
      lastSuccessAt: clock.at.toISOString(),
    });
    await tell(source, created);
    minutes(59);
    await look();
    expect(told()).toEqual([]);
    minutes(2);
    await look();
    await look();
    expect(told()).toEqual(['Headgate: hourly is stale']);
    expect(alerts[0]?.text).toContain('no older than 60 minutes');
    await set(source, 'lastSuccessAt', clock.at.toISOString());
    await tell(source, succeeded());
    expect(told().at(-1)).toBe('Headgate: hourly is fresh again');
    minutes(61);
    await look();
    expect(told()).toHaveLength(3);
  });

  it('is left in peace while it is paused, or has no target any more', async () => {
    const paused = await home.addSource(tenant, { freshnessTargetSeconds: 60 });
    const loose = await home.addSource(tenant, { freshnessTargetSeconds: 60 });
    for (const source of [paused, loose]) await tell(source, created);
    await set(paused, 'status', 'paused');
    await set(loose, 'freshnessTargetSeconds', null);
    minutes(10_000);
    await look();
    expect(told()).toEqual([]);
  });
});
