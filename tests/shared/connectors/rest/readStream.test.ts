import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RestCheckpoint } from '../../../../shared/connectors/rest/restCheckpoint.ts';
import type { Json } from '../../../../shared/json.ts';
import { seeded } from '../../../randomness.ts';
import { bench, idsOf, spec, stream, wholeRead } from './restBench.ts';

const last = (
  batches: readonly { readonly checkpoint?: RestCheckpoint | (() => RestCheckpoint) }[],
): RestCheckpoint => {
  const checkpoint = batches.at(-1)?.checkpoint;
  if (checkpoint === undefined || typeof checkpoint === 'function') throw new Error('none');
  return checkpoint;
};

const timed = stream({
  columns: [
    { name: 'id', type: 'long' },
    { name: 'at', type: 'timestamptz', format: 'epochSeconds' },
  ],
  cursorField: 'at',
  captures: 'changes',
  changes: {
    kind: 'window',
    time: 'at',
    format: 'epochSeconds',
    from: { query: 'since' },
    to: { query: 'until' },
    order: 'ascending',
    lagSeconds: 20,
    overlapSeconds: 60,
  },
});

describe('a window of changes', () => {
  it('begins an overlap before the end of the last read, and ends a lag before now', async () => {
    const { read, asked } = bench(spec({ items: timed }), () => ({ items: [] }));
    const first = last(await read('items', { mode: 'incremental' }));
    expect(first).toMatchObject({ since: '2026-05-01T10:00:10.000Z', sweep: null });
    await read('items', { mode: 'incremental' }, first);
    expect(Object.fromEntries(asked[1]?.url.searchParams ?? [])).toEqual({
      since: String(Date.parse('2026-05-01T09:59:10Z') / 1000),
      until: String(Date.parse('2026-05-01T10:00:10Z') / 1000),
    });
  });

  it('delivers nothing from outside of it, whatever the source answers', async () => {
    const end = Date.parse('2026-05-01T10:00:10Z') / 1000;
    const items = [
      { id: 1, at: end - 61 },
      { id: 2, at: end - 60 },
      { id: 3, at: end - 1 },
      { id: 4, at: end },
      { id: 5, at: null },
    ];
    const { read } = bench(spec({ items: timed }), () => ({ items }));
    const from: RestCheckpoint = {
      v: 1,
      since: '2026-05-01T10:00:10.000Z',
      recent: [],
      sweep: null,
    };
    const batches = await read('items', { mode: 'incremental' }, from);
    expect(idsOf(batches)).toEqual([2, 3, 5]);
  });

  it('passes over what the overlap brings again unchanged, and delivers what changed in it', async () => {
    const at = Date.parse('2026-05-01T10:00:00Z') / 1000;
    let items: Json[] = [
      { id: 1, at, name: 'a' },
      { id: 2, at, name: 'b' },
    ];
    const named = stream({ ...timed, others: 'rest' });
    const { read } = bench(spec({ items: named }), () => ({ items }));
    const before = last(await read('items', { mode: 'incremental' }));
    const first = await read('items', { mode: 'incremental' }, before);
    expect(idsOf(first)).toEqual([1, 2]);
    expect(idsOf(await read('items', { mode: 'incremental' }, last(first)))).toEqual([]);
    items = [
      { id: 1, at, name: 'a' },
      { id: 2, at, name: 'changed' },
      { id: 3, at },
    ];
    const third = await read('items', { mode: 'incremental' }, last(first));
    expect(idsOf(third)).toEqual([2, 3]);
    expect(idsOf(await read('items', { mode: 'incremental' }, last(third)))).toEqual([]);
  });

  it('takes the last of what a page says of one key, be it there or gone', async () => {
    const at = Date.parse('2026-05-01T10:00:00Z') / 1000;
    const flagged = stream({ ...timed, gone: { at: 'gone', is: true } });
    const { read } = bench(spec({ items: flagged }), () => ({
      items: [
        { id: 1, at },
        { id: 1, at, gone: true },
        { id: 2, at, gone: true },
        { id: 2, at },
        { id: 3, at, gone: true },
      ],
    }));
    const from: RestCheckpoint = {
      v: 1,
      since: '2026-05-01T10:00:10.000Z',
      recent: [],
      sweep: null,
    };
    const batches = await read('items', { mode: 'incremental' }, from);
    expect(idsOf(batches.filter(({ tombstones }) => tombstones !== true))).toEqual([2]);
    expect(idsOf(batches.filter(({ tombstones }) => tombstones === true))).toEqual([1, 3]);
    expect(batches.map(({ checkpoint }) => checkpoint !== undefined)).toEqual([false, true]);
  });

  it('never ends before it begins when the clock goes back', async () => {
    const { read, asked } = bench(spec({ items: timed }), () => ({ items: [] }));
    const since = '2026-05-01T11:00:00.000Z';
    const after = last(
      await read('items', { mode: 'incremental' }, { v: 1, since, recent: [], sweep: null }),
    );
    expect(after.since).toBe(since);
    expect(Number(asked[0]?.url.searchParams.get('until'))).toBe(Date.parse(since) / 1000);
  });

  it('of a backfill is the one asked for, and of a source that forgets is refused', async () => {
    const { read, asked } = bench(spec({ items: timed }), () => ({ items: [] }));
    await read('items', {
      mode: 'incremental',
      window: { from: '2026-04-01T00:00:00Z', to: '2026-04-02T00:00:00Z' },
    });
    expect(Object.fromEntries(asked[0]?.url.searchParams ?? [])).toEqual({
      since: String(Date.parse('2026-04-01T00:00:00Z') / 1000),
      until: String(Date.parse('2026-04-02T00:00:00Z') / 1000),
    });
    const { changes } = timed;
    const forgetful = stream({
      ...timed,
      ...(changes?.kind === 'window' ? { changes: { ...changes, keptSeconds: 60 } } : {}),
    });
    const refusing = bench(spec({ items: forgetful }), () => ({ items: [] }));
    const window = { from: '2026-04-01T00:00:00Z', to: null };
    await expect(refusing.read('items', { window })).rejects.toMatchObject({
      code: 'invalid_config',
    });
    expect((await refusing.connector.discover(refusing.context))[0]?.supportsDateRange).toBe(false);
    expect((await refusing.connector.discover(refusing.context))[0]?.upserts).toBe(true);
  });

  it('keeps its checkpoint small however much lies in the overlap', async () => {
    const at = Date.parse('2026-05-01T10:00:00Z') / 1000;
    const items = Array.from({ length: 5000 }, (_, id) => ({ id, at }));
    const { read } = bench(spec({ items: timed }), () => ({ items }));
    const from: RestCheckpoint = {
      v: 1,
      since: '2026-05-01T10:00:10.000Z',
      recent: [],
      sweep: null,
    };
    const checkpoint = last(await read('items', { mode: 'incremental' }, from));
    expect(JSON.stringify(checkpoint).length).toBeLessThan(16 * 1024);
  });
});

