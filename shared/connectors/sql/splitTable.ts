import type { Context, Split, StreamRequest } from '../connector.ts';
import {
  type Cuts,
  cutBySampling,
  cutByWalking,
  cutNumbers,
  maxSlices,
  type SliceLimits,
} from './cutKeys.ts';
import { findTable } from './findTable.ts';
import { freezeBounds, type ReadBounds } from './freezeBounds.ts';
import { placeCheckpoints } from './placeCheckpoints.ts';
import { planRead, type ReadPlan } from './planRead.ts';
import { hasUncovered, type RowSelection } from './selectRows.ts';
import type { SqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlColumn, SqlDialect, SqlSession, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';
import type { SqlSlice } from './sqlSlice.ts';

/** A slice is read in about half a minute; below two of them, one function is done sooner than it has helpers. */
export const sliceLimits: SliceLimits = { bytes: 256 * 2 ** 20, rows: 1_000_000 };

/**
 * Cuts a whole read or a backfill of a large table into ranges of its key (or of its cursor, where an index has that
 * and rows have no key). The ranges touch and the first and the last are open, so that a row lies in exactly one,
 * whenever it was inserted. All stop at the same frozen end of the cursor. The slices are read at different moments
 * (`consistency: 'paged'`): a row whose key changes meanwhile may be read twice or not at all.
 *
 * null: the read is small, goes on from a position, or has no index to be read by in parts.
 */
export async function splitTable<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  context: Context<Config, Credentials>,
  request: StreamRequest,
  from: SqlCheckpoint | null,
  limits: SliceLimits,
): Promise<Split<SqlCheckpoint> | null> {
  const { config, log, signal } = context;
  await using session = await dialect.connect(context);
  const table = await findTable(dialect, session, config.schemas, request.name);
  // One statement of one moment, which any later invocation goes on with.
  if (table.keepsResults === true) return null;
  const plan = planRead(table, request, from);
  const by = orderOfSlices(table, plan);
  if (plan.kind === 'incremental' || plan.at !== null || plan.isOver || by === null) return null;
  const bytes = await session.bytes(table);
  if (bytes === null || bytes < 2 * limits.bytes) return null;
  const bounds = await freezeBounds(dialect, session, config, table, plan);
  if (bounds.isEmpty) return null;
  const cuts = await cutsOf(
    dialect,
    session,
    { table, plan, bounds, by, request, config },
    limits,
    bytes,
    signal,
  );
  if (cuts.length === 0) return null;
  const ends = [...cuts, null];
  const slices = ends.map((to, index): SqlSlice => {
    const after = index === 0 ? null : (ends[index - 1] ?? null);
    return {
      v: 1,
      by: by.map(({ name }) => name),
      after: after === null ? null : [...after],
      to: to === null ? null : [...to],
      upper: bounds.upper,
      nulls: to === null && plan.nullsApart && plan.cursor !== null && hasUncovered(plan.cursor),
    };
  });
  log.info('a table is read in slices: its rows are of several moments', {
    stream: request.name,
    slices: slices.length,
    consistency: 'paged',
  });
  return { slices, checkpoint: placeCheckpoints(plan, bounds, 'paged').complete() };
}

/** null: nothing that an index could find the rows of a slice by. */
function orderOfSlices(table: SqlTable, plan: ReadPlan): readonly SqlColumn[] | null {
  const [first] = plan.order;
  if (first === undefined) return null;
  if (first !== plan.cursor || table.indexed.has(first.name)) return plan.order;
  return plan.key.length > 0 ? plan.key : null;
}

interface Cutting {
  readonly table: SqlTable;
  readonly plan: ReadPlan;
  readonly bounds: ReadBounds;
  readonly by: readonly SqlColumn[];
  readonly request: StreamRequest;
  readonly config: SqlOptions;
}

async function cutsOf<Config extends SqlOptions, Credentials>(
  dialect: SqlDialect<Config, Credentials>,
  session: SqlSession,
  { table, plan, bounds, by, request, config }: Cutting,
  limits: SliceLimits,
  bytes: number,
  signal: AbortSignal,
): Promise<Cuts> {
  const isWindow = plan.kind === 'window';
  const selection: RowSelection = {
    table,
    columns: by,
    order: by,
    after: null,
    to: null,
    cursor: plan.cursor,
    lower: bounds.lower,
    upper: bounds.upper,
    uncovered: plan.nullsApart || isWindow ? 'without' : 'with',
    window: request.window,
    timeZone: config.timeZone,
  };
  const { sample } = dialect;
  if (sample !== undefined)
    return cutBySampling(dialect, sample, session, selection, limits, bytes, isWindow);
  const [first] = by;
  if (!isWindow && first?.cursor === 'number') {
    const count = Math.min(maxSlices, Math.ceil(bytes / limits.bytes));
    // Of all rows: what an index knows at once.
    const all = { ...selection, cursor: null };
    const cuts = await cutNumbers(dialect, session, all, first, count);
    if (cuts !== null) return cuts;
  }
  return cutByWalking(dialect, session, selection, limits, isWindow ? null : bytes, signal);
}
