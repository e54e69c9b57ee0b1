import { expect, it } from 'vitest';
import {
  type Cuts,
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
