import { createHash } from 'node:crypto';
import { HeadgateError } from '../../errors.ts';
import type { Batch, Context, StreamRequest } from '../connector.ts';
import { type BatchLimits, cutBatches } from './cutBatches.ts';
import type { SliceLimits } from './cutKeys.ts';
import { findTable } from './findTable.ts';
import { freezeBounds } from './freezeBounds.ts';
import { placeCheckpoints } from './placeCheckpoints.ts';
import { planParts, type ReadPart } from './planParts.ts';
import { planRead, type ReadPlan } from './planRead.ts';
import { type RowSelection, selectRows } from './selectRows.ts';
import type { Position, SqlCheckpoint } from './sqlCheckpoint.ts';
import {
  type RowReader,
  type SqlColumn,
  type SqlDialect,
  type SqlSession,
  type SqlStatement,
  type SqlTable,
  StatementRunning,
} from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

export interface ReadLimits extends BatchLimits {
  /** A whole table above this size is ordered by its key, in batches that can be resumed. */
  readonly unorderedBytes: number;
  /** Of a table that is read in slices. */
  readonly slices?: SliceLimits;
}

/**
 * Reads one table, in one read-only snapshot transaction per invocation.
 *
 * - Whole (a full refresh, and the first incremental read): in the order of its key, so that the next invocation
 *   can go on where this one was stopped; then the rows are of more than one moment (`consistency: 'paged'`, said
 *   in the log too). Small tables, and those with neither key nor cursor, come in no order, as one batch. Where the
 *   database keeps results, any table comes in no order, and the next invocation goes on in the same result.
 * - Incremental, rows with a key: all from an overlap below the last cursor value on, inclusive, up to an upper end
 *   that is frozen when the read begins. What was delivered before comes again, and is found by its key.
 * - Incremental, rows without a key: from where the last read ended, inclusive, up to the frozen upper end, exclusive.
 *   Nothing comes twice, and batches end only where the cursor's value changes.
 * - Window: rows of [from, to) on the cursor, each once.
 *
 * Rows that no range of the cursor holds (null above all) come with every whole and every incremental read: without a
 * key all in one batch, which takes the place of those delivered before. A whole read of a stream with a cursor stops
 * where an incremental read would, so that those that follow miss nothing.
 */
export async function* readTable<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  context: Context<Config, Credentials>,
  request: StreamRequest,
  from: SqlCheckpoint | null,
  limits: ReadLimits,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Batch<SqlCheckpoint>> {
  const { config, now, signal } = context;
  await using session = await dialect.connect(context);
  const table = await findTable(dialect, session, config.schemas, request.name);
  const plan = planRead(table, request, from);
  if (from !== null && plan.isOver) {
    // Stopped between its last row and its end.
    yield nothing(from);
    return;
  }
  const bounds = await freezeBounds(dialect, session, config, table, plan);
  const resumesResult = plan.at?.result !== undefined;
  const isOne = (plan.at === null || resumesResult) && plan.slice === null;
  const consistency = isOne ? 'snapshot' : 'paged';
  if (plan.kind === 'full' && plan.slice === null && !isOne)
    context.log.warn('a full refresh goes on in a new transaction: its rows are of two moments', {
      stream: request.name,
      consistency,
    });
  const checkpoints = placeCheckpoints(plan, bounds, consistency);
  const parts = planParts(plan, bounds, request);
  if (parts.length === 0) yield nothing(checkpoints.complete());
  for (const [index, part] of parts.entries()) {
    const isWhole = plan.kind === 'full' && plan.slice === null && part.name === 'rows';
    const keeps = table.keepsResults === true;
    const inKept = keeps && plan.kind !== 'incremental';
    const isOrdered = !inKept && (!isWhole || (await worthOrdering(session, table, part, limits)));
    const order = isOrdered ? part.order : [];
    const { columns, cursor } = plan;
    const { timeZone } = config;
    const selection = { ...part, table, columns, order, cursor, timeZone };
    const statement = selectRows(dialect, selection);
    const shape = {
      width: columns.length,
      wholeByKey: isWhole && order.length > 0,
      ...(canDecode(request, columns, order)
        ? { decoded: { sql: selectRows(dialect, decoded(selection)).sql, columns } }
        : {}),
    };
    const following = parts[index + 1] ?? null;
    const hash = hashOf(statement);
    const at = (place: string | null): Position['result'] =>
      inKept && place !== null ? { place, statement: hash } : undefined;
    // The first part is the one that an unfinished read stands in.
    let place = index === 0 ? placeIn(request, plan, hash) : undefined;
    let reader: RowReader | null = null;
    while (reader === null)
      try {
        reader = await session.read(table, statement, shape, place);
      } catch (error) {
        if (!(error instanceof StatementRunning) || !keeps) throw error;
        // An invocation may end here, and the next goes on waiting for the same statement.
        place = error.place;
        const waiting = { place, statement: hash };
        yield nothing(checkpoints.of(part, order, part.after, false, following, waiting));
        signal.throwIfAborted();
        await context.sleep(error.seconds * 1000);
      }
    const batches = cutBatches(reader, {
      columns: columns.map(({ name, type, nativeType }) => ({ name, type, nativeType })),
      order: order.length === 0 ? null : order.map((column) => columns.indexOf(column)),
      unique: part.unique,
      limits,
      now,
      signal,
      translate,
      checkpoint: (after, done, place) =>
        checkpoints.of(part, order, after, done, following, at(place)),
    });
    for await (const batch of batches) yield { ...batch, ...part.marks };
  }
}

