import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import { startPostgres } from '../postgres.ts';
import { postgresContext, type ReadAll, readAll, requestOf } from './postgresContext.ts';
import { readBatch } from './readBatch.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const connector = makePostgres({ rows: 3, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
const context = (config: object = {}, lines?: string[]): ReturnType<typeof postgresContext> =>
  postgresContext(postgres, { config: { ...config }, ...(lines === undefined ? {} : { lines }) });
const ids = ({ rows }: Pick<ReadAll, 'rows'>): readonly number[] =>
  rows.map((row) => Number(row['id'])).sort((a, b) => a - b);
const byTime = (table: string): ReturnType<typeof requestOf> =>
  requestOf(`public.${table}`, { mode: 'incremental', cursorField: 'at', primaryKey: ['id'] });

describe('a full refresh', () => {
  it('is of one moment, however many batches it has', async () => {
    await postgres.execute(
      'create table moments(id int primary key, n int); insert into moments select i, 0 from generate_series(1, 9) i',
    );
    const seen: unknown[] = [];
    for await (const batch of connector.read(context(), requestOf('public.moments'), null)) {
      seen.push(...(await readBatch(batch, null)));
      await postgres.execute(
        'update moments set n = n + 1; insert into moments select max(id) + 1, 0 from moments',
      );
    }
    expect(seen).toEqual(Array.from({ length: 9 }, (_, index) => ({ id: `${index + 1}`, n: '0' })));
  });

  it('that goes on after a stop says that it is of more than one moment', async () => {
    await postgres.execute(
      'create table paged(id int primary key); insert into paged select generate_series(1, 7)',
    );
    const lines: string[] = [];
    const whole = await readAll(connector, context({}, lines), requestOf('public.paged'));
    expect(whole.checkpoints.map((checkpoint) => checkpoint?.consistency)).toEqual(
      Array(3).fill('snapshot'),
    );
    expect(lines).toEqual([]);
    await postgres.execute('insert into paged values (8)');
    const rest = await readAll(
      connector,
      context({}, lines),
      requestOf('public.paged'),
      whole.checkpoints[0] ?? null,
    );
    expect(ids(rest)).toEqual([4, 5, 6, 7, 8]);
    expect(rest.checkpoints.every((checkpoint) => checkpoint?.consistency === 'paged')).toBe(true);
    expect(lines.join()).toContain('"consistency":"paged"');
  });

  it('that was stopped after its last row delivers nothing more', async () => {
    const { last } = await readAll(connector, context(), requestOf('public.paged'));
    expect(last?.at).toBeNull();
    const again = await readAll(connector, context(), requestOf('public.paged'), last);
    expect(again.rows).toEqual([]);
    expect(again.last).toEqual(last);
  });

  it('goes on to the rows without a cursor value, wherever its buffer was full', async () => {
    const roomy = makePostgres();
    const request = requestOf('public.brims', { mode: 'incremental', cursorField: 'at' });
    await postgres.execute('create table brims(at timestamptz, note text)');
    // Full at 256 KB: the rows that fill it and the end come together in some of these.
    for (let rows = 250; rows < 300; rows += 5) {
      await postgres.execute(`truncate brims; insert into brims values (null, 'x');
        insert into brims select timestamptz '2024-01-01' + i * interval '1 s', repeat('x', 1000)
        from generate_series(1, ${rows}) i`);
      expect((await readAll(roomy, context(), request)).rows.length).toBe(rows + 1);
    }
  });

  it('of a small table, or of one without a key, is one batch', async () => {
    await postgres.execute(
      'create table keyless(word text); insert into keyless select null from generate_series(1, 5)',
    );
    const { batches } = await readAll(connector, context(), requestOf('public.keyless'));
    expect(batches.map((batch) => batch.length)).toEqual([5]);
    const roomy = makePostgres();
    expect((await readAll(roomy, context(), requestOf('public.paged'))).batches.length).toBe(1);
  });

  it('keeps empty strings of a lone column', async () => {
    await postgres.execute(
      `create table lone(word text primary key); insert into lone values (''), ('\\N'), ('\\.'), ('a')`,
    );
    for (const transfer of ['auto', 'cursor']) {
      let text = '';
      const batches = connector.read(context({ transfer }), requestOf('public.lone'), null);
      for await (const { body } of batches) {
        if (body.kind !== 'copyCsv') throw new Error('no rows');
        for await (const chunk of body.open()) text += Buffer.from(chunk).toString();
      }
      // No line is empty: some readers would take it for no row.
      expect(text.split('\n').sort()).toEqual(['', '""', '"\\."', '"\\N"', '"a"']);
    }
  });

  it('by a key of random uuids sorts instead of walking the index', async () => {
    await postgres.execute(
      'create table uuids(id uuid primary key, n int); insert into uuids select gen_random_uuid(), i from generate_series(1, 200) i; analyze uuids',
    );
    const read = await readAll(connector, context(), requestOf('public.uuids'));
    const keys = read.rows.map((row) => String(row['id']));
    expect(keys).toEqual([...new Set(keys)].sort());
    expect(keys.length).toBe(200);
  });
});

