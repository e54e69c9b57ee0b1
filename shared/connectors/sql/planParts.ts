import type { StreamRequest } from '../connector.ts';
import type { ReadBounds } from './freezeBounds.ts';
import type { ReadPlan } from './planRead.ts';
import { hasUncovered, type RowSelection } from './selectRows.ts';
import type { SqlColumn } from './sqlDialect.ts';

/** One statement's share of a read; its rows come before those of the next part. */
export interface ReadPart
  extends Pick<
    RowSelection,
    'order' | 'after' | 'to' | 'lower' | 'upper' | 'uncovered' | 'window'
  > {
  readonly name: 'rows' | 'nulls';
  /** Whether the order tells any two rows apart. */
  readonly unique: boolean;
  readonly marks: { readonly fresh?: true; readonly replacesNullCursor?: true };
}

/** What is left of a read, in order; empty where nothing is. */
export function planParts(
  plan: ReadPlan,
  bounds: ReadBounds,
  request: StreamRequest,
): readonly ReadPart[] {
  const { at, slice } = plan;
  const rows: ReadPart = {
    name: 'rows',
    order: plan.order,
    unique: plan.unique,
    after: at?.part === 'rows' ? at.after : (slice?.after ?? null),
    to: slice?.to ?? null,
    lower: bounds.lower,
    upper: bounds.upper,
    uncovered: plan.nullsApart || plan.kind === 'window' ? 'without' : 'with',
    window: request.window,
    marks: isFresh(plan, request) ? { fresh: true } : {},
  };
  // Rows that cannot be told apart have to be replaced as a whole, so no checkpoint lies between them.
  const order: readonly SqlColumn[] = plan.keyed ? plan.key : [];
  const nulls: ReadPart = {
    name: 'nulls',
    order,
    unique: true,
    after: at?.part === 'nulls' ? at.after : null,
    to: null,
    lower: null,
    upper: null,
    uncovered: 'only',
    window: null,
    marks: !plan.keyed && request.mode === 'incremental' ? { replacesNullCursor: true } : {},
  };
  const hasNulls =
    plan.nullsApart &&
    plan.cursor !== null &&
    hasUncovered(plan.cursor) &&
    (slice === null || slice.nulls);
  return [...(at?.part === 'nulls' || bounds.isEmpty ? [] : [rows]), ...(hasNulls ? [nulls] : [])];
}

/** The order goes through every row once, by a key that the table's rows are told apart by, too. */
const isFresh = (plan: ReadPlan, request: StreamRequest): boolean =>
  plan.kind === 'full' &&
  plan.key.length > 0 &&
  plan.key.every(({ name }) => request.primaryKey.includes(name));
