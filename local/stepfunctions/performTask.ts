import type { Json } from '../../shared/json.ts';
import { localAccount } from '../localService.ts';
import type { TaskState } from './definition.ts';
import type { Integration, Walk } from './engine.ts';
import { evaluateIn, evaluateInteger } from './stateBindings.ts';
import { StateError } from './stateError.ts';
import { addEvent, dataOf, write } from './walkEvents.ts';

const longestSeconds = 99_999_999;
/** AWS lets a Task without a timeout run this long; timers hold less. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** Calls what a Task names and answers its result. Rejects with StateError or Interrupted. */
export async function performTask(walk: Walk, state: TaskState): Promise<Json> {
  const { engine } = walk.run;
  const integration = engine.integration(state.Resource);
  if (!integration) throw new StateError('States.Runtime', `Nothing answers to ${state.Resource}.`);
  const args =
    state.Arguments === undefined
      ? walk.frame.input
      : await evaluateIn(walk, state.Arguments, 'Arguments');
  const timeoutSeconds =
    state.TimeoutSeconds === undefined
      ? null
      : await evaluateInteger(walk, state.TimeoutSeconds, 'TimeoutSeconds', [1, longestSeconds]);
  const place = resourceOf(state.Resource);
  write(walk, () => {
    addEvent(walk, 'TaskScheduled', {
      taskScheduledEventDetails: {
        ...place,
        region: localAccount.region,
        parameters: JSON.stringify(args),
        ...(timeoutSeconds === null ? {} : { timeoutInSeconds: timeoutSeconds }),
      },
    });
    addEvent(walk, 'TaskStarted', { taskStartedEventDetails: place });
  });
  try {
    const result = await callWithin(walk, integration, args, timeoutSeconds);
    write(walk, () =>
      addEvent(walk, 'TaskSucceeded', {
        taskSucceededEventDetails: { ...place, ...dataOf('output', result) },
      }),
    );
    return result;
  } catch (error) {
    if (walk.signal.aborted) throw walk.signal.reason;
    const failure = asStateError(error);
    const timedOut = failure.name === 'States.Timeout';
    const details = { ...place, error: failure.name, cause: failure.cause };
    write(walk, () =>
      addEvent(
        walk,
        timedOut ? 'TaskTimedOut' : 'TaskFailed',
        timedOut ? { taskTimedOutEventDetails: details } : { taskFailedEventDetails: details },
      ),
    );
    throw failure;
  }
}

/** Neither a timeout nor an interruption waits for what was called: it may go on, its result is dropped. */
async function callWithin(
  walk: Walk,
  integration: Integration,
  args: Json,
  timeoutSeconds: number | null,
): Promise<Json> {
  const over = Promise.withResolvers<never>();
  const timeout = new AbortController();
  const end = (): void => over.reject(walk.signal.reason);
  const milliseconds = (timeoutSeconds ?? longestSeconds) * 1000;
  const timer = setTimeout(
    () => {
      const error = new StateError(
        'States.Timeout',
        timeoutSeconds === null ? '' : `The task took longer than ${timeoutSeconds} seconds.`,
      );
      over.reject(error);
      timeout.abort(error);
    },
    Math.min(milliseconds, longestTimerMilliseconds),
  );
  walk.signal.addEventListener('abort', end, { once: true });
  try {
    const result = integration(args, {
      signal: AbortSignal.any([walk.signal, timeout.signal]),
      executionArn: walk.run.execution.arn,
      stateName: walk.frame.state,
    });
    return await Promise.race([result, over.promise]);
  } finally {
    clearTimeout(timer);
    walk.signal.removeEventListener('abort', end);
  }
}

const asStateError = (error: unknown): StateError =>
  error instanceof StateError
    ? error
    : error instanceof Error
      ? new StateError(error.name, error.message)
      : new StateError('Error', String(error));

/** `arn:aws:states:::lambda:invoke` is of type `lambda`, resource `invoke`. */
function resourceOf(resource: string): {
  readonly resourceType: string;
  readonly resource: string;
} {
  const [, rest = resource] = resource.split(':::');
  const cut = rest.lastIndexOf(':');
  return rest === resource
    ? { resourceType: 'lambda', resource }
    : { resourceType: rest.slice(0, cut), resource: rest.slice(cut + 1) };
}
