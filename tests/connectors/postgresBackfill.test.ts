import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import type { SqlCheckpoint } from '../../shared/connectors/sql/sqlCheckpoint.ts';
import { startPostgres } from '../postgres.ts';
import { postgresContext, type ReadAll, readAll, requestOf } from './postgresContext.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const connector = makePostgres({ rows: 3, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
const context = (config: object = {}, lines?: string[]): ReturnType<typeof postgresContext> =>
  postgresContext(postgres, { config: { ...config }, ...(lines === undefined ? {} : { lines }) });
const ids = ({ rows }: Pick<ReadAll, 'rows'>): readonly number[] =>
  rows.map((row) => Number(row['id'])).sort((a, b) => a - b);
describe('a backfill', () => {
  const window = (
    from: string,
    to: string | null,
    cursorField = 'at',
  ): ReturnType<typeof requestOf> =>
    requestOf('public.past', { mode: 'incremental', cursorField, window: { from, to } });

  it('reads its half-open window and nothing else, by time, by day and by local time', async () => {
    await postgres.execute(`create table past(id int primary key, at timestamptz, day date, local timestamp);
      insert into past select i, t, t::date, t from generate_series(0, 9) i,
        lateral (select timestamptz '2024-01-01Z' + i * interval '12 hours') x(t)`);
    expect(ids(await readAll(connector, context(), window('2024-01-02', '2024-01-03')))).toEqual([
      2, 3,
    ]);
    expect(
      ids(await readAll(connector, context(), window('2024-01-02T12:00:00+00:00', null))),
    ).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(
      ids(await readAll(connector, context(), window('2024-01-02', '2024-01-03', 'day'))),
    ).toEqual([2, 3]);
    const newYork = context({ timeZone: 'America/New_York' });
    expect(
      ids(await readAll(connector, newYork, window('2024-01-02T05:00:00Z', '2024-01-03', 'local'))),
    ).toEqual([2, 3]);
  });

  it('goes on from its checkpoints, and ends', async () => {
    const request = window('2024-01-01', '2024-01-05');
    const whole = await readAll(connector, context(), request);
    expect(whole.batches.map((batch) => batch.length)).toEqual([3, 3, 2]);
    for (const [index, checkpoint] of whole.checkpoints.entries()) {
      const rest = await readAll(connector, context(), request, checkpoint as SqlCheckpoint);
      expect(ids({ rows: [...whole.batches.slice(0, index + 1).flat(), ...rest.rows] })).toEqual(
        ids(whole),
      );
    }
  });

  it('refuses a date that is none', async () => {
    await expect(
      readAll(connector, context(), window('yesterday-ish', null)),
    ).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });
});
