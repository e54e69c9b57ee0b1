import type { Json } from '../../shared/json.ts';
import type { State } from './definition.ts';
import type { Walk } from './engine.ts';
import type { Exit } from './exit.ts';
import { pauseUntil } from './pauseUntil.ts';
import { maxPayloadBytes } from './payload.ts';
import { performState } from './performState.ts';
import { nextAttempt } from './retry.ts';
import { evaluateAssign, evaluateIn } from './stateBindings.ts';
import { handles, Interrupted, StateError } from './stateError.ts';
import { addEvent, write } from './walkEvents.ts';

/**
 * Runs the state the walk stands at until it succeeds, is caught, or fails for good: performs it, pauses
 * and performs it again as Retry says, and leaves through Catch.
 * Rejects with StateError or Interrupted.
 */
export async function runState(walk: Walk, state: State): Promise<Exit> {
  const { frame, signal } = walk;
  const { engine } = walk.run;
  for (;;) {
    if (frame.retrying) {
      await pauseUntil(walk, frame.resumeAt ?? 0);
      write(walk, () => engine.frames.saveAttempt(frame));
    }
    try {
      const exit = await performState(walk, state);
      checkSize(frame.state, exit.output);
      return exit;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof Interrupted) throw error;
      const failure = toStateError(walk, error);
      writeEvaluationFailed(walk, failure);
      const retriers = 'Retry' in state ? (state.Retry ?? []) : [];
      const attempt = nextAttempt(retriers, frame.retries, failure.name, engine.random);
      if (attempt) {
        const resumeAt = engine.now() + attempt.delaySeconds * 1000;
        write(walk, () => engine.frames.saveRetry(frame, attempt.retries, Math.ceil(resumeAt)));
        continue;
      }
      return await leaveThroughCatch(walk, state, failure);
    }
  }
}

async function leaveThroughCatch(walk: Walk, state: State, failure: StateError): Promise<Exit> {
  const catchers = 'Catch' in state ? (state.Catch ?? []) : [];
  const index = catchers.findIndex(({ ErrorEquals }) => handles(ErrorEquals, failure.name));
  const catcher = catchers[index];
  if (!catcher) throw failure;
  const errorOutput = { Error: failure.name, Cause: failure.cause };
  try {
    const place = `Catch[${index}]`;
    const output =
      catcher.Output === undefined
        ? errorOutput
        : await evaluateIn(walk, catcher.Output, `${place}/Output`, { errorOutput });
    const assign = await evaluateAssign(walk, catcher.Assign, `${place}/Assign`, { errorOutput });
    checkSize(walk.frame.state, output);
    return { next: catcher.Next, output, assign };
  } catch (error) {
    if (error instanceof StateError) writeEvaluationFailed(walk, error);
    throw error;
  }
}

function checkSize(name: string, output: Json): void {
  if (Buffer.byteLength(JSON.stringify(output)) > maxPayloadBytes)
    throw new StateError(
      'States.DataLimitExceeded',
      `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
}

/** An error under its own name, as an integration may throw it; our own faults end the execution. */
function toStateError(walk: Walk, error: unknown): StateError {
  if (error instanceof StateError) return error;
  walk.run.engine.log?.error('a state failed in the interpreter', {
    execution: walk.run.execution.arn,
    state: walk.frame.state,
    error,
  });
  return new StateError('States.Runtime', error instanceof Error ? error.message : String(error));
}

function writeEvaluationFailed(walk: Walk, failure: StateError): void {
  const { location } = failure;
  if (failure.name !== 'States.QueryEvaluationError' || location === undefined) return;
  write(walk, () =>
    addEvent(walk, 'EvaluationFailed', {
      evaluationFailedEventDetails: {
        state: walk.frame.state,
        location,
        error: failure.name,
        cause: failure.cause,
      },
    }),
  );
}
