import type { Json } from '../../shared/json.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import type { Walk } from './engine.ts';
import { maxEvents } from './history.ts';
import { StateError } from './stateError.ts';

/**
 * Writes what a flow has come to, all or nothing. Throws the signal's reason, and writes nothing, when the
 * flow was interrupted meanwhile: an execution that has ended MUST NOT change any more.
 */
export function write<Result>(walk: Walk, work: () => Result): Result {
  walk.signal.throwIfAborted();
  return inTransaction(walk.run.engine.database, work);
}

/** Adds an event after the flow's last one. Throws States.Runtime when the execution has 25,000. */
export function addEvent(
  walk: Walk,
  type: string,
  details: Readonly<Record<string, Json>> | null = null,
): number {
  const { engine, execution } = walk.run;
  const id = engine.history.add(execution.arn, {
    previousId: walk.frame.previousEvent,
    at: engine.now(),
    type,
    details,
  });
  if (id > maxEvents)
    throw new StateError(
      'States.Runtime',
      `The execution reached the maximum number of history events (${maxEvents}).`,
    );
  walk.frame.previousEvent = id;
  return id;
}

/** How AWS shows a value in an event. */
export const dataOf = (name: 'input' | 'output', value: Json): Readonly<Record<string, Json>> => ({
  [name]: JSON.stringify(value),
  [`${name}Details`]: { truncated: false },
});
