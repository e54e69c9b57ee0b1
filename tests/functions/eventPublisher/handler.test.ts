import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  connectionsOf,
  getConnection,
  saveConnection,
} from '../../../shared/events/connections.ts';
import { readEvents } from '../../../shared/events/readEvents.ts';
import { newSourceId } from '../../../shared/ids.ts';
import { lockItemKey } from '../../../shared/runs/lockItem.ts';
import { sourceItemKey } from '../../../shared/sources/sourceItem.ts';
import { tokenItemKey } from '../../../shared/tokens/tokenItem.ts';
import { eventWorld, runOf, runRecord } from './eventWorld.ts';
import { recordOf } from './streamOf.ts';

let world: Awaited<ReturnType<typeof eventWorld>>;
beforeAll(async () => {
  world = await eventWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

let tenant = '';
let tenants = 0;
beforeEach(() => {
  tenants += 1;
  tenant = `tenant${tenants}`;
  world.broken.bus = false;
});
const allEvents = async () =>
  (await readEvents(world.table, tenant, { after: 0, limit: 1000 })).events;
const connect = (connectionId: string, sources: readonly string[] | null = null, more = {}) =>
  saveConnection(
    world.table,
    {
      tenant,
      connectionId,
      tokenId: 'token',
      sources: sources && [...sources],
      validUntil: null,
      ...more,
    },
    world.clock.at,
  );
const queued = (sourceId = newSourceId(new Date())) => runRecord(null, runOf(tenant, sourceId));

describe('what a change means', () => {
  it('is an event for each step of a run, with its source’s key, and nothing for a commit', async () => {
    const { sourceId, key } = await world.home.addSource(tenant);
    const first = runOf(tenant, sourceId);
    const running = { ...first, status: 'running' as const, startedAt: '2026-05-05T05:05:01.000Z' };
    const committed = { ...running, committedSeq: 1 };
    const done = {
      ...committed,
      status: 'succeeded' as const,
      result: 'loaded' as const,
      finishedAt: '2026-05-05T05:05:09.000Z',
    };
    await world.publish(
      runRecord(null, first),
      runRecord(first, running),
      runRecord(running, committed),
      runRecord(committed, done),
    );
    const events = await allEvents();
    expect(events.map(({ type, seq, sourceKey }) => [type, seq, sourceKey])).toEqual([
      ['sync_queued', 1, key],
      ['sync_started', 2, key],
      ['sync_succeeded', 3, key],
    ]);
    expect(events[2]?.at).toBe('2026-05-05T05:05:09.000Z');
  });

  it('is progress only where it moved, and only of a run that holds the lock', async () => {
    const sourceId = newSourceId(new Date());
    const key = lockItemKey(tenant, sourceId);
    const run = runOf(tenant, sourceId);
    const owner = {
      runId: run.runId,
      request: run.request,
      trigger: run.trigger,
      requestedBy: 'tests',
      connector: 'postgres',
      requestedAt: run.createdAt,
    };
    const lock = { v: 1, tenant, sourceId, owner, token: 1, attempt: 1, fileSeq: 0, drainedSeq: 0 };
    const one = { ...lock, progress: { pages: 1, rows: 10, bytes: 100 } };
    const two = { ...one, leaseUntil: 99 };
    await world.publish(
      recordOf(key, lock, one),
      recordOf(key, one, two),
      recordOf(key, two, { ...two, owner: undefined }),
    );
    expect(await allEvents()).toMatchObject([
      { type: 'sync_progress', data: { runId: run.runId, rows: 10, stream: null } },
    ]);
  });

  it('is a change of a source that people made, and not what a run wrote into it', async () => {
    const source = await world.home.addSource(tenant);
    const key = sourceItemKey(tenant, source.sourceId);
    await world.publish(
      recordOf(key, null, source),
      recordOf(key, source, { ...source, recordCount: 9, syncCount: 1 }),
      recordOf(key, source, { ...source, name: 'New', rowVersion: 2 }),
      recordOf(key, source, null),
    );
    expect((await allEvents()).map(({ data }) => data)).toMatchObject([
      { change: 'created', fields: [] },
      { change: 'changed', fields: ['name'], rowVersion: 2 },
      { change: 'deleted' },
    ]);
  });

  it('is passed over, with a line in the log, when it is not understood', async () => {
    const sourceId = newSourceId(new Date());
    const bad = recordOf({ pk: `T#${tenant}#S#${sourceId}`, sk: 'RUN#x' }, null, { nonsense: 1 });
    await world.publish(bad, queued());
    expect(await allEvents()).toHaveLength(1);
    expect(world.lines.join()).toContain('event_record_invalid');
  });
});

describe('the log', () => {
  it('numbers the events of publishers that work at the same time without a gap, each once', async () => {
    const batches = Array.from({ length: 6 }, () => Array.from({ length: 5 }, () => queued()));
    // Each batch comes twice, as streams may deliver it.
    await Promise.all([...batches, ...batches].map((records) => world.publish(...records)));
    const events = await allEvents();
    expect(events.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(30);
    for (const records of batches) {
      const ids = new Set(records.map(({ eventID }) => eventID));
      const numbers = events.filter(({ id }) => ids.has(id)).map(({ id }) => id);
      expect(numbers).toEqual(records.map(({ eventID }) => eventID));
    }
  });

  it('takes more events at once than a transaction has room for', async () => {
    await world.publish(...Array.from({ length: 120 }, () => queued()));
    expect(await allEvents()).toHaveLength(120);
  });

  it('keeps the number of an event whose telling failed, and tells it under that number again', async () => {
    const record = queued();
    world.broken.bus = true;
    await expect(world.publish(record)).rejects.toThrow('the bus is down');
    world.broken.bus = false;
    await world.publish(queued());
    await world.publish(record);
    const told = world.onBus.filter((one) => one.tenant === tenant).map(({ event }) => event);
    expect(told.map(({ id, seq }) => [id === record.eventID, seq])).toEqual([
      [false, 2],
      [true, 1],
    ]);
    expect(await allEvents()).toHaveLength(2);
  });
});

describe('connections', () => {
  it('hear of their own tenant only, and of their own sources only, in ranges without gaps', async () => {
    const mine = newSourceId(new Date());
    await connect('all');
    await connect('some', [mine]);
    await saveConnection(
      world.table,
      { tenant: 'stranger', connectionId: 'other', tokenId: 't', sources: null, validUntil: null },
      world.clock.at,
    );
    await world.publish(queued(), queued(mine), queued());
    expect(world.heardBy('all').map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(world.heardBy('some').map(({ seq }) => seq)).toEqual([2]);
    expect(world.heardBy('other')).toEqual([]);
    expect(world.sent.find(({ connectionId }) => connectionId === 'some')?.message).toMatchObject({
      after: 0,
      upTo: 3,
    });
  });

  it('that are gone are forgotten, and do not keep others waiting', async () => {
    await connect('gone');
    await connect('here');
    world.gone.add('gone');
    await world.publish(queued());
    expect(world.heardBy('here')).toHaveLength(1);
    expect(await getConnection(world.table, 'gone')).toBeNull();
  });

  it('end with their token: when it expires, and when it is revoked', async () => {
    await connect('expired', null, { validUntil: '2026-05-05T05:05:04.000Z' });
    await connect('revoked', null, { tokenId: 'revoked-token' });
    await connect('stays');
    await world.publish(queued());
    expect(world.closed).toContain('expired');
    await world.publish(
      recordOf(tokenItemKey('hash'), { tenant, tokenId: 'revoked-token', v: 1 }, null),
    );
    expect(world.closed).toContain('revoked');
    const left: string[] = [];
    for await (const { connectionId } of connectionsOf(world.table, tenant))
      left.push(connectionId);
    expect(left).toEqual(['stays']);
  });
});