describe('a read', () => {
  /** How many pages the source served before each was taken, of pages that hold so long a text. */
  async function servedBefore(text: string, pages: number): Promise<readonly number[]> {
    let served = 0;
    const { connector, context } = bench(
      spec({
        items: stream({
          pages: {
            path: '/items',
            records: 'items',
            paging: { kind: 'token', next: 'next', to: { query: 'cursor' } },
          },
        }),
      }),
      () => {
        served += 1;
        return { items: [{ id: served }], text, next: served < pages ? String(served) : null };
      },
    );
    const counts: number[] = [];
    for await (const _ of connector.read(context, wholeRead('items'), null)) {
      await setTimeout(1);
      counts.push(served);
    }
    return counts;
  }

  it('asks for the next page while one is worked on, and for no more', async () => {
    const counts = await servedBefore('', 50);
    expect(counts).toEqual(counts.map((_, index) => Math.min(50, index + 2)));
    expect(counts).toHaveLength(50);
  });

  it('holds no large page but one', async () => {
    expect(await servedBefore('x'.repeat(5 * 2 ** 20), 4)).toEqual([1, 2, 3, 4]);
  });

  it('delivers a page, and what to go on from, before it says why the next one cannot be had', async () => {
    let served = 0;
    const { connector, context } = bench(
      spec({
        items: stream({
          pages: {
            path: '/items',
            records: 'items',
            paging: { kind: 'token', next: 'next', to: { query: 'cursor' } },
          },
        }),
      }),
      () => {
        served += 1;
        return served === 1
          ? { items: [{ id: 1 }], next: 'two' }
          : new Response('', { status: 403 });
      },
    );
    const batches = connector
      .read(
        context,
        {
          name: 'items',
          mode: 'full_refresh',
          primaryKey: ['id'],
          cursorField: null,
          columns: null,
          window: null,
        },
        null,
      )
      [Symbol.asyncIterator]();
    const first = await batches.next();
    await setTimeout(10);
    expect(first.value).toMatchObject({
      body: { records: [{ id: 1 }] },
      checkpoint: { sweep: { page: 'two' } },
    });
    await expect(batches.next()).rejects.toMatchObject({ code: 'source_forbidden' });
  });

  it('does not take a page beyond all measure into memory', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20).fill(32)),
    });
    const { read } = bench(spec({ items: stream({}) }), () => new Response(endless));
    await expect(read('items')).rejects.toMatchObject({ code: 'source_answer_invalid' });
  });

  it('keeps numbers that a double would round', async () => {
    const { read } = bench(
      spec({
        items: stream({
          columns: [
            { name: 'id', type: 'long' },
            { name: 'price', type: 'decimal(38, 18)' },
            { name: 'plain', type: 'double' },
          ],
        }),
      }),
      () =>
        new Response(
          '{"items":[{"id":9007199254740993,"price":0.123456789012345678,"plain":0.1},{"id":-42,"price":1e3,"plain":100.50}]}',
        ),
    );
    const [batch] = await read('items');
    expect(batch?.body.kind === 'records' && batch.body.records).toEqual([
      { id: '9007199254740993', price: '0.123456789012345678', plain: 0.1 },
      { id: -42, price: 1000, plain: 100.5 },
    ]);
  });

  it('asks its parents for their children, and goes on between any two pages of them', async () => {
    const random = seeded('children');
    const parents = Array.from({ length: 5 }, (_, index) => ({
      id: `p/${index}`,
      children: Array.from({ length: random.below(5) }, (_, child) => ({
        id: index * 100 + child,
      })),
    }));
    const pagesOf = (all: readonly Json[], start: number, size: number): Json => ({
      items: all.slice(start, start + size),
      next: start + size < all.length ? start + size : null,
    });
    const paging = { kind: 'token', next: 'next', to: { query: 'start' } } as const;
    const { read } = bench(
      spec({
        parents: stream({ pages: { path: '/parents', records: 'items', paging } }),
        children: stream({
          columns: [
            { name: 'id', type: 'long' },
            { name: 'parent', type: 'string' },
          ],
          pages: { path: '/parents/{parent}/children', records: 'items', paging },
          parent: { stream: 'parents', key: 'id', column: 'parent' },
        }),
      }),
      ({ url }) => {
        const start = Number(url.searchParams.get('start') ?? 0);
        if (url.pathname === '/v2/parents')
          return pagesOf(
            parents.map(({ id }) => ({ id })),
            start,
            2,
          );
        const id = decodeURIComponent(url.pathname.split('/').at(-2) ?? '');
        const { children = [] } = parents.find((each) => each.id === id) ?? {};
        return pagesOf(children, start, 2);
      },
    );
    const expected = parents.flatMap(({ id, children }) =>
      children.map((child) => `${id} ${child.id}`),
    );
    const told = (batches: Awaited<ReturnType<typeof read>>): readonly string[] =>
      batches.flatMap(({ body }) =>
        body.kind === 'records' ? body.records.map((row) => `${row['parent']} ${row['id']}`) : [],
      );
    const batches = await read('children');
    expect(told(batches)).toEqual(expected);
    for (const [index, { checkpoint }] of batches.entries()) {
      if (checkpoint === undefined || typeof checkpoint === 'function') throw new Error('none');
      const rest = told(await read('children', {}, JSON.parse(JSON.stringify(checkpoint))));
      expect([...told(batches.slice(0, index + 1)), ...rest]).toEqual(expected);
    }
  });

  it('goes on at the last time it saw when an ascending list loses its place', async () => {
    const at = (seconds: number): number => Date.parse('2026-05-01T09:59:30Z') / 1000 + seconds;
    const items = Array.from({ length: 9 }, (_, id) => ({ id, at: at(id) }));
    let lost = false;
    const { read, asked } = bench(
      spec(
        {
          items: stream({
            ...timed,
            pages: {
              path: '/items',
              records: 'items',
              paging: { kind: 'token', next: 'next', to: { query: 'cursor' } },
            },
          }),
        },
        {
          errors: [{ at: 'error', is: ['stale'], code: 'source_answer_invalid', lostPlace: true }],
        },
      ),
      ({ url }) => {
        const cursor = Number(url.searchParams.get('cursor') ?? 0);
        if (cursor === 6 && !lost) {
          lost = true;
          return Response.json({ error: 'stale' }, { status: 422 });
        }
        const since = Number(url.searchParams.get('since'));
        const found = items.filter((item) => item.at >= since);
        return {
          items: found.slice(cursor, cursor + 3),
          next: cursor + 3 < found.length ? cursor + 3 : null,
        };
      },
    );
    const from: RestCheckpoint = {
      v: 1,
      since: '2026-05-01T10:00:10.000Z',
      recent: [],
      sweep: null,
    };
    const batches = await read('items', { mode: 'incremental' }, from);
    expect(lost).toBe(true);
    expect([...new Set(idsOf(batches))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Number(asked.at(-2)?.url.searchParams.get('since'))).toBe(at(5));
  });

  it('of an unknown stream is an error that names those there are', async () => {
    const { read } = bench(spec({ items: stream({}) }), () => ({ items: [] }));
    await expect(read('orders')).rejects.toMatchObject({
      code: 'source_not_found',
      message: expect.stringContaining('items'),
    });
  });
});
