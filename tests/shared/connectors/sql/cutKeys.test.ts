import { expect, it } from 'vitest';
import {
  type Cuts,
  cutBySampling,
  cutByWalking,
  cutNumbers,
  maxSlices,
} from '../../../../shared/connectors/sql/cutKeys.ts';
import type { StatementDialect } from '../../../../shared/connectors/sql/selectRows.ts';
import type { SqlSession, SqlStatement } from '../../../../shared/connectors/sql/sqlDialect.ts';
import { id, selection } from './sqlExamples.ts';

const dialect: StatementDialect = {
  quote: (name) => name,
  parameter: (index) => `$${index}`,
  instant: () => '',
  comparesRows: true,
  endless: () => null,
};
const limits = { bytes: 1_000, rows: 100 };
const signal = new AbortController().signal;

/** A table of ascending keys that answers what cutting asks: the n-th above a key, or the range above one. */
function keysOf(keys: readonly number[]): { session: SqlSession; asked: SqlStatement[] } {
  const asked: SqlStatement[] = [];
  const places = new Map(keys.map((key, index) => [`${key}`, index + 1]));
  const above = (after: number): number => keys.findIndex((key) => key > after);
  const query = async (
    statement: SqlStatement,
  ): Promise<readonly (readonly (string | null)[])[]> => {
    asked.push(statement);
    const [after = '-Infinity'] = statement.values;
    const last = keys.length - 1;
    const first =
      after === keys[last]?.toString() ? -1 : (places.get(after) ?? above(Number(after)));
    const offset = /offset (\d+)$/.exec(statement.sql)?.[1];
    const at = (index: number): string | null => (first < 0 ? null : `${keys[index]}`);
    if (offset === undefined) return [[at(first), at(last)]];
    const found = first + Number(offset);
    return first < 0 || found > last ? [] : [[`${keys[found]}`]];
  };
  return { session: { query } as unknown as SqlSession, asked };
}
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
const byId = selection({ order: [id] });
const walk = (keys: readonly number[], bytes: number | null, over = limits): Promise<Cuts> =>
  cutByWalking(dialect, keysOf(keys).session, byId, over, bytes, signal);
const ends = (cuts: Cuts | null): readonly number[] | undefined =>
  cuts?.map(([end]) => Number(end));

it('cuts after so many rows, or fewer where they are wide', async () => {
  expect(ends(await walk(upTo(250), 1))).toEqual([100, 200]);
  expect(ends(await walk(upTo(250), null))).toEqual([100, 200]);
  expect(ends(await walk(upTo(250), 5_000))).toEqual([50, 100, 150, 200, 250]);
  expect(ends(await walk(upTo(7), 5_000))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(await walk([], 5_000)).toEqual([]);
});

it('never makes more than ten thousand slices', async () => {
  const one = { bytes: 1, rows: 1 };
  for (const count of [9_999, 10_000, 19_999, 20_000, 45_000]) {
    const cuts = ends(await walk(upTo(count), 1, one)) ?? [];
    expect(cuts.length + 1).toBeLessThanOrEqual(maxSlices);
    expect(cuts.length).toBeGreaterThan(maxSlices / 4);
    const widths = new Set(cuts.slice(1).map((end, index) => end - (cuts[index] ?? 0)));
    expect(widths.size).toBe(1);
  }
});

it('cuts where a sample is cut evenly, and takes the rows of the table from it', async () => {
  const sampled = async (
    keys: readonly number[],
    bytes: number,
    isPart = false,
  ): Promise<readonly number[] | undefined> => {
    const asked: string[] = [];
    const session = {
      query: async ({ sql }: SqlStatement) => {
        asked.push(sql);
        return keys.map((key) => [`${key}`, `${keys.length}`]);
      },
    } as unknown as SqlSession;
    const sample = (percent: number): string => `sample ${percent}`;
    const cuts = await cutBySampling(dialect, sample, session, byId, limits, bytes, isPart);
    expect(asked.join()).toMatch(bytes > 2 ** 26 ? /orders sample 50\)/ : /orders sample 100\)/);
    return ends(cuts);
  };
  expect(await sampled(upTo(250), 1)).toEqual([83, 166]);
  expect(await sampled(upTo(100), 10_000)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
  expect(await sampled(upTo(100), 10_000, true)).toEqual([]);
  // Half of it: 500 rows.
  expect(await sampled(upTo(250), 2 ** 27, true)).toEqual([50, 100, 150, 200]);
  // Fewer than slices, many of one value, none.
  expect(await sampled([7, 9], 10_000)).toEqual([7]);
  expect(await sampled([1, 1, 1, 1, 2, 2, 2, 2], 4_000)).toEqual([1, 2]);
  expect(await sampled([], 10_000)).toEqual([]);
  const many = await sampled(upTo(30_000), 2 ** 25);
  expect(many?.length).toBe(maxSlices - 1);
});

it('stops walking when the signal says so', async () => {
  const stopped = AbortSignal.abort(new Error('lock lost'));
  const { session } = keysOf(upTo(10));
  await expect(cutByWalking(dialect, session, byId, limits, null, stopped)).rejects.toThrow('lock');
});

it('cuts numbers into equal widths, and joins those that hold nothing to the one before', async () => {
  const cut = (keys: readonly number[], count: number): Promise<Cuts | null> =>
    cutNumbers(dialect, keysOf(keys).session, byId, id, count);
  expect(ends(await cut(upTo(100), 4))).toEqual([25, 50, 75]);
  expect(
    ends(
      await cut(
        upTo(100).filter((key) => key <= 50 || key > 75),
        4,
      ),
    ),
  ).toEqual([25, 75]);
  expect(ends(await cut([-10, -9, 9, 10], 2))).toEqual([-1]);
  expect(await cut([...upTo(100), 1e15], 8)).toBeNull();
  expect(await cut([1, 2, 3], 8)).toBeNull();
  expect(await cut([], 8)).toEqual([]);
});
