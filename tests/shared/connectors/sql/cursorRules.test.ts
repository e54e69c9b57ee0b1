import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../../../connectors/postgres.ts';
import type { StreamRequest } from '../../../../shared/connectors/connector.ts';
import type { SqlCheckpoint } from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import {
  postgresContext,
  type ReadAll,
  readAll,
  requestOf,
} from '../../../connectors/postgresContext.ts';
import { startPostgres } from '../../../postgres.ts';
import { takeClock } from './sourceClock.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const clock = await takeClock(postgres);

/** Batches of at most three rows. */
const connector = makePostgres({ rows: 3, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
const run = (sql: string): Promise<unknown> => postgres.execute(sql);
const read = (
  request: StreamRequest,
  from: SqlCheckpoint | null,
  config: Readonly<Record<string, unknown>> = {},
): Promise<ReadAll> =>
  readAll(
    connector,
    postgresContext(postgres, {
      config: { lagSeconds: 60, overlapSeconds: 0, ...config },
      credentials: clock.credentials,
    }),
    request,
    from,
  );
const keyed = (table: string, cursorField = 'at'): StreamRequest =>
  requestOf(`public.${table}`, { mode: 'incremental', cursorField, primaryKey: ['id'] });
const keyless = (table: string, cursorField = 'at'): StreamRequest =>
  requestOf(`public.${table}`, { mode: 'incremental', cursorField });
const ids = (rows: ReadAll['rows']): readonly number[] => rows.map((row) => Number(row['id']));
const sorted = (rows: ReadAll['rows']): readonly number[] => [...ids(rows)].sort((a, b) => a - b);

describe('rows with a key', () => {
  it('are read again from the last cursor value on, so that an equal one committed later is seen', async () => {
    await clock.set('2024-01-01 12:00Z');
    await run(`create table ties(id int primary key, at timestamptz);
      insert into ties values (5, '2024-01-01 11:00Z'), (6, '2024-01-01 11:00Z'), (4, '2024-01-01 10:59Z')`);
    const first = await read(keyed('ties'), null);
    expect(first.last?.through).toMatchObject({ value: '2024-01-01 11:00:00+00', inclusive: true });
    await run(`insert into ties values (1, '2024-01-01 11:00Z')`);
    expect(ids((await read(keyed('ties'), first.last)).rows)).toEqual([1, 5, 6]);
  });

  it('that were committed later than the lag allows for are within the overlap, and beyond it are not seen', async () => {
    await clock.set('2024-01-01 12:00Z');
    await run(`create table late(id int primary key, at timestamptz);
      insert into late values (1, '2024-01-01 11:00Z'), (2, '2024-01-01 11:59Z'), (3, '2024-01-01 11:58:59Z')`);
    const first = await read(keyed('late'), null);
    expect(sorted(first.rows)).toEqual([1, 3]);
    await clock.set('2024-01-01 12:10Z');
    await run(`insert into late values (4, '2024-01-01 11:53:59Z'), (5, '2024-01-01 11:53:58Z')`);
    const next = await read(keyed('late'), first.last, { overlapSeconds: 300 });
    expect(ids(next.rows)).toEqual([4, 3, 2]);
  });

  it('have an overlap of five minutes unless told otherwise', async () => {
    const { overlapSeconds, overlapValues, lagSeconds } = postgresContext(postgres).config;
    expect({ overlapSeconds, overlapValues, lagSeconds }).toEqual({
      overlapSeconds: 300,
      overlapValues: 0,
      lagSeconds: 60,
    });
  });

  it('go on from the exact position within one read, whose upper end stays; what came meanwhile is the next read’s', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table begun(id int primary key, at timestamptz);
      insert into begun values (100, '2024-01-01 00:00Z')`);
    const start = await read(keyed('begun'), null);
    await run(
      `insert into begun select i, timestamptz '2024-01-01 01:00Z' + i / 2 * interval '1 minute' from generate_series(1, 8) i`,
    );
    const whole = await read(keyed('begun'), start.last, { overlapSeconds: 3600 });
    expect(whole.batches.map(ids)).toEqual([[100, 1, 2], [3, 4, 5], [6, 7, 8], []]);
    const stopped = whole.checkpoints[0] ?? null;
    expect(stopped).toMatchObject({
      through: { value: '2024-01-01 00:00:00+00' },
      at: { order: ['at', 'id'], after: ['2024-01-01 01:01:00+00', '2'] },
    });
    await clock.set('2024-01-02 06:00Z');
    await run(
      `insert into begun values (50, '2024-01-01 01:00Z'), (51, '2024-01-01 23:59Z'), (52, '2024-01-01 01:03Z')`,
    );
    const rest = await read(keyed('begun'), stopped, { overlapSeconds: 3600 });
    expect(ids(rest.rows)).toEqual([3, 4, 5, 6, 7, 52, 8]);
    const after = await read(keyed('begun'), rest.last, { overlapSeconds: 300 });
    expect(ids(after.rows)).toEqual([1, 50, 2, 3, 4, 5, 6, 7, 52, 8, 51]);
  });

  it('whose cursor is null come with every read, and once they have a value, as any other', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table blank(id int primary key, at timestamptz);
      insert into blank values (1, null), (2, '2024-01-01Z'), (3, null), (4, null), (5, null)`);
    const first = await read(keyed('blank'), null);
    expect(sorted(first.rows)).toEqual([1, 2, 3, 4, 5]);
    expect(first.marks.every(({ fresh }) => fresh === true)).toBe(true);
    await run(
      `insert into blank values (6, null); update blank set at = '2024-01-01 12:00Z' where id = 3`,
    );
    const next = await read(keyed('blank'), first.last);
    expect(next.batches.map(ids)).toEqual([[2, 3], [1, 4, 5], [6]]);
    expect(next.marks).toEqual([{}, {}, {}]);
    // Stopped among them, the read goes on among them.
    expect(next.checkpoints[1]).toMatchObject({
      at: { part: 'nulls', order: ['id'], after: ['5'] },
    });
    expect(ids((await read(keyed('blank'), next.checkpoints[1] ?? null)).rows)).toEqual([6]);
    expect(ids((await read(keyed('blank'), next.checkpoints[0] ?? null)).rows)).toEqual([
      1, 4, 5, 6,
    ]);
  });

  it('of which none has a cursor value are all read until one has', async () => {
    await run(
      'create table waiting(id int primary key, n int); insert into waiting values (1, null)',
    );
    const first = await read(keyed('waiting', 'n'), null);
    expect(first.last?.through).toEqual({ column: 'n', value: null, inclusive: true });
    await run('insert into waiting values (2, null)');
    const second = await read(keyed('waiting', 'n'), first.last);
    expect(sorted(second.rows)).toEqual([1, 2]);
    await run('insert into waiting values (3, -7)');
    const third = await read(keyed('waiting', 'n'), second.last);
    expect(sorted(third.rows)).toEqual([1, 2, 3]);
    expect(third.last?.through?.value).toBe('-7');
  });

  it('by a number are read again from the largest on, and as many values below as the overlap says', async () => {
    await run(`create table counted(id int primary key, n smallint);
      insert into counted values (10, 5), (11, 7), (12, 7)`);
    const first = await read(keyed('counted', 'n'), null);
    await run('insert into counted values (1, 7), (2, 6), (13, 8)');
    expect(ids((await read(keyed('counted', 'n'), first.last)).rows)).toEqual([1, 11, 12, 13]);
    const wide = await read(keyed('counted', 'n'), first.last, { overlapValues: 1 });
    expect(ids(wide.rows)).toEqual([2, 1, 11, 12, 13]);
    // No value of the column's type lies that far below.
    const all = await read(keyed('counted', 'n'), first.last, { overlapValues: 1_000_000 });
    expect(ids(all.rows)).toEqual([10, 2, 1, 11, 12, 13]);
  });

  it('by a number that is the key itself come once, where no overlap is wanted', async () => {
    await run('create table keys(id int primary key); insert into keys values (1), (2)');
    const first = await read(keyed('keys', 'id'), null);
    expect((await read(keyed('keys', 'id'), first.last)).rows).toEqual([]);
    await run('insert into keys values (3)');
    expect(ids((await read(keyed('keys', 'id'), first.last)).rows)).toEqual([3]);
    const wide = await read(keyed('keys', 'id'), first.last, { overlapValues: 1 });
    expect(ids(wide.rows)).toEqual([1, 2, 3]);
  });

  it('by a day are read from the last day on, which is over', async () => {
    await clock.set('2024-01-03 00:00:59Z');
    await run(`create table days(id int primary key, day date);
      insert into days values (1, '2024-01-01'), (2, '2024-01-02'), (3, '2024-01-03')`);
    const first = await read(keyed('days', 'day'), null);
    expect(sorted(first.rows)).toEqual([1]);
    await clock.set('2024-01-03 00:01:00Z');
    await run(`insert into days values (4, '2024-01-01'), (5, '2023-12-31')`);
    const next = await read(keyed('days', 'day'), first.last, { overlapSeconds: 300 });
    expect(ids(next.rows)).toEqual([1, 4, 2]);
    const wide = await read(keyed('days', 'day'), first.last, { overlapSeconds: 86_400 });
    expect(ids(wide.rows)).toEqual([5, 1, 4, 2]);
  });

  it('of a view, told apart by a chosen key, are cut where the cursor changes', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table under(id int primary key, at timestamptz);
      insert into under select i, timestamptz '2024-01-01Z' + i / 4 * interval '1 hour' from generate_series(1, 11) i;
      create view over as select * from under`);
    const whole = await read(keyed('over'), null);
    expect(whole.batches.map((batch) => batch.length)).toEqual([3, 4, 4, 0]);
    for (const [index, checkpoint] of whole.checkpoints.slice(0, -1).entries()) {
      const rest = await read(keyed('over'), checkpoint ?? null);
      expect(sorted([...whole.batches.slice(0, index + 1).flat(), ...rest.rows])).toEqual(
        Array.from({ length: 11 }, (_, at) => at + 1),
      );
    }
    const next = await read(keyed('over'), whole.last);
    expect(sorted(next.rows)).toEqual([8, 9, 10, 11]);
  });

  it('deleted at the end do not take the cursor back', async () => {
    await run(
      'create table shrunk(id int primary key, n int); insert into shrunk values (1, 1), (2, 9)',
    );
    const first = await read(keyed('shrunk', 'n'), null);
    await run('delete from shrunk where id = 2; insert into shrunk values (3, 2)');
    expect((await read(keyed('shrunk', 'n'), first.last)).last?.through?.value).toBe('9');
  });
});

describe('rows by a local time, while the clocks are put back from 03:00 to 02:00,', () => {
  const berlin = { timeZone: 'Europe/Berlin', lagSeconds: 0 };
  const write = (id: number, instant: string): Promise<unknown> =>
    run(`insert into nights values (${id}, timestamptz '${instant}' at time zone 'Europe/Berlin')
      on conflict (id) do update set at = excluded.at`);

  it.each([
    ['with a key', keyed('nights')],
    ['without a key', keyless('nights')],
  ])('wait until the hour has passed twice, and are then all there (%s)', async (_, request) => {
    await run('drop table if exists nights; create table nights(id int primary key, at timestamp)');
    await write(1, '2024-10-26 23:59Z');
    await write(2, '2024-10-27 00:50Z');
    await clock.set('2024-10-27 00:55Z');
    const first = await read(request, null, berlin);
    expect(ids(first.rows)).toEqual([1]);
    // Now it is ten past two for the second time; the second row is changed, and its time goes back.
    await write(2, '2024-10-27 01:05Z');
    await write(3, '2024-10-27 01:10Z');
    await clock.set('2024-10-27 01:15Z');
    const second = await read(request, first.last, berlin);
    expect(ids(second.rows).filter((id) => id !== 1)).toEqual([]);
    await write(4, '2024-10-27 01:59Z');
    await clock.set('2024-10-27 02:00Z');
    const third = await read(request, second.last, berlin);
    expect(ids(third.rows).filter((id) => id !== 1)).toEqual([2, 3, 4]);
  });
});

describe('rows without a key', () => {
  it('are read in windows that touch: none twice, and none of those that tie with the end lost', async () => {
    await clock.set('2024-01-01 12:01Z');
    await run(`create table log(id int, at timestamptz);
      insert into log values (1, '2024-01-01 11:00Z'), (2, '2024-01-01 11:59:59Z'), (3, '2024-01-01 12:00Z')`);
    const first = await read(keyless('log'), null);
    expect(sorted(first.rows)).toEqual([1, 2]);
    expect(first.last?.through).toEqual({
      column: 'at',
      value: '2024-01-01 12:00:00+00',
      inclusive: false,
    });
    await run(`insert into log values (4, '2024-01-01 12:00Z'), (5, '2024-01-01 12:00:01Z')`);
    await clock.set('2024-01-01 12:01:01Z');
    const next = await read(keyless('log'), first.last, { overlapSeconds: 3600 });
    expect(sorted(next.rows)).toEqual([3, 4]);
    await clock.set('2024-01-01 12:05Z');
    expect(ids((await read(keyless('log'), next.last)).rows)).toEqual([5]);
  });

  it('that look alike stay as many as they are', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table twins(id int, at timestamptz);
      insert into twins select 7, '2024-01-01 00:00Z' from generate_series(1, 5)`);
    const first = await read(keyless('twins'), null);
    expect(ids(first.rows)).toEqual([7, 7, 7, 7, 7]);
    await clock.set('2024-01-03 00:00Z');
    await run(`insert into twins select 7, '2024-01-02 12:00Z' from generate_series(1, 4)`);
    const next = await read(keyless('twins'), first.last);
    expect(next.batches.map((batch) => batch.length)).toEqual([4, 0]);
    expect((await read(keyless('twins'), next.last)).rows).toEqual([]);
  });

  it('are never cut between equal cursor values, so that no invocation repeats one', async () => {
    await clock.set('2024-01-03 00:00Z');
    await run(`create table bulk(id int, at timestamptz)`);
    const start = await read(keyless('bulk'), null);
    await clock.set('2024-01-04 00:00Z');
    await run(
      `insert into bulk select i, timestamptz '2024-01-03 12:00Z' + i / 5 * interval '1 microsecond' from generate_series(1, 17) i`,
    );
    const whole = await read(keyless('bulk'), start.last);
    expect(whole.batches.map((batch) => batch.length)).toEqual([4, 5, 5, 3, 0]);
    for (const [index, checkpoint] of whole.checkpoints.slice(0, -1).entries()) {
      const rest = await read(keyless('bulk'), checkpoint ?? null);
      expect(sorted([...whole.batches.slice(0, index + 1).flat(), ...rest.rows])).toEqual(
        sorted(whole.rows),
      );
    }
  });

  it('by a number wait, those with the largest one, until a larger one is there', async () => {
    await run(
      'create table steps(id int, n int not null); insert into steps values (1, 1), (2, 2), (3, 2)',
    );
    const first = await read(keyless('steps', 'n'), null);
    expect(sorted(first.rows)).toEqual([1]);
    await run('insert into steps values (4, 2)');
    const second = await read(keyless('steps', 'n'), first.last);
    expect(second.rows).toEqual([]);
    await run('insert into steps values (5, 3)');
    const third = await read(keyless('steps', 'n'), second.last);
    expect(sorted(third.rows)).toEqual([2, 3, 4]);
  });

  it('by a number that is unique in the table do not wait', async () => {
    await run('create table serials(id int primary key); insert into serials values (1), (2)');
    const first = await read(keyless('serials', 'id'), null);
    expect(sorted(first.rows)).toEqual([1, 2]);
    await run('insert into serials values (3)');
    expect(ids((await read(keyless('serials', 'id'), first.last)).rows)).toEqual([3]);
  });

  it('whose cursor is null come all in one batch of every read, to take the place of those before', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table gaps(id int, at timestamptz);
      insert into gaps select i, null from generate_series(1, 7) i;
      insert into gaps values (8, '2024-01-01Z'), (9, 'infinity'), (10, '-infinity')`);
    const first = await read(keyless('gaps'), null);
    expect(first.batches.map(sorted)).toEqual([[8], [1, 2, 3, 4, 5, 6, 7, 9, 10]]);
    expect(first.marks).toEqual([{}, { replacesNullCursor: true }]);
    expect(first.checkpoints[0]).toMatchObject({ at: { part: 'nulls', after: null } });
    // Stopped before them, a read has them still to come.
    const rest = await read(keyless('gaps'), first.checkpoints[0] ?? null);
    expect(sorted(rest.rows)).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 10]);

    await run(`update gaps set at = '2024-01-02Z' where id < 10; delete from gaps where id = 10`);
    await clock.set('2024-01-03 00:00Z');
    const none = await read(keyless('gaps'), first.last);
    expect(none.batches.map(sorted)).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9], []]);
    expect(none.marks.at(-1)).toEqual({ replacesNullCursor: true });
  });

  it('are not read again when the source’s clock goes back', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(
      `create table back(id int, at timestamptz); insert into back values (1, '2024-01-01Z')`,
    );
    const first = await read(keyless('back'), null);
    await clock.set('2024-01-01 12:00Z');
    const second = await read(keyless('back'), first.last);
    expect(second.rows).toEqual([]);
    expect(second.last?.through).toEqual(first.last?.through);
    await clock.set('2024-01-03 00:00Z');
    expect((await read(keyless('back'), second.last)).rows).toEqual([]);
  });
});

describe('a change of the settings', () => {
  it('from whole reads to incremental ones misses nothing', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table modes(id int primary key, at timestamptz);
      insert into modes select i, timestamptz '2024-01-01Z' + i * interval '1 hour' from generate_series(1, 30) i`);
    for (const request of [keyed('modes'), keyless('modes')]) {
      await clock.set('2024-01-02 00:00Z');
      const whole = await read({ ...request, mode: 'full_refresh' }, null);
      await clock.set('2024-01-03 00:00Z');
      const since = await read(request, whole.last);
      expect(sorted(whole.rows)).toEqual(Array.from({ length: 23 }, (_, at) => at + 1));
      const repeated = request.primaryKey.length > 0 ? [23] : [];
      expect(sorted(since.rows)).toEqual([...repeated, 24, 25, 26, 27, 28, 29, 30]);
    }
  });

  it('of cursor or key says what to do', async () => {
    await run(
      'create table changing(id int primary key, at timestamptz, n int); insert into changing values (1, null, 1)',
    );
    const first = await read(keyed('changing'), null);
    await expect(read(keyed('changing', 'n'), first.last)).rejects.toMatchObject({
      code: 'cursor_expired',
      message: expect.stringMatching(
        /the cursor "at", now by the cursor "n".*Start a full refresh once/,
      ),
    });
    const byNumber = await read(keyed('changing', 'n'), null);
    await expect(read(keyless('changing', 'n'), byNumber.last)).rejects.toThrow('now has none');
    await run(`alter table changing alter n type timestamptz using '2024-01-01Z'`);
    await expect(read(keyed('changing', 'n'), byNumber.last)).rejects.toMatchObject({
      code: 'cursor_expired',
      message: expect.stringContaining('"n" is timestamp with time zone now'),
    });
  });
});

