import { HeadgateError } from '../../errors.ts';
import type { StreamRequest } from '../connector.ts';
import type { ReadPlan } from './planRead.ts';
import type { Position, SqlCheckpoint } from './sqlCheckpoint.ts';

type Planned = Omit<ReadPlan, 'at' | 'through' | 'isOver'>;
type Resumed = Pick<ReadPlan, 'at' | 'through' | 'isOver'>;

const beginning: Resumed = { at: null, through: null, isOver: false };

/**
 * Where a read begins or goes on. A position is good only for the order it was made in; a cursor only for its column,
 * and for a stream that has a key if it was read with one. Throws `cursor_expired` for any other, saying what changed.
 */
export function resumeAt(
  plan: Planned,
  request: StreamRequest,
  from: SqlCheckpoint | null,
): Resumed {
  if (from === null) return beginning;
  if (plan.kind === 'window' && from.read !== 'window') return besideCursor(plan, request, from);
  if (plan.kind === 'incremental') return fromCursor(plan, request, from);
  if (from.read !== plan.kind) throw expired(request, `its last read was ${words[from.read]}`);
  if (from.at === null) return { ...beginning, isOver: true };
  // Of a backfill and of a slice no cursor comes; their order holds the one that counts.
  if (plan.kind === 'full' && plan.slice === null)
    assertSameCursor(plan, request, from.at.next?.column ?? null);
  if (!fits(plan, from.at)) throw expired(request, orders(plan, from.at));
  return { ...beginning, at: from.at };
}

/** An incremental read: goes on where one was stopped, or begins where the last one ended. */
function fromCursor(plan: Planned, request: StreamRequest, from: SqlCheckpoint): Resumed {
  if (from.read === 'window') throw expired(request, `its last read was ${words.window}`);
  const { at, through } = from;
  const reached = at === null ? through : at.next;
  if (reached === null) {
    // With a key everything may come once more; without one, rows would double.
    if (plan.keyed) return beginning;
    throw expired(
      request,
      `it was read whole before, without the cursor "${request.cursorField}": rows of that read cannot be told from new ones`,
    );
  }
  assertSameCursor(plan, request, reached.column);
  if (!plan.keyed && reached.inclusive && reached.value !== null && !plan.cursorIsKey)
    throw expired(
      request,
      `it was read with a key before, and now has none: rows at the cursor "${reached.column}" that were delivered cannot be told from those that were not`,
    );
  if (at === null || fits(plan, at)) return { at, through, isOver: false };
  if (plan.keyed) return { ...beginning, through };
  throw expired(request, orders(plan, at));
}

/**
 * A backfill that is told how far the stream was read. Without a key it ends there: what it read beyond, the next
 * incremental read would deliver again.
 */
function besideCursor(plan: Planned, request: StreamRequest, from: SqlCheckpoint): Resumed {
  if (plan.keyed) return beginning;
  if (from.at !== null)
    throw new HeadgateError(
      'invalid_config',
      `${request.name} has no key, and its last read was not completed: rows of a date range could not be told from those of that read. Run it to its end first.`,
      { facts: { stream: request.name } },
    );
  if (from.through === null) return beginning;
  assertSameCursor(plan, request, from.through.column);
  return { ...beginning, through: from.through };
}

const startsWith = (whole: readonly { readonly name: string }[], part: readonly string[]) =>
  part.every((name, index) => whole[index]?.name === name);

const fits = (plan: Planned, at: Position): boolean =>
  at.part === 'nulls'
    ? plan.nullsApart && startsWith(plan.key, at.order)
    : startsWith(plan.order, at.order);

function assertSameCursor(plan: Planned, request: StreamRequest, column: string | null): void {
  if (column === (plan.cursor?.name ?? null)) return;
  const name = (of: string | null): string => (of === null ? 'no cursor' : `the cursor "${of}"`);
  throw expired(
    request,
    `it was last read by ${name(column)}, now by ${name(request.cursorField)}`,
  );
}

const orders = (plan: Planned, at: Position): string =>
  `it was last read in the order (${at.order.join(', ')}), now in (${plan.order.map(({ name }) => name).join(', ')}): its key has changed`;

const words = { full: 'a whole one', incremental: 'an incremental one', window: 'a backfill' };

const expired = (request: StreamRequest, why: string): HeadgateError =>
  new HeadgateError(
    'cursor_expired',
    `${request.name} cannot go on from its position: ${why}. Start a full refresh once, then go on incrementally.`,
    { facts: { stream: request.name } },
  );
