import { HeadgateError } from '../../errors.ts';
import type { Batch, Context, StreamRequest } from '../connector.ts';
import { type BatchLimits, cutBatches } from './cutBatches.ts';
import { streamNameOf } from './describeTable.ts';
import { planRead, type ReadPlan } from './planRead.ts';
import { selectLargest, selectRows } from './selectRows.ts';
import type { SqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlBound, SqlDialect, SqlSession, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** When a whole table is ordered by its key: above this size it is read in batches that can be resumed. */
export interface ReadLimits extends BatchLimits {
  readonly unorderedBytes: number;
}

/**
 * Reads one table in one read-only snapshot transaction.
 *
 * - Whole (a full refresh, and the first incremental read): in the order of its key, so that the next invocation
 *   can go on where this one was stopped; then the rows are of more than one moment (`consistency: 'paged'`, said
 *   in the log too). Small tables, and those with neither key nor cursor, come in no order, as one batch.
 * - Incremental: rows above (cursor, key) of the last one delivered, up to the frozen upper bound. The position
 *   is exact, so nothing is read twice and no overlap is needed; the lag is what late commits are given.
 * - Window: rows of [from, to) on the cursor.
 *
 * A whole read of a stream with a cursor stops at the bound an incremental read would stop at (but takes rows
 * without a cursor value too), so that the incremental reads that follow neither miss nor repeat a row.
 */
export async function* readTable<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  context: Context<Config, Credentials>,
  request: StreamRequest,
  from: SqlCheckpoint | null,
  limits: ReadLimits,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Batch<SqlCheckpoint>> {
  if (request.mode !== 'incremental' && request.window === null && from?.done === true) {
    // Stopped between its last row and its end: nothing is left to deliver.
    yield { body: { kind: 'records', records: [] }, checkpoint: from };
    return;
  }
  await using session = await dialect.connect(context);
  const table = await findTable(dialect, session, context.config.schemas, request.name);
  const plan = planRead(table, request, from);
  const whole = plan.kind === 'full';
  const resumed = whole && from !== null && plan.after !== null;
  const { cursor } = plan;

  const upper =
    cursor === null || plan.kind === 'window'
      ? null
      : resumed
        ? from.upper
        : await session.upperBound(table, cursor);
  if (plan.kind === 'incremental' && upper === null) {
    // No row has a cursor value, so none is above the position.
    yield {
      body: { kind: 'records', records: [] },
      checkpoint: from ?? position(plan, null, true),
    };
    return;
  }
  await session.beginSnapshot();
  const largest =
    whole && cursor !== null && upper !== null
      ? await largestBelow(dialect, session, table, cursor.name, upper)
      : null;

  const order = whole && !(await worthOrdering(session, table, plan, limits)) ? [] : plan.order;
  const statement = selectRows(dialect, {
    table,
    columns: plan.columns,
    order,
    after: plan.after,
    cursor,
    upper,
    withUncovered: whole,
    window: request.window,
    timeZone: context.config.timeZone,
  });
  const consistency = resumed ? 'paged' : 'snapshot';
  if (resumed)
    context.log.warn('a full refresh goes on in a new transaction: its rows are of two moments', {
      stream: request.name,
      consistency,
    });
  const reader = await session.read(table, statement, {
    width: plan.columns.length,
    wholeByKey: whole && order.length > 0,
  });
  yield* cutBatches(reader, {
    columns: plan.columns.map(({ name, type, nativeType }) => ({ name, type, nativeType })),
    order: order.length === 0 ? null : order.map((column) => plan.columns.indexOf(column)),
    unique: plan.unique,
    limits,
    now: context.now,
    signal: context.signal,
    translate,
    checkpoint: (after, done) => {
      const reached = after ?? plan.after;
      if (!done || !whole || cursor === null)
        return {
          ...position(plan, reached, done),
          upper: whole && !done ? upper : null,
          consistency,
        };
      // A complete refresh says where incremental reads go on.
      return {
        ...position(plan, null, true),
        order: [cursor.name],
        after: largest === null ? null : [largest],
        consistency,
      };
    },
  });
}

function position(plan: ReadPlan, after: readonly string[] | null, done: boolean): SqlCheckpoint {
  return {
    v: 1,
    read: plan.kind,
    order: plan.order.slice(0, after?.length ?? 0).map((column) => column.name),
    after: after === null ? null : [...after],
    upper: null,
    done,
    consistency: 'snapshot',
  };
}

async function findTable<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  session: SqlSession,
  schemas: readonly string[],
  name: string,
): Promise<SqlTable> {
  const dot = name.indexOf('.');
  const [schema, table] = [name.slice(0, dot), name.slice(dot + 1)];
  const offered = dot > 0 && schemas.includes(schema);
  if (offered && dialect.identifier.test(schema) && dialect.identifier.test(table)) {
    const found = (await session.tables([schema], table)).find(
      (candidate) => streamNameOf(candidate) === name,
    );
    if (found !== undefined) return found;
  }
  throw new HeadgateError(
    'source_not_found',
    `There is no table or view ${JSON.stringify(name.slice(0, 140))} in the schemas ${schemas.join(', ')}. It may have been dropped or renamed, or the user may not use its schema.`,
    { facts: { stream: name } },
  );
}

async function largestBelow<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  session: SqlSession,
  table: SqlTable,
  cursor: string,
  upper: SqlBound,
): Promise<string | null> {
  if (upper.inclusive) return upper.value;
  const column = table.columns.find((candidate) => candidate.name === cursor);
  if (column === undefined) return null;
  const rows = await session.query(selectLargest(dialect, table, column, upper));
  return rows[0]?.[0] ?? null;
}

/** A table that fits one batch is read faster in no order; one that is being resumed has its order. */
async function worthOrdering(
  session: SqlSession,
  table: SqlTable,
  plan: ReadPlan,
  limits: ReadLimits,
): Promise<boolean> {
  if (plan.order.length === 0) return false;
  if (plan.after !== null) return true;
  const bytes = await session.bytes(table);
  return bytes === null || bytes > limits.unorderedBytes;
}
