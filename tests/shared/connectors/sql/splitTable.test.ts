import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../../../connectors/postgres.ts';
import type { Split, StreamRequest } from '../../../../shared/connectors/connector.ts';
import type { SqlCheckpoint } from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import { type SqlSlice, sqlSlice } from '../../../../shared/connectors/sql/sqlSlice.ts';
import {
  postgresContext,
  type ReadAll,
  readAll,
  requestOf,
} from '../../../connectors/postgresContext.ts';
import { startPostgres } from '../../../postgres.ts';
import { seeded } from '../../../randomness.ts';
import { takeClock } from './sourceClock.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const clock = await takeClock(postgres);
await clock.set('2024-06-01Z');

/** Anything above 16 KB is large, and a slice of it about 20 rows. */
const slices = { bytes: 8 * 1024, rows: 20 };
const limits = { rows: 7, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0, slices };
const connector = makePostgres(limits);
const context = (config: object = {}, lines?: string[]): ReturnType<typeof postgresContext> =>
  postgresContext(postgres, {
    config: { lagSeconds: 0, ...config },
    credentials: clock.credentials,
    ...(lines === undefined ? {} : { lines }),
  });
const split = async (
  request: StreamRequest,
  from: SqlCheckpoint | null = null,
  of = connector,
): Promise<Split<SqlCheckpoint> | null> => (await of.split?.(context(), request, from)) ?? null;
const readSlices = async (
  request: StreamRequest,
  cut: Split<SqlCheckpoint> | null,
): Promise<readonly ReadAll[]> => {
  const reads: ReadAll[] = [];
  for (const slice of cut?.slices ?? [])
    reads.push(await readAll(connector, context(), { ...request, slice }));
  return reads;
};
const ids = (reads: readonly Pick<ReadAll, 'rows'>[]): readonly number[] =>
  reads.flatMap(({ rows }) => rows.map((row) => Number(row['id']))).sort((a, b) => a - b);
const upTo = (count: number, from = 1): readonly number[] =>
  Array.from({ length: count - from + 1 }, (_, index) => index + from);
const keyed = (table: string): StreamRequest =>
  requestOf(`public.${table}`, { mode: 'incremental', cursorField: 'at', primaryKey: ['id'] });
const run = (sql: string): Promise<unknown> => postgres.execute(sql);
const parsed = (cut: Split<SqlCheckpoint> | null): readonly SqlSlice[] =>
  (cut?.slices ?? []).map((slice) => sqlSlice.parse(JSON.parse(JSON.stringify(slice))));