describe('an incremental read', () => {
  it('leaves out what is younger than the lag, and has it next time', async () => {
    await postgres.execute(`create table lagging(id int primary key, at timestamptz);
      insert into lagging values (1, now() - interval '1 hour'), (2, now() - interval '5 seconds'), (3, null)`);
    const first = await readAll(connector, context(), byTime('lagging'));
    expect(ids(first)).toEqual([1, 3]);
    const later = await readAll(
      connector,
      context({ lagSeconds: 2 }),
      byTime('lagging'),
      first.last,
    );
    // Besides the last row it had, and the one without a cursor value.
    expect(ids(later)).toEqual([1, 2, 3]);
  });

  it('takes rows that no range of the cursor holds with every read: null, endless, before the year 1', async () => {
    await postgres.execute(`create table endless(id int primary key, at timestamptz);
      insert into endless values (1, null), (2, 'infinity'), (3, '-infinity'), (4, '2024-01-01'), (5, '0044-03-15 BC')`);
    const first = await readAll(connector, context(), byTime('endless'));
    expect(ids(first)).toEqual([1, 2, 3, 4, 5]);
    await postgres.execute(
      `insert into endless values (6, null), (7, '2024-01-02'), (8, '-infinity')`,
    );
    const next = await readAll(connector, context(), byTime('endless'), first.last);
    expect(ids(next)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(next.batches[0]?.map((row) => row['id'])).toEqual(['4', '7']);
  });

  it('after a full refresh with the same cursor has what the refresh left out, and the overlap', async () => {
    await postgres.execute(`create table handover(id int primary key, at timestamptz);
      insert into handover select i, now() - i * interval '20 seconds' from generate_series(0, 9) i`);
    const refresh = await readAll(connector, context(), {
      ...byTime('handover'),
      mode: 'full_refresh',
    });
    const rest = await readAll(
      connector,
      context({ lagSeconds: 0, overlapSeconds: 30 }),
      byTime('handover'),
      refresh.last,
    );
    expect(ids(refresh)).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(ids(rest)).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps microseconds: rows one microsecond apart are two positions', async () => {
    await postgres.execute(`create table micros(id int primary key, at timestamp);
      insert into micros select 100 - i, timestamp '2024-01-01' + i * interval '1 microsecond' from generate_series(1, 8) i`);
    const start = await readAll(connector, context(), byTime('micros'));
    await postgres.execute(
      `insert into micros select 200 - i, timestamp '2024-01-01 00:00:00.000008' + i * interval '1 microsecond' from generate_series(1, 8) i`,
    );
    const exact = context({ overlapSeconds: 0 });
    const next = await readAll(connector, exact, byTime('micros'), start.last);
    expect(next.rows.map((row) => row['id'])).toEqual([
      ...['92', '199', '198', '197', '196', '195', '194', '193', '192'],
    ]);
    expect(next.checkpoints[0]?.at?.after).toEqual(['2024-01-01 00:00:00.00001', '198']);
    expect(next.last?.through).toEqual({
      column: 'at',
      value: '2024-01-01 00:00:00.000016',
      inclusive: true,
    });
  });

  it('without a key resumes from each checkpoint, nulls at the end', async () => {
    await postgres.execute(`create table bare(id int, at timestamptz);
      insert into bare select i, case when i > 14 then null else timestamptz '2024-01-01' + i / 4 * interval '1 day' end
      from generate_series(1, 18) i`);
    const request = requestOf('public.bare', { mode: 'incremental', cursorField: 'at' });
    const whole = await readAll(connector, context(), request);
    expect(ids(whole)).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
    expect(whole.batches.length).toBeGreaterThan(3);
    for (const [index, checkpoint] of whole.checkpoints.slice(0, -1).entries()) {
      const rest = await readAll(connector, context(), request, checkpoint ?? null);
      const before = whole.batches.slice(0, index + 1).flat();
      expect(ids({ rows: [...before, ...rest.rows] })).toEqual(ids(whole));
    }
    // A later read has the rows without a cursor value again, to take the place of those before.
    const next = await readAll(connector, context(), request, whole.last);
    expect(ids(next)).toEqual([15, 16, 17, 18]);
    expect(next.marks).toEqual([{}, { replacesNullCursor: true }]);
  });

  it('by a number waits for those who drew a lower one and have not committed', async () => {
    await postgres.execute('create table numbers(id serial primary key, word text)');
    const writer = await postgres.connect();
    try {
      await writer.query(`begin; insert into numbers(word) values ('slow')`);
      await postgres.execute(`insert into numbers(word) values ('fast')`);
      const byNumber = requestOf('public.numbers', { mode: 'incremental', cursorField: 'id' });
      const reading = readAll(connector, context(), byNumber);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await writer.query('commit');
      expect((await reading).rows.map((row) => row['word'])).toEqual(['slow', 'fast']);

      await writer.query(`begin; insert into numbers(word) values ('slower')`);
      await postgres.execute(`insert into numbers(word) values ('last')`);
      const lines: string[] = [];
      await readAll(connector, context({ lagSeconds: 0 }, lines), byNumber);
      expect(lines.join()).toContain('longer than the lag');
    } finally {
      await writer.query('rollback');
      await writer.end();
    }
  });

  it('stays in the zone that is configured for times without one', async () => {
    await postgres.execute(`create table zoned(id int primary key, at timestamp);
      insert into zoned values (1, now() at time zone 'America/Los_Angeles' - interval '5 minutes'),
        (2, now() at time zone 'America/Los_Angeles' + interval '1 hour')`);
    const west = await readAll(
      connector,
      context({ timeZone: 'America/Los_Angeles' }),
      byTime('zoned'),
    );
    expect(ids(west)).toEqual([1]);
    // Read in the wrong zone, later rows still lie above the last one read, which comes again.
    const wrong = await readAll(connector, context(), byTime('zoned'));
    expect(ids(wrong)).toEqual([1, 2]);
    await postgres.execute(
      `insert into zoned values (3, now() at time zone 'America/Los_Angeles' + interval '61 minutes')`,
    );
    expect(ids(await readAll(connector, context(), byTime('zoned'), wrong.last))).toEqual([2, 3]);
  });
});

it('reads chosen columns, with those the position needs, in the table’s order', async () => {
  await postgres.execute(
    `create table chosen(a int, id int primary key, b text, c text); insert into chosen values (1, 2, 'b', 'c')`,
  );
  const batches = connector.read(context(), requestOf('public.chosen', { columns: ['c'] }), null);
  for await (const batch of batches) {
    expect(batch.columns?.map(({ name }) => name)).toEqual(['id', 'c']);
    expect(await readBatch(batch, null)).toEqual([{ id: '2', c: 'c' }]);
  }
});

it('holds no more of a large read in memory than a few blocks', async () => {
  await postgres.execute(
    `create view large as select i as id, repeat('x', 1000) as filler from generate_series(1, 150000) i`,
  );
  const before = process.memoryUsage().rss;
  let peak = 0;
  let bytes = 0;
  for await (const { body } of connector.read(context(), requestOf('public.large'), null)) {
    if (body.kind !== 'copyCsv') throw new Error('no rows');
    for await (const chunk of body.open()) {
      // A reader that stops: all the rest would arrive meanwhile.
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 1_500));
      bytes += chunk.byteLength;
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }
  }
  expect(bytes).toBeGreaterThan(150e6);
  expect(peak).toBeLessThan(100e6);
});
