import { sqlText } from '../duckdb/openDuckDb.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import type { ColumnRange, RowFilter } from './columnRange.ts';
import { type Comparable, compare, fromText } from './comparable.ts';
import { DeadRows } from './deadRows.ts';
import { finishMerge } from './finishMerge.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf } from './parquetRows.ts';
import { scanLive } from './scanLive.ts';
import { fileColumn, posColumn } from './scratchRows.ts';

type ReplaceWindow = Extract<MergeRule, { kind: 'replaceWindow' }>;

/** Rows of the table whose cursor lies in the window go; the new rows all stay. */
export async function replaceWindow(
  session: MergeSession,
  rule: ReplaceWindow,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { options } = session;
  const cursor = session.field(rule.cursor);
  const dead = new DeadRows(session);
  const going = session.scratchRows([fileColumn, posColumn]);
  const window = await windowOf(session, rule, cursor);
  const scan = {
    fields: [cursor],
    plan: async () => ({ filter: windowFilter(window, cursor) }),
    whole: dead.takeWhole.bind(dead),
  };
  for await (const batch of scanLive(session, options.live(), scan)) {
    const rows = `SELECT file, pos FROM ${batch.rows} WHERE ${window.sql}`;
    await dead.endBatch(batch, await going.append(`FROM ${batch.alive(rows)}`));
  }
  const finished = await finishMerge(session, dead, null);
  return { ...finished, adds: [...finished.adds, ...options.adds], tombstones: 0 };
}

interface Window {
  readonly sql: string;
  /** null: no value lies in it. A null bound is open, or beyond all bounds that files have. */
  readonly range: { readonly from: Comparable | null; readonly to: Comparable | null } | null;
  readonly isOpenAbove: boolean;
  readonly nulls: boolean;
}

async function windowOf(
  { db }: MergeSession,
  { range, nulls }: ReplaceWindow,
  cursor: Field,
): Promise<Window> {
  const column = columnOf(cursor);
  const bound = async (
    text: string | null,
  ): Promise<{ sql: string; value: Comparable | null } | null> => {
    if (text === null) return null;
    const sql = `CAST(${sqlText(text)} AS ${duckdbType(cursor.type)})`;
    const shown = cursor.type === 'binary' ? `hex(${sql})` : `CAST(${sql} AS VARCHAR)`;
    const [row] = await db.rows(`SELECT ${shown} AS value`);
    return { sql, value: fromText(cursor.type, String(row?.['value']), 'lower') };
  };
  const [from, to] = [await bound(range?.from ?? null), await bound(range?.to ?? null)];
  const within = [
    `${column} IS NOT NULL`,
    ...(from === null ? [] : [`${column} >= ${from.sql}`]),
    ...(to === null ? [] : [`${column} < ${to.sql}`]),
  ].join(' AND ');
  const parts = [
    ...(range === null ? [] : [`(${within})`]),
    ...(nulls ? [`${column} IS NULL`] : []),
  ];
  return {
    sql: parts.length === 0 ? 'false' : parts.join(' OR '),
    range: range === null ? null : { from: from?.value ?? null, to: to?.value ?? null },
    isOpenAbove: to === null,
    nulls,
  };
}

function windowFilter(window: Window, cursor: Field): RowFilter {
  const { range, nulls } = window;
  const isFloat = cursor.type === 'float' || cursor.type === 'double';
  const mayLieIn = ({ lower, upper }: ColumnRange): boolean => {
    if (range === null) return false;
    // NaN is greater than every number and outside of all bounds.
    if (isFloat) return true;
    const { from, to } = range;
    return (
      (from === null || upper === null || compare(upper, from) >= 0) &&
      (to === null || lower === null || compare(lower, to) < 0)
    );
  };
  const allLieIn = ({ lower, upper }: ColumnRange): boolean => {
    if (range === null || isFloat) return false;
    const { from, to } = range;
    return (
      (from === null || (lower !== null && compare(lower, from) >= 0)) &&
      (to === null || (upper !== null && compare(upper, to) < 0))
    );
  };
  return {
    mayMatch: (rangeOf) => {
      const values = rangeOf(cursor);
      return (nulls && values.mayHaveNulls) || (values.mayHaveValues && mayLieIn(values));
    },
    matchesAll: (rangeOf) => {
      const values = rangeOf(cursor);
      return (nulls || !values.mayHaveNulls) && (!values.mayHaveValues || allLieIn(values));
    },
  };
}