describe('a large table', () => {
  it('by a number is cut into slices with open ends, for rows that come meanwhile', async () => {
    await run(`create table numbers(id int primary key, at timestamptz, filler text);
      insert into numbers select i, timestamptz '2024-01-01Z' + i * interval '1 minute', repeat('x', 60) from generate_series(1, 1000) i;
      delete from numbers where id between 300 and 330`);
    const cut = await split(requestOf('public.numbers'));
    expect(cut?.slices.length).toBeGreaterThan(8);
    expect(parsed(cut)[0]).toMatchObject({ by: ['id'], after: null, to: [expect.any(String)] });
    expect(parsed(cut).at(-1)).toMatchObject({ after: [expect.any(String)], to: null });
    await run('insert into numbers values (-5, null), (100000, null), (315, null)');
    const reads = await readSlices(requestOf('public.numbers'), cut);
    expect(ids(reads)).toEqual([-5, ...upTo(299), 315, ...upTo(1000, 331), 100_000]);
    for (const read of reads) {
      expect(read.rows.length).toBeLessThan(30);
      expect(read.last).toMatchObject({ through: null, at: null, consistency: 'paged' });
    }
  });

  it('whose numbers lie far apart is cut all the same', async () => {
    await run(`create table outlier(id bigint primary key, filler text);
      insert into outlier select i, repeat('x', 60) from generate_series(1, 500) i;
      insert into outlier values (9000000000000000000, '')`);
    const cut = await split(requestOf('public.outlier'));
    const reads = await readSlices(requestOf('public.outlier'), cut);
    expect(ids(reads)).toEqual([...upTo(500), 9e18]);
    expect(Math.max(...reads.map(({ rows }) => rows.length))).toBeLessThanOrEqual(21);
    expect(reads.length).toBeGreaterThan(20);
  });

  it('by a text, or by several columns, is cut after every so many rows', async () => {
    await run(`create table texts(word text primary key, id int, filler text);
      insert into texts select md5(i::text), i, repeat('x', 60) from generate_series(1, 300) i;
      create table pairs(tenant int, word text, id int, filler text, primary key (tenant, word));
      insert into pairs select i % 2, md5(i::text), i, repeat('x', 60) from generate_series(1, 300) i`);
    for (const name of ['texts', 'pairs']) {
      const cut = await split(requestOf(`public.${name}`));
      expect(cut?.slices.length).toBeGreaterThan(8);
      const reads = await readSlices(requestOf(`public.${name}`), cut);
      expect(ids(reads)).toEqual(upTo(300));
      expect(Math.max(...reads.map(({ rows }) => rows.length))).toBeLessThanOrEqual(20);
    }
  });

  it('with heirs, or of partitions, is cut as it is read', async () => {
    await run(`create table elder(id int primary key, filler text);
      create table heir() inherits (elder);
      insert into elder select i, repeat('x', 60) from generate_series(1, 400) i;
      insert into heir select i, repeat('x', 60) from generate_series(1, 400) i;
      create table parted(id int primary key, filler text) partition by hash (id);
      create table part0 partition of parted for values with (modulus 2, remainder 0);
      create table part1 partition of parted for values with (modulus 2, remainder 1);
      insert into parted select i, repeat('x', 60) from generate_series(1, 400) i`);
    for (const name of ['public.elder', 'public.parted']) {
      const cut = await split(requestOf(name));
      expect(cut?.slices.length).toBeGreaterThan(15);
      expect(ids(await readSlices(requestOf(name), cut))).toEqual(upTo(400));
    }
  });

  it('of few but wide rows is cut all the same', async () => {
    await run(`create table wide(word text primary key, id int, filler text);
      alter table wide alter filler set storage plain;
      insert into wide select md5(i::text), i, repeat('x', 7000) from generate_series(1, 12) i`);
    const reads = await readSlices(requestOf('public.wide'), await split(requestOf('public.wide')));
    expect(ids(reads)).toEqual(upTo(12));
    expect(reads.length).toBeGreaterThan(5);
  });

  it('is read whole where it is small, has no key, or is read from a position', async () => {
    const roomy = makePostgres();
    expect(await split(requestOf('public.numbers'), null, roomy)).toBeNull();
    await run(`create table bare(id int, at timestamptz);
      insert into bare select i, '2024-01-01Z' from generate_series(1, 1000) i;
      create view shown as select * from numbers`);
    expect(await split(requestOf('public.bare'))).toBeNull();
    expect(await split(requestOf('public.shown'))).toBeNull();
    const bareByTime = requestOf('public.bare', { mode: 'incremental', cursorField: 'at' });
    expect(await split(bareByTime), 'no index on the cursor').toBeNull();
    const { checkpoints, last } = await readAll(connector, context(), keyed('numbers'));
    expect(await split(keyed('numbers'), checkpoints[0])).toBeNull();
    expect(await split(keyed('numbers'), last)).toBeNull();
  });
});

describe('the first incremental read in slices', () => {
  it('stops for all at the same bound, and incremental reads go on as after one whole read', async () => {
    await run(`create table first(id int primary key, at timestamptz, filler text);
      insert into first select i, case when i % 10 > 0 then timestamptz '2024-05-31Z' + i * interval '1 minute' end, repeat('x', 60)
        from generate_series(1, 1000) i`);
    await clock.set('2024-05-31 15:00Z');
    const lines: string[] = [];
    const cut = (await connector.split?.(context({}, lines), keyed('first'), null)) ?? null;
    const whole = await readAll(connector, context(), keyed('first'));
    expect(cut?.checkpoint).toEqual({ ...whole.last, consistency: 'paged' });
    expect(lines.join()).toContain('"consistency":"paged"');
    await clock.set('2024-06-01Z');
    await run(`update first set at = '2024-05-31 20:00Z' where id in (5, 995)`);
    const reads = await readSlices(keyed('first'), cut);
    const isRead = (id: number): boolean => id !== 5 && (id % 10 === 0 || id < 900);
    expect(ids(reads)).toEqual(upTo(1000).filter(isRead));
    expect(reads.flatMap(({ marks }) => marks).every(({ fresh }) => fresh === true)).toBe(true);
    const next = await readAll(
      connector,
      context({ overlapSeconds: 0 }),
      keyed('first'),
      cut?.checkpoint,
    );
    const all = new Set([...ids(reads), ...ids([next])]);
    expect([...all].sort((a, b) => a - b)).toEqual(upTo(1000));
    expect(ids([next])).toContain(899);
  });

  it('without a key goes by the indexed cursor: ties together, nulls with the last slice', async () => {
    await run(`create table events(id int, at timestamptz, filler text);
      insert into events select i, case when i % 50 > 0 then timestamptz '2024-05-01Z' + i / 7 * interval '1 minute' end, repeat('x', 60)
        from generate_series(1, 700) i;
      create index on events(at)`);
    const request = requestOf('public.events', { mode: 'incremental', cursorField: 'at' });
    const cut = await split(request);
    expect(cut?.slices.length).toBeGreaterThan(8);
    expect(parsed(cut).map(({ nulls }) => nulls)).toEqual(parsed(cut).map(({ to }) => to === null));
    expect(cut?.checkpoint.through).toEqual({
      ...{ column: 'at', value: '2024-06-01 00:00:00+00', inclusive: false },
    });
    const reads = await readSlices(request, cut);
    expect(ids(reads)).toEqual(upTo(700));
    expect(reads.at(-1)?.marks.at(-1)).toEqual({ replacesNullCursor: true });
    const next = await readAll(connector, context(), request, cut?.checkpoint);
    expect(next.marks).toEqual([{ replacesNullCursor: true }]);
    expect(ids([next])).toEqual(upTo(14).map((index) => index * 50));
  });
});