describe('a backfill', () => {
  const window = (table: string, from: string, to: string | null): StreamRequest => ({
    ...keyless(table),
    window: { from, to },
  });

  it('leaves out what has no place in a window of the table, and is never the stream’s cursor', async () => {
    await clock.set('2024-01-02 00:00Z');
    await run(`create table past(id int, at timestamptz);
      insert into past values (1, null), (2, 'infinity'), (3, '2024-01-01Z'), (4, '2024-01-01 23:59:59Z'), (5, '-infinity')`);
    const open = await read(window('past', '2023-12-31', null), null);
    expect(sorted(open.rows)).toEqual([3, 4]);
    expect(open.marks).toEqual([{}]);
    expect(open.last).toEqual({
      ...{ v: 1, read: 'window', through: null, at: null, consistency: 'snapshot' },
    });
    await expect(read(keyless('past'), open.last)).rejects.toMatchObject({
      code: 'cursor_expired',
    });
    expect((await read(window('past', '2023-12-31', null), open.last)).rows).toEqual([]);
  });

  it('without a key ends where the stream’s cursor is, so that the next read repeats nothing', async () => {
    const stream = await read(keyless('past'), null);
    await run(`insert into past values (6, '2024-01-02Z')`);
    const backfill = await read(window('past', '2023-12-31', null), stream.last);
    expect(sorted(backfill.rows)).toEqual([3]);
    await clock.set('2024-01-03 00:00Z');
    const rows = (await read(keyless('past'), stream.last)).batches[0] ?? [];
    expect(sorted(rows)).toEqual([4, 6]);
  });
});