/**
 * Whether the loader takes these very columns decoded. Positions are texts, and those of floating point are known to the
 * database alone.
 */
function canDecode(
  request: StreamRequest,
  columns: readonly SqlColumn[],
  order: readonly SqlColumn[],
): boolean {
  if (request.decoded === undefined) return false;
  const types = new Map(request.decoded.map(({ name, type }) => [name, type]));
  return (
    columns.every(({ name, type, decoded }) => decoded !== undefined && types.get(name) === type) &&
    order.every(({ type }) => type !== 'float' && type !== 'double')
  );
}

const decoded = (selection: RowSelection): RowSelection => ({
  ...selection,
  columns: selection.columns.map((column) => ({
    ...column,
    ...(column.decoded === undefined ? {} : { expression: column.decoded.expression }),
  })),
});

const nothing = (checkpoint: SqlCheckpoint): Batch<SqlCheckpoint> => ({
  body: { kind: 'records', records: [] },
  checkpoint,
});

const hashOf = ({ sql, values }: SqlStatement): string =>
  createHash('sha256')
    .update(JSON.stringify([sql, ...values]))
    .digest('hex')
    .slice(0, 32);

/**
 * Where to go on in a kept result. Of another statement, because the table has changed since, it cannot be; one by a cursor
 * is begun again, and else `cursor_expired` is thrown.
 */
function placeIn(
  request: StreamRequest,
  { kind, at }: ReadPlan,
  statement: string,
): string | undefined {
  if (at?.result === undefined || at.result.statement === statement) return at?.result?.place;
  if (kind === 'incremental') return undefined;
  throw new HeadgateError(
    'cursor_expired',
    `${request.name} cannot go on from its position: its columns or their types have changed while it was read. Start a full refresh.`,
    { facts: { stream: request.name } },
  );
}

/** A table that fits one batch is read faster in no order; one that is being resumed has its order. */
async function worthOrdering(
  session: SqlSession,
  table: SqlTable,
  { order, after }: ReadPart,
  limits: ReadLimits,
): Promise<boolean> {
  if (order.length === 0) return false;
  if (after !== null) return true;
  const bytes = await session.bytes(table);
  // Views and foreign tables say 0.
  return bytes === null || bytes === 0 || bytes > limits.unorderedBytes;
}