describe('a backfill in slices', () => {
  it('goes by the cursor where that is indexed, else by the key, and holds its window and nothing else', async () => {
    await run(`create table past(id int primary key, at timestamptz, slow timestamptz, filler text);
      insert into past select i, t, t, repeat('x', 60) from generate_series(1, 1000) i,
        lateral (select timestamptz '2024-01-01Z' + i * interval '1 hour') x(t);
      create index on past(at)`);
    const window = { from: '2024-01-05', to: '2024-01-20' };
    const expected = upTo(19 * 24 - 1, 4 * 24);
    for (const [cursorField, by] of [
      ['at', ['at', 'id']],
      ['slow', ['id']],
    ] as const) {
      const request = { ...keyed('past'), cursorField, window };
      const cut = await split(request);
      expect(parsed(cut)[0]?.by).toEqual(by);
      expect(cut?.slices.length).toBeGreaterThan(8);
      expect(cut?.checkpoint).toMatchObject({ read: 'window', through: null, at: null });
      expect(ids(await readSlices(request, cut))).toEqual(expected);
    }
    const day = { ...keyed('past'), window: { from: '2024-01-05', to: '2024-01-05T01:00Z' } };
    expect(await split(day)).toBeNull();
  });
});

it('each slice goes on from each of its checkpoints, and ends', async () => {
  for (const request of [requestOf('public.pairs'), keyed('past')]) {
    const cut = await split(request);
    const slice = cut?.slices[3];
    if (slice === undefined) throw new Error('no fourth slice');
    const wanted = { ...request, slice };
    const whole = await readAll(connector, context(), wanted);
    expect(whole.batches.length).toBeGreaterThan(2);
    for (const [index, checkpoint] of whole.checkpoints.entries()) {
      const rest = await readAll(connector, context(), wanted, checkpoint ?? null);
      expect(ids([{ rows: whole.batches.slice(0, index + 1).flat() }, rest])).toEqual(ids([whole]));
    }
  }
});

it('any table lies in its slices once, whatever its key is like', async () => {
  const random = seeded('slices');
  for (let round = 0; round < 8; round += 1) {
    const spread = random.pick([1, 3, 1_000, 1e12]);
    const values = new Set(
      Array.from(
        { length: 150 + random.below(200) },
        () => Math.floor(random.next() * 500 * spread) - 100,
      ),
    );
    await run(`drop table if exists any_table;
      create table any_table(id bigint primary key, filler text);
      insert into any_table select v, repeat('x', ${30 + random.below(100)}) from unnest(array[${[...values].join(',')}]::bigint[]) v`);
    const cut = await split(requestOf('public.any_table'));
    const late = [...values].slice(0, 5).map((value) => value * 2 + 1);
    for (const value of late) values.add(value);
    await run(
      `insert into any_table select v, '' from unnest(array[${late.join(',')}]::bigint[]) v on conflict do nothing`,
    );
    const reads = await readSlices(requestOf('public.any_table'), cut);
    expect(ids(reads)).toEqual([...values].sort((a, b) => a - b));
    expect(reads.length).toBeGreaterThan(1);
  }
});
