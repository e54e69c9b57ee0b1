import {
  type RowSelection,
  type StatementDialect,
  selectEvenly,
  selectNth,
  selectRange,
} from './selectRows.ts';
import type { SqlColumn, SqlSession } from './sqlDialect.ts';

/** About how much one slice of a table holds: whichever is reached first. */
export interface SliceLimits {
  readonly bytes: number;
  readonly rows: number;
}

/** As many slices as one Distributed Map starts children for. */
export const maxSlices = 10_000;

/** Where rows are cut: each value, or row of values, ends a slice. */
export type Cuts = readonly (readonly string[])[];

/**
 * Cuts a range of whole numbers into parts of equal width, if their rows lie there evenly enough. null where more than
 * half of the parts would hold nothing, as with one number far away from all others, and where there are too few
 * numbers.
 */
export async function cutNumbers(
  dialect: StatementDialect,
  session: SqlSession,
  selection: RowSelection,
  column: SqlColumn,
  count: number,
): Promise<Cuts | null> {
  const ask = async (after: bigint | null): Promise<readonly (string | null)[]> => {
    const above = { ...selection, order: [column], after: after === null ? null : [`${after}`] };
    return (await session.query(selectRange(dialect, above, column)))[0] ?? [];
  };
  const [least = null, largest = null] = await ask(null);
  if (least === null || largest === null) return [];
  const [first, width] = [BigInt(least), BigInt(largest) - BigInt(least) + 1n];
  if (width < BigInt(count)) return null;
  const ends = Array.from(
    { length: count - 1 },
    (_, index) => first + (width * BigInt(index + 1)) / BigInt(count) - 1n,
  );
  // A part that holds nothing is left to the next one.
  const cuts: bigint[] = [];
  for (const [index, end] of ends.entries()) {
    const [next = null] = await ask(end);
    const following = ends[index + 1];
    if (next !== null && (following === undefined || BigInt(next) <= following)) cuts.push(end);
  }
  return cuts.length * 2 < ends.length ? null : cuts.map((cut) => [`${cut}`]);
}

/** Enough to tell a slice's end to about a tenth of it, for tables of any size; read in a second. */
const sampledBytes = 64 * 2 ** 20;

/**
 * Cuts where a sample of the rows is cut evenly: however their keys lie, and without a walk through an index.
 * `bytes`: of the whole table; `isPart`: only some of its rows are selected, nobody knows how many.
 */
export async function cutBySampling(
  dialect: StatementDialect,
  sample: NonNullable<StatementDialect['sample']>,
  session: SqlSession,
  selection: RowSelection,
  limits: SliceLimits,
  bytes: number,
  isPart: boolean,
): Promise<Cuts> {
  const percent = Math.min(100, (100 * sampledBytes) / bytes);
  const statement = selectEvenly(dialect, selection, sample(percent), 2 * maxSlices);
  const found = await session.query(statement);
  const rows = (Number(found[0]?.at(-1) ?? 0) * 100) / percent;
  const wanted = Math.min(
    maxSlices,
    Math.ceil(Math.max(rows / limits.rows, isPart ? 0 : bytes / limits.bytes)),
  );
  const cuts: (readonly string[])[] = [];
  for (let slice = 1; slice < wanted; slice += 1) {
    const end = found[Math.floor((slice * found.length) / wanted) - 1];
    const cut = end?.slice(0, selection.order.length).map((value) => value ?? '');
    // Rows that tie for an end are all in the slice that it ends.
    if (cut?.some((value, index) => value !== cuts.at(-1)?.[index])) cuts.push(cut);
  }
  return cuts;
}

/**
 * Walks along an index and cuts after every so many rows, however their keys lie. The walk reads the index once, in
 * many short statements. `bytes`: of all rows that are walked past; null where it is not known.
 */
export async function cutByWalking(
  dialect: StatementDialect,
  session: SqlSession,
  selection: RowSelection,
  limits: SliceLimits,
  bytes: number | null,
  signal: AbortSignal,
): Promise<Cuts> {
  let step = Math.max(1, Math.floor(limits.rows / 10));
  let found: (readonly string[])[] = [];
  for (;;) {
    signal.throwIfAborted();
    const after = found.at(-1) ?? selection.after;
    const [row] = await session.query(selectNth(dialect, { ...selection, after }, step - 1));
    // No value of an ordered column is empty text where null is possible too.
    if (row === undefined) break;
    found.push(row.map((value) => value ?? ''));
    if (found.length < 2 * maxSlices) continue;
    found = everyNth(found, 2);
    step *= 2;
  }
  // Few rows, and wide ones.
  if (bytes !== null && step > 1 && (found.length + 1) * limits.bytes < bytes) {
    const fewer = { ...limits, rows: limits.rows / 10 };
    return cutByWalking(dialect, session, selection, fewer, bytes, signal);
  }
  const rows = found.length * step;
  const fitting =
    bytes === null
      ? limits.rows
      : Math.min(limits.rows, (rows * limits.bytes) / Math.max(1, bytes));
  const steps = Math.max(1, Math.floor(fitting / step), Math.ceil((found.length + 1) / maxSlices));
  return everyNth(found, steps);
}

const everyNth = <T>(items: readonly T[], n: number): T[] =>
  items.filter((_, index) => (index + 1) % n === 0);
