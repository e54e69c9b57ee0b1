import type { Json } from '../../shared/json.ts';
import type { ChoiceState, FailState, State, WaitState } from './definition.ts';
import type { Walk } from './engine.ts';
import type { Exit } from './exit.ts';
import { pauseUntil } from './pauseUntil.ts';
import { performMap } from './performMap.ts';
import { performParallel } from './performParallel.ts';
import { performTask } from './performTask.ts';
import { type Extra, evaluateAssign, evaluateIn, evaluateInteger } from './stateBindings.ts';
import { StateError } from './stateError.ts';
import { write } from './walkEvents.ts';

/** Performs a state once. Rejects with StateError or Interrupted. */
export async function performState(walk: Walk, state: State): Promise<Exit> {
  switch (state.Type) {
    case 'Pass':
    case 'Succeed':
      return await leave(walk, state, undefined);
    case 'Wait':
      await pauseUntil(walk, await endOfWait(walk, state));
      return await leave(walk, state, undefined);
    case 'Fail':
      throw await failureOf(walk, state);
    case 'Choice':
      return await choose(walk, state);
    case 'Task':
      return await leave(walk, state, await performTask(walk, state));
    case 'Parallel':
      return await leave(walk, state, await performParallel(walk, state));
    case 'Map':
      return await leave(walk, state, await performMap(walk, state));
  }
}

/** Output and Assign of a state that has its result, if it has one. */
async function leave(walk: Walk, state: State, result: Json | undefined): Promise<Exit> {
  const extra: Extra = result === undefined ? {} : { result };
  const output =
    state.Output === undefined
      ? result === undefined
        ? walk.frame.input
        : result
      : await evaluateIn(walk, state.Output, 'Output', extra);
  const assign = await evaluateAssign(walk, state.Assign, 'Assign', extra);
  return { next: state.Next ?? null, output, assign };
}

/** The end of a Wait is found once; after a restart it is still the same. */
async function endOfWait(walk: Walk, state: WaitState): Promise<number> {
  const { frame, run } = walk;
  if (frame.resumeAt !== null) return frame.resumeAt;
  let end: number;
  if (state.Seconds !== undefined)
    end =
      run.engine.now() +
      (await evaluateInteger(walk, state.Seconds, 'Seconds', [0, 99_999_999])) * 1000;
  else {
    const text = await evaluateIn(walk, state.Timestamp ?? '', 'Timestamp');
    end = typeof text === 'string' && timestamp.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(end))
      throw new StateError(
        'States.QueryEvaluationError',
        `The field 'Timestamp' of the state '${frame.state}' must give an RFC 3339 timestamp, not ${JSON.stringify(text)}.`,
        'Timestamp',
      );
  }
  write(walk, () => run.engine.frames.saveResumeAt(frame, end));
  return end;
}

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

async function failureOf(walk: Walk, state: FailState): Promise<StateError> {
  const text = async (template: string | undefined, field: string): Promise<string> => {
    if (template === undefined) return '';
    const value = await evaluateIn(walk, template, field);
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return new StateError(await text(state.Error, 'Error'), await text(state.Cause, 'Cause'));
}

async function choose(walk: Walk, state: ChoiceState): Promise<Exit> {
  for (const [index, choice] of state.Choices.entries()) {
    const place = `Choices[${index}]`;
    const met = await evaluateIn(walk, choice.Condition, `${place}/Condition`);
    if (typeof met !== 'boolean')
      throw new StateError(
        'States.QueryEvaluationError',
        `The field '${place}/Condition' of the state '${walk.frame.state}' must give a boolean, not ${JSON.stringify(met)}.`,
        `${place}/Condition`,
      );
    if (!met) continue;
    return {
      next: choice.Next,
      output:
        choice.Output === undefined
          ? walk.frame.input
          : await evaluateIn(walk, choice.Output, `${place}/Output`),
      assign: await evaluateAssign(walk, choice.Assign, `${place}/Assign`),
    };
  }
  if (state.Default === undefined)
    throw new StateError(
      'States.NoChoiceMatched',
      `No choice of the state '${walk.frame.state}' is met, and it has no Default.`,
    );
  return { ...(await leave(walk, state, undefined)), next: state.Default };
}
