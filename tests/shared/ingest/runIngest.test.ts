import { expect, it } from 'vitest';
import { fanOutWorld } from '../fanout/fanOutWorld.ts';
import { type ChangingRow, changingSource } from './changingSource.ts';

const day = (index: number): string => new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
const rowsOf = (count: number, value = 'first'): ChangingRow[] =>
  Array.from({ length: count }, (_, id) => ({ id, value, at: day(id) }));
const sql = `SELECT id::INTEGER AS id, value FROM t ORDER BY id`;
const told = (rows: readonly ChangingRow[]) => rows.map(({ id, value }) => ({ id, value }));

it('a source that asks to wait in mid-read keeps the pages before it', async () => {
  const source = changingSource();
  source.rows = rowsOf(50);
  source.park(3, 300);
  await using world = await fanOutWorld({ connector: source.connector });
  const item = await world.addSource();
  const run = await world.run(item);
  expect(run).toMatchObject({ status: 'succeeded', counts: { read: 50, written: 50 } });
  expect(source.pages).toEqual([0, 10, 20, 30, 40]);
  expect(world.ops()).toEqual(['ingest', 'commit', 'ingest', 'commit']);
  expect(run.stateTransitions).toBe(4 + 3);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('the same in a full refresh, whose rows are shown when all are there', async () => {
  const source = changingSource();
  source.rows = rowsOf(20, 'old');
  await using world = await fanOutWorld({ connector: source.connector });
  const item = await world.addSource({ syncMode: 'full_refresh' });
  await world.run(item);
  source.rows = rowsOf(50);
  source.pages.length = 0;
  source.park(3, 5000);
  const runId = await world.request(item);
  await expect.poll(async () => (await world.stream(item, 'things'))?.stage?.position).toBeTruthy();
  expect(await world.rows(item, 'things', sql)).toEqual(told(rowsOf(20, 'old')));
  expect(await world.ended(runId)).toMatchObject({ status: 'succeeded', counts: { written: 50 } });
  expect(source.pages).toEqual([0, 10, 20, 30, 40]);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('a refresh whose time is over with its last page is over, and does not begin the next read', async () => {
  const source = changingSource();
  source.rows = rowsOf(30);
  await using world = await fanOutWorld({
    connector: source.connector,
    remainingMilliseconds: () => (source.pages.length >= 3 ? 0 : 900_000),
  });
  const item = await world.addSource();
  const run = await world.run(item, { mode: 'full_refresh' });
  expect(run).toMatchObject({ status: 'succeeded', counts: { read: 30, written: 30 } });
  expect(world.ops()).toEqual(['ingest', 'commit']);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('a source that asks to wait after each page never ends a run for want of progress', async () => {
  const source = changingSource();
  source.rows = rowsOf(60);
  source.park(1, 20);
  await using world = await fanOutWorld({
    connector: source.connector,
    after: ({ payload }) => {
      if (payload['op'] === 'ingest') source.park(source.pages.length + 1, 20);
    },
  });
  const item = await world.addSource();
  const run = await world.run(item);
  expect(run).toMatchObject({ status: 'succeeded', counts: { read: 60, written: 60 } });
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('a source that forgot the cursor is read whole again by the same run, which says so', async () => {
  const source = changingSource();
  source.rows = rowsOf(30);
  await using world = await fanOutWorld({ connector: source.connector });
  const item = await world.addSource();
  await world.run(item);
  // Changed, gone and new, none of which an incremental read could tell any more.
  source.rows = [...rowsOf(30, 'second').slice(5), { id: 99, value: 'new', at: day(99) }];
  source.forget();
  const run = await world.run(item);
  expect(run).toMatchObject({ status: 'succeeded', result: 'loaded' });
  expect(source.reads).toBe(2);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
  expect(await world.stream(item, 'things')).toMatchObject({
    renewed: { runId: run.runId, reason: 'The source keeps changes for a day.' },
  });
  expect(world.logged.filter((line) => line.includes('everything is read again'))).toHaveLength(1);
  // From here on it goes on from where that read ended.
  source.rows = [...source.rows, { id: 100, value: 'newer', at: day(100) }];
  expect(await world.run(item)).toMatchObject({ status: 'succeeded', counts: { read: 1 } });
  expect(source.reads).toBe(2);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('a whole read of that kind may itself be parked, and shows nothing before it is done', async () => {
  const source = changingSource();
  source.rows = rowsOf(20, 'old');
  await using world = await fanOutWorld({ connector: source.connector });
  const item = await world.addSource();
  await world.run(item);
  source.rows = rowsOf(50, 'second').slice(3);
  source.forget();
  source.pages.length = 0;
  source.park(2, 5000);
  const runId = await world.request(item);
  await expect.poll(async () => (await world.stream(item, 'things'))?.stage?.position).toBeTruthy();
  expect(await world.rows(item, 'things', sql)).toEqual(told(rowsOf(20, 'old')));
  expect(await world.ended(runId)).toMatchObject({ status: 'succeeded' });
  expect(source.pages).toEqual([0, 10, 20, 30, 40]);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});

it('rows that only add up are not read again by themselves', async () => {
  const source = changingSource({ upserts: false });
  source.rows = rowsOf(10);
  await using world = await fanOutWorld({ connector: source.connector });
  const item = await world.addSource({ cursorField: 'at' });
  await world.run(item);
  source.rows = rowsOf(20);
  source.forget();
  expect(await world.run(item)).toMatchObject({
    status: 'failed',
    error: { code: 'cursor_expired' },
  });
  expect(source.reads).toBe(1);
});

it('rows without a key that are read again from the beginning stand there once, though that read broke off before', async () => {
  let isShort = false;
  const source = changingSource({ upserts: false, primaryKey: [] });
  source.rows = rowsOf(30);
  await using world = await fanOutWorld({
    connector: source.connector,
    remainingMilliseconds: () => (isShort ? 0 : 900_000),
  });
  const item = await world.addSource({ cursorField: 'at' });
  await world.run(item);
  await world.run(item, { kind: 'set_cursor', streams: ['things'], cursor: null });
  isShort = true;
  source.refuse(1);
  expect(await world.run(item)).toMatchObject({ error: { code: 'invalid_credentials' } });
  expect((await world.stream(item, 'things'))?.stage?.position).toMatchObject({ next: 10 });
  isShort = false;
  source.pages.length = 0;
  expect(await world.run(item)).toMatchObject({ status: 'succeeded', counts: { written: 30 } });
  expect(source.pages).toEqual([10, 20]);
  expect(await world.rows(item, 'things', sql)).toEqual(told(source.rows));
});
