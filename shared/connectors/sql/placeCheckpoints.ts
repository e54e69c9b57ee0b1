import { isAbove } from './cursorValue.ts';
import type { ReadBounds } from './freezeBounds.ts';
import type { ReadPart } from './planParts.ts';
import type { ReadPlan } from './planRead.ts';
import type { Position, SqlCheckpoint, Through } from './sqlCheckpoint.ts';
import type { SqlColumn } from './sqlDialect.ts';

/** Checkpoints of one read, part by part. */
export interface Checkpoints {
  /** Of the part's rows up to these order values; `done`: all of them, and then `following` comes. */
  of(
    part: ReadPart,
    order: readonly SqlColumn[],
    after: readonly string[] | null,
    done: boolean,
    following: ReadPart | null,
    /** Of a kept result: where it goes on. */
    result?: Position['result'],
  ): SqlCheckpoint;
  /** Nothing is left to read. */
  complete(): SqlCheckpoint;
}

export function placeCheckpoints(
  plan: ReadPlan,
  bounds: ReadBounds,
  consistency: SqlCheckpoint['consistency'],
): Checkpoints {
  let { next } = bounds;
  const through = plan.kind === 'incremental' ? plan.through : null;
  const common = { v: 1, read: plan.kind, consistency } as const;
  const complete = (): SqlCheckpoint => ({ ...common, through: next, at: null });
  return {
    complete,
    of(part, order, after, done, following, result) {
      if (part.name === 'rows') next = reached(plan, next, after);
      if (done && following === null) return complete();
      const at =
        done && following !== null
          ? { part: following.name, order: [], after: null }
          : {
              part: part.name,
              order: order.slice(0, after?.length ?? 0).map(({ name }) => name),
              after: after === null ? null : [...after],
            };
      const kept = result === undefined || done ? {} : { result };
      return { ...common, through, at: { ...at, upper: bounds.upper, next, ...kept } };
    },
  };
}

/** An incremental read by (cursor, key) has come as far as its last row; the cursor never goes back. */
function reached(
  { kind, keyed, cursor }: ReadPlan,
  next: Through | null,
  after: readonly string[] | null,
): Through | null {
  const value = after?.[0];
  if (kind !== 'incremental' || !keyed || cursor === null || value === undefined) return next;
  const isLater =
    next === null || next.value === null || isAbove(value, next.value, cursor) === true;
  return isLater ? { column: cursor.name, value, inclusive: true } : next;
}
