import { describe, expect, it } from 'vitest';
import type { StreamDescription } from '../../../shared/connectors/connector.ts';
import { planStreams, tableName } from '../../../shared/ingest/planStreams.ts';
import type { RunRequest } from '../../../shared/runs/runRequest.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';

const stream = (name: string, change: Partial<StreamDescription> = {}): StreamDescription => ({
  name,
  columns: [],
  primaryKey: ['id'],
  cursorFields: ['id', 'updated_at'],
  modes: ['full_refresh', 'full_refresh_append', 'incremental'],
  captures: 'changes',
  deletes: 'none',
  ordered: true,
  timeZone: 'UTC',
  supportsDateRange: false,
  ...change,
});

const plan = (
  source: Partial<SourceItem>,
  request: Partial<RunRequest> = {},
  streams: readonly StreamDescription[] = [stream('orders')],
  landing = false,
) =>
  planStreams(
    {
      namespace: 'shop',
      table: 'orders',
      syncMode: 'full_refresh',
      primaryKey: [],
      cursorField: null,
      streams: null,
      ...source,
    } as SourceItem,
    streams,
    { kind: 'ingest', ...request },
    landing,
  );

describe('what a run does with a stream', () => {
  it.each([
    // source, request, read as, effect on the table, starts from nothing, keeps the cursor
    ['full_refresh', undefined, 'full_refresh', 'replace', true, false],
    ['full_refresh', 'full_refresh_append', 'full_refresh_append', 'append', true, false],
    ['full_refresh_append', undefined, 'full_refresh_append', 'append', true, false],
    ['incremental', undefined, 'incremental', 'appendOnce', false, true],
    ['incremental', 'full_refresh', 'incremental', 'replace', true, true],
  ] as const)('in a %s source asked for %s', (syncMode, mode, readAs, effect, fromStart, keepsCursor) => {
    const [planned] = plan(
      { syncMode, cursorField: 'updated_at' },
      mode === undefined ? {} : { mode },
    );
    expect(planned).toMatchObject({ request: { mode: readAs }, effect, fromStart, keepsCursor });
  });

  it('reads a stream without a cursor column whole, even in an incremental source', () => {
    const [planned] = plan({ syncMode: 'incremental', cursorField: 'changed' });
    expect(planned).toMatchObject({
      request: { mode: 'full_refresh', cursorField: null },
      effect: 'replace',
    });
  });

  it('takes the only cursor there is where rows of a key replace each other, and none is named', () => {
    const one = { upserts: true, cursorFields: ['changed'] };
    const incremental = { syncMode: 'incremental' } as const;
    const [taken] = plan(incremental, {}, [stream('orders', one)]);
    expect(taken).toMatchObject({
      request: { mode: 'incremental', cursorField: 'changed' },
      effect: 'upsert',
    });
    for (const change of [{ cursorFields: ['changed', 'made'] }, { upserts: false }]) {
      const [planned] = plan(incremental, {}, [stream('orders', { ...one, ...change })]);
      expect(planned).toMatchObject({ request: { mode: 'full_refresh', cursorField: null } });
    }
    const [whole] = plan({ syncMode: 'full_refresh' }, {}, [stream('orders', one)]);
    expect(whole).toMatchObject({
      request: { mode: 'full_refresh', cursorField: null },
      cursor: null,
    });
  });

  it('adds files up, and replaces everything only when asked', () => {
    const files = stream('files', {
      columns: null,
      cursorFields: [],
      primaryKey: [],
      modes: ['incremental', 'full_refresh'],
    });
    expect(plan({}, {}, [files], true)[0]).toMatchObject({
      effect: 'append',
      request: { mode: 'incremental' },
    });
    expect(plan({}, { mode: 'full_refresh' }, [files], true)[0]).toMatchObject({
      effect: 'replace',
    });
  });

  it('keeps the newest row of each key where the source names a key, or the stream says so', () => {
    const incremental = { syncMode: 'incremental', cursorField: 'updated_at' } as const;
    expect(plan({ ...incremental, primaryKey: ['id'] })[0]).toMatchObject({ effect: 'upsert' });
    const upserting = stream('orders', { upserts: true });
    expect(plan(incremental, {}, [upserting])[0]).toMatchObject({ effect: 'upsert', key: ['id'] });
    const appending = { ...incremental, streams: { orders: { primaryKey: [] } } };
    expect(plan(appending, {}, [upserting])[0]).toMatchObject({ effect: 'append', key: [] });
  });

  it('replaces the window of a backfill, or merges it by key', () => {
    const incremental = { syncMode: 'incremental', cursorField: 'updated_at' } as const;
    const window = { startDate: '2026-01-01' };
    expect(plan(incremental, window)[0]).toMatchObject({ effect: 'replaceWindow' });
    expect(plan({ ...incremental, primaryKey: ['id'] }, window)[0]).toMatchObject({
      effect: 'upsert',
      fromStart: true,
      keepsCursor: false,
    });
    expect(() => plan({ syncMode: 'full_refresh' }, window)).toThrow(/cannot be read by date/);
  });

  it('compares keys only where there are keys', () => {
    const request = { kind: 'detect_deletes' } as const;
    const streams = [stream('orders'), stream('keyless', { primaryKey: [] })];
    expect(plan({ rules: { onDelete: 'remove' } }, request, streams)).toMatchObject([
      { effect: 'keepOnly', onDelete: 'remove', request: { name: 'orders', columns: ['id'] } },
    ]);
    expect(() => plan({}, request, [stream('keyless', { primaryKey: [] })])).toThrow(/primary key/);
  });

  it('leaves the cursor alone in a backfill', () => {
    const [planned] = plan(
      { syncMode: 'incremental', cursorField: 'updated_at' },
      { startDate: '2026-01-01' },
    );
    expect(planned).toMatchObject({
      keepsCursor: false,
      request: { window: { from: '2026-01-01', to: null } },
    });
  });

  it('names the streams there are when one is asked for that is not', () => {
    expect(() => plan({}, { streams: ['nothing'] })).toThrow(/no stream "nothing".*orders/);
  });

  it('gives the only stream the source’s table, and each of several its own', () => {
    expect(plan({}).map(({ table }) => table)).toEqual(['shop.orders']);
    const two = [stream('public.orders'), stream('public.Order Lines')];
    expect(plan({ table: 'crm' }, {}, two).map(({ table }) => table)).toEqual([
      'shop.crm_public_orders',
      'shop.crm_public_order_lines',
    ]);
  });

  it('reads only the chosen streams, with their own settings', () => {
    const planned = plan({ streams: { b: { primaryKey: ['k'], columns: ['k', 'v'] } } }, {}, [
      stream('a'),
      stream('b'),
    ]);
    expect(planned.map(({ request }) => request)).toMatchObject([
      { name: 'b', primaryKey: ['k'], columns: ['k', 'v'] },
    ]);
  });
});

it.each([
  ['public.Orders', 'public_orders'],
  ['2026', 't_2026'],
  ['ünï', 'n'],
  ['a--b', 'a_b'],
])('turns the stream %s into the table %s', (name, table) => {
  expect(tableName(name)).toBe(table);
});
