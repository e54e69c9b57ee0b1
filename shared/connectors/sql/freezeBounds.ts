import { HeadgateError } from '../../errors.ts';
import { beforeFold } from './beforeFold.ts';
import { isAbove, lessOverlap, lowest } from './cursorValue.ts';
import type { ReadPlan } from './planRead.ts';
import { type StatementDialect, selectRange } from './selectRows.ts';
import type { Position, Through } from './sqlCheckpoint.ts';
import type { SqlBound, SqlColumn, SqlSession, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** The range of the cursor that one read covers, frozen when it begins. */
export interface ReadBounds {
  readonly lower: SqlBound | null;
  readonly upper: SqlBound | null;
  /** Where the next read begins once this one is complete, as far as it is known now. */
  readonly next: Through | null;
  /** No row has a cursor value in the range. */
  readonly isEmpty: boolean;
}

const unbounded: ReadBounds = { lower: null, upper: null, next: null, isEmpty: false };

/**
 * Asks where the read has to stop, then takes the snapshot that it sees. In this order: a row below the upper end
 * must not be committed between the two.
 */
export async function freezeBounds(
  dialect: StatementDialect,
  session: SqlSession,
  options: SqlOptions,
  table: SqlTable,
  plan: ReadPlan,
): Promise<ReadBounds> {
  const { cursor, at, slice, kind, through } = plan;
  if (at !== null || slice !== null || cursor === null || kind === 'window') {
    await session.beginSnapshot();
    if (at !== null) return resumed(options, table, plan, at);
    if (slice !== null) return frozen(plan, slice.upper, null);
    if (through === null) return unbounded;
    // A backfill beside a stream without a key ends where the stream does.
    const { value, inclusive } = through;
    return value === null
      ? { ...unbounded, isEmpty: true }
      : { ...unbounded, upper: { value, inclusive } };
  }
  const upper = await upperEnd(session, options, table, cursor, plan);
  await session.beginSnapshot();
  if (!plan.keyed) return adjoining(table, plan, cursor, upper);
  return kind === 'full'
    ? whole(dialect, session, options, table, plan, cursor, upper)
    : overlapping(options, table, plan, cursor, upper);
}

const frozen = (plan: ReadPlan, upper: SqlBound | null, next: Through | null): ReadBounds => ({
  lower: null,
  upper,
  next,
  isEmpty: plan.nullsApart && upper === null,
});

/** A read by a cursor of which nothing is delivered yet, because its statement takes long, begins where it began. */
function resumed(
  options: SqlOptions,
  table: SqlTable,
  plan: ReadPlan,
  { part, after, upper, next }: Position,
): ReadBounds {
  const { kind, cursor, keyed } = plan;
  if (kind !== 'incremental' || cursor === null || part !== 'rows' || after !== null)
    return frozen(plan, upper, next);
  return keyed
    ? overlapping(options, table, plan, cursor, upper)
    : adjoining(table, plan, cursor, upper);
}

async function upperEnd(
  session: SqlSession,
  { timeZone }: SqlOptions,
  table: SqlTable,
  cursor: SqlColumn,
  plan: ReadPlan,
): Promise<SqlBound | null> {
  const upper = await session.upperBound(table, cursor);
  if (upper === null) return null;
  const isLocal = cursor.type === 'timestamp' && cursor.cursor === 'time';
  return {
    value: isLocal ? beforeFold(upper.value, timeZone) : upper.value,
    // More rows may come with the largest number: without a key they are read when a larger one is there.
    inclusive: upper.inclusive && (plan.keyed || plan.cursorIsKey),
  };
}

/** A whole read of rows with a key: incremental reads go on at the largest value it covers. */
async function whole(
  dialect: StatementDialect,
  session: SqlSession,
  { timeZone }: SqlOptions,
  table: SqlTable,
  plan: ReadPlan,
  cursor: SqlColumn,
  upper: SqlBound | null,
): Promise<ReadBounds> {
  const largest = async (end: SqlBound): Promise<string | null> => {
    if (end.inclusive) return end.value;
    const statement = selectRange(
      dialect,
      {
        table,
        columns: [],
        order: [],
        after: null,
        to: null,
        cursor,
        lower: null,
        upper: end,
        uncovered: 'without',
        window: null,
        timeZone,
      },
      cursor,
    );
    return (await session.query(statement))[0]?.[1] ?? null;
  };
  const value = upper === null ? null : await largest(upper);
  return frozen(plan, upper, { column: cursor.name, value, inclusive: true });
}

/**
 * Rows with a key: from an overlap below the last value on, inclusive. Without an overlap a cursor that is itself the
 * key has no row to read again: none can tie with the last one.
 */
function overlapping(
  options: SqlOptions,
  table: SqlTable,
  { through, cursorIsKey }: ReadPlan,
  cursor: SqlColumn,
  upper: SqlBound | null,
): ReadBounds {
  const next = through ?? { column: cursor.name, value: null, inclusive: true };
  const overlap = { seconds: options.overlapSeconds, values: options.overlapValues };
  const isExact = cursorIsKey && cursor.cursor === 'number' && overlap.values === 0;
  const value =
    next.value === null ? null : readable(table, cursor, lessOverlap(next.value, cursor, overlap));
  return {
    lower:
      value === null || value === lowest
        ? null
        : { value, inclusive: !(isExact && next.inclusive) },
    upper,
    next,
    isEmpty: upper === null,
  };
}

/** Rows without a key: from where the last read ended, and never back. */
function adjoining(
  table: SqlTable,
  { through }: ReadPlan,
  cursor: SqlColumn,
  upper: SqlBound | null,
): ReadBounds {
  const begin = through ?? { column: cursor.name, value: null, inclusive: false };
  if (upper === null) return { lower: null, upper, next: begin, isEmpty: true };
  const next = { column: cursor.name, ...upper };
  if (begin.value === null) return { lower: null, upper, next, isEmpty: false };
  const moved = readable(table, cursor, isAbove(upper.value, begin.value, cursor));
  const lower = { value: begin.value, inclusive: !begin.inclusive };
  return moved
    ? { lower, upper, next, isEmpty: false }
    : { lower, upper, next: begin, isEmpty: true };
}

/** Throws for a position that is no value of its column any more. */
function readable<T>(table: SqlTable, cursor: SqlColumn, value: T | null): T {
  if (value !== null) return value;
  throw new HeadgateError(
    'cursor_expired',
    `${table.schema}.${table.name} cannot go on from its position: "${cursor.name}" is ${cursor.nativeType} now, and was something else. Start a full refresh once, then go on incrementally.`,
    { facts: { stream: `${table.schema}.${table.name}`, column: cursor.name } },
  );
}
