import { inTransaction } from '../protocol/sqlite.ts';
import { endExecution } from './endExecution.ts';
import type { Engine, Run, Walk } from './engine.ts';
import { enterState } from './enterState.ts';
import type { Execution, NewExecution } from './executions.ts';
import type { Frame } from './frames.ts';
import { Interrupted, StateError } from './stateError.ts';
import { addEvent, dataOf } from './walkEvents.ts';

/** Stores a new execution, with its start and the entry of its first state; it does not walk yet. */
export function beginExecution(engine: Engine, execution: NewExecution): Execution {
  return inTransaction(engine.database, () => {
    const stored = engine.executions.insert(execution);
    const run = runOf(engine, stored);
    const signal = new AbortController().signal;
    addEvent(rootWalk(run, nowhere(stored.arn), signal), 'ExecutionStarted', {
      executionStartedEventDetails: {
        input: stored.input,
        inputDetails: { truncated: false },
        roleArn: stored.roleArn,
      },
    });
    // On AWS, too, the first state's entry follows nothing.
    const walk = rootWalk(run, nowhere(stored.arn), signal);
    engine.frames.add(
      { executionArn: stored.arn, parentId: null, branch: 0 },
      enterState(walk, run.definition.StartAt, run.input, {}),
    );
    return stored;
  });
}

/**
 * Walks a stored execution from where it stands to its end, and stores that. Never rejects; when
 * `controller` aborts with an Interrupted that is no timeout, what is stored stays as it is.
 */
export async function runExecution(
  engine: Engine,
  execution: Execution,
  controller: AbortController,
): Promise<void> {
  const frame = engine.frames.root(execution.arn);
  if (!frame) return;
  const run = runOf(engine, execution);
  const walk = rootWalk(run, frame, controller.signal);
  const forgetTimeout = limitTime(run, controller);
  try {
    await engine.walk(walk, (value) => {
      addEvent(walk, 'ExecutionSucceeded', {
        executionSucceededEventDetails: dataOf('output', value),
      });
      const ending = { status: 'SUCCEEDED', output: JSON.stringify(value) } as const;
      engine.executions.end(execution.arn, ending, engine.now());
    });
    engine.changed(execution.arn);
  } catch (error) {
    settleFailure(engine, execution, controller.signal.aborted ? controller.signal.reason : error);
  } finally {
    forgetTimeout();
  }
}

function settleFailure(engine: Engine, execution: Execution, error: unknown): void {
  if (error instanceof Interrupted) {
    if (error.kind === 'timedOut')
      endExecution(engine, execution, {
        status: 'TIMED_OUT',
        error: 'States.Timeout',
        cause: null,
      });
    return;
  }
  if (!(error instanceof StateError))
    engine.log?.error('an execution failed in the interpreter', { error });
  const failure =
    error instanceof StateError ? error : new StateError('States.Runtime', String(error));
  endExecution(engine, execution, {
    status: 'FAILED',
    error: failure.name,
    cause: failure.cause,
  });
}

function runOf(engine: Engine, execution: Execution): Run {
  const input = JSON.parse(execution.input);
  const startTime = new Date(execution.startedAt).toISOString();
  return {
    engine,
    execution,
    definition: engine.machines.definition(execution.definitionHash),
    input,
    context: {
      Execution: {
        Id: execution.arn,
        Input: input,
        Name: execution.name,
        RoleArn: execution.roleArn,
        StartTime: startTime,
        RedriveCount: 0,
      },
      StateMachine: {
        Id: execution.machineArn,
        Name: execution.machineArn.split(':').at(-1) ?? '',
      },
    },
  };
}

const rootWalk = (run: Run, frame: Frame, signal: AbortSignal): Walk => ({
  run,
  flow: run.definition,
  frame,
  outer: {},
  context: {},
  signal,
});

/** A frame before any state was entered. */
const nowhere = (executionArn: string): Frame => ({
  id: 0,
  executionArn,
  parentId: null,
  branch: 0,
  state: '',
  input: null,
  variables: {},
  enteredAt: 0,
  enteredEvent: 0,
  previousEvent: 0,
  retries: [],
  retryCount: 0,
  resumeAt: null,
  retrying: false,
  scratch: null,
  done: false,
  output: null,
});

const longestTimerMilliseconds = 2 ** 31 - 1;

/** Interrupts an execution at the machine's TimeoutSeconds; answers how to forget that. */
function limitTime(
  { engine, execution, definition }: Run,
  controller: AbortController,
): () => void {
  if (definition.TimeoutSeconds === undefined) return () => undefined;
  const end = execution.startedAt + definition.TimeoutSeconds * 1000;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const rest = end - engine.now();
    if (rest <= 0) controller.abort(new Interrupted('timedOut'));
    else timer = setTimeout(arm, Math.min(rest, longestTimerMilliseconds));
  };
  arm();
  return () => clearTimeout(timer);
}
