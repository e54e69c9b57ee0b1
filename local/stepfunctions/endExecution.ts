import type { Json } from '../../shared/json.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import type { Flow, State } from './definition.ts';
import type { Engine } from './engine.ts';
import type { Ending, Execution } from './executions.ts';
import type { Frame } from './frames.ts';

const endTypes = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const;

/**
 * Ends a running execution other than by reaching its end, and the running children of its distributed
 * Maps with it. False, and nothing written, when it had ended already.
 */
export function endExecution(
  engine: Engine,
  execution: Execution,
  ending: Exclude<Ending, { status: 'SUCCEEDED' }>,
): boolean {
  const ended = inTransaction(engine.database, () => {
    const root = engine.frames.root(execution.arn);
    if (!root) return false;
    for (const child of engine.mapRuns.abort(execution.arn, engine.now()))
      endExecution(engine, child, { status: 'ABORTED', error: null, cause: null });
    const definition = engine.machines.definition(execution.definitionHash);
    const open = engine.frames.open(execution.arn);
    if (ending.status !== 'FAILED') writeAborted(engine, definition, open);
    const type = endTypes[ending.status];
    engine.history.add(execution.arn, {
      previousId: root.previousEvent,
      at: engine.now(),
      type,
      details: { [`${decapitalize(type)}EventDetails`]: errorDetails(ending) },
    });
    return engine.executions.end(execution.arn, ending, engine.now());
  });
  if (ended) engine.changed(execution.arn);
  return ended;
}

const abortable = new Set(['Task', 'Wait', 'Parallel', 'Map']);

/** Tells of the states that were interrupted. MUST run in a transaction. */
export function writeAborted(engine: Engine, flow: Flow, frames: readonly Frame[]): void {
  for (const frame of frames) {
    const state = findState(flow, frame.state);
    if (!state || !abortable.has(state.Type)) continue;
    engine.history.add(frame.executionArn, {
      previousId: frame.previousEvent,
      at: engine.now(),
      type: `${state.Type}StateAborted`,
      details: null,
    });
  }
}

/** A state of a flow or of the flows within it; names are unique in a machine. */
function findState(flow: Flow, name: string): State | null {
  const here = flow.States[name];
  if (here) return here;
  for (const state of Object.values(flow.States)) {
    const inner =
      state.Type === 'Parallel'
        ? state.Branches
        : state.Type === 'Map'
          ? [state.ItemProcessor]
          : [];
    for (const part of inner) {
      const found = findState(part, name);
      if (found) return found;
    }
  }
  return null;
}

const errorDetails = ({
  error,
  cause,
}: Exclude<Ending, { status: 'SUCCEEDED' }>): Readonly<Record<string, Json>> => ({
  ...(error === null ? {} : { error }),
  ...(cause === null ? {} : { cause }),
});

const decapitalize = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
