import { AwsError } from '../protocol/awsError.ts';
import type { EventQueue, QueuedEvent } from './eventQueue.ts';
import type { FunctionSettings } from './functionSettings.ts';
import type { Outcome } from './sandbox.ts';

/** What a queue or topic gets when an asynchronous invocation failed for good. */
export interface DeadLetter {
  readonly body: string;
  /** Message attributes, all of type String. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type DeliverDeadLetter = (targetArn: string, letter: DeadLetter) => Promise<void>;

export interface EventDispatcherOptions {
  readonly queue: EventQueue;
  readonly now: () => number;
  /** Runs one attempt; rejects only with AwsError (throttled, gone) or because of closing. */
  readonly attempt: (event: QueuedEvent, signal: AbortSignal) => Promise<Outcome>;
  readonly settings: (functionName: string) => FunctionSettings | undefined;
  readonly functionNames: () => Iterable<string>;
  /** Nothing is started before it is true. */
  readonly ready: () => boolean;
  readonly deliver: DeliverDeadLetter;
  readonly retryDelaysSeconds: readonly number[];
}

export interface EventDispatcher {
  /** Starts what is due; called after an event was added or a function registered. */
  wake(): void;
  /** Stops starting; what runs is dropped and runs again after the next start. */
  close(): void;
}

/** Events of one function that are handled at the same time; the rest stay on disk. */
const maxInFlight = 16;
const maxAgeMilliseconds = 6 * 3600 * 1000;
const defaultRetryAttempts = 2;
/** After a throttle, and after a dead letter that could not be delivered. */
const laterMilliseconds = 5_000;
const notReadyMilliseconds = 100;

/**
 * Hands queued events to their functions, at least once each: retries as Lambda does (after 1 and 2
 * minutes unless told otherwise), then the dead letter, then forgets.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function startEventDispatcher(options: EventDispatcherOptions): EventDispatcher {
  const { queue, now } = options;
  const inFlight = new Map<number, string>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  const fail = async (
    event: QueuedEvent,
    settings: FunctionSettings,
    outcome: Outcome | null,
    condition: string,
  ): Promise<void> => {
    const { deadLetterArn, onFailureArn } = settings;
    const errorMessage = outcome?.error?.errorMessage ?? condition;
    if (deadLetterArn !== undefined)
      await options.deliver(deadLetterArn, {
        body: event.payload,
        attributes: {
          RequestID: event.requestId,
          ErrorCode: '200',
          ErrorMessage: errorMessage.slice(0, 1024),
        },
      });
    if (onFailureArn !== undefined)
      await options.deliver(onFailureArn, {
        body: JSON.stringify({
          version: '1.0',
          timestamp: new Date(now()).toISOString(),
          requestContext: {
            requestId: event.requestId,
            functionArn: `${settings.arn}:$LATEST`,
            condition,
            approximateInvokeCount: event.attempts + 1,
          },
          requestPayload: JSON.parse(event.payload),
          ...(outcome
            ? {
                responseContext: {
                  statusCode: 200,
                  executedVersion: '$LATEST',
                  functionError: 'Unhandled',
                },
                responsePayload: outcome.error,
              }
            : {}),
        }),
        attributes: {},
      });
    queue.remove(event.id);
  };

  const handle = async (event: QueuedEvent, settings: FunctionSettings): Promise<void> => {
    if (now() - event.receivedAt > maxAgeMilliseconds)
      return await fail(event, settings, null, 'EventAgeExceeded');
    let outcome: Outcome;
    try {
      outcome = await options.attempt(event, closing.signal);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return queue.postpone(event.id, event.attempts, now() + laterMilliseconds);
    }
    if (closing.signal.aborted) return;
    if (!outcome.error) return queue.remove(event.id);
    const delaySeconds = options.retryDelaysSeconds[event.attempts];
    const allowed = settings.maximumRetryAttempts ?? defaultRetryAttempts;
    if (event.attempts >= allowed) return await fail(event, settings, outcome, 'RetriesExhausted');
    return queue.postpone(event.id, event.attempts + 1, now() + (delaySeconds ?? 120) * 1000);
  };

  const start = (event: QueuedEvent, settings: FunctionSettings): void => {
    inFlight.set(event.id, event.functionName);
    handle(event, settings)
      .catch(() => {
        // Closing, or the dead letter's target refused: the event is still there.
        if (!closing.signal.aborted)
          queue.postpone(event.id, event.attempts, now() + laterMilliseconds);
      })
      .finally(() => {
        inFlight.delete(event.id);
        wake();
      });
  };

  const wake = (): void => {
    if (closing.signal.aborted) return;
    clearTimeout(timer);
    if (!options.ready()) {
      timer = setTimeout(wake, notReadyMilliseconds).unref();
      return;
    }
    for (const functionName of options.functionNames()) {
      const settings = options.settings(functionName);
      const running = [...inFlight.values()].filter((name) => name === functionName).length;
      if (!settings || running >= maxInFlight) continue;
      const ids = new Set(inFlight.keys());
      for (const event of queue.due(functionName, now(), maxInFlight - running, ids))
        start(event, settings);
    }
    const next = queue.nextDue(new Set(inFlight.keys()));
    // Due ones that were not started wait for a place, which wakes us.
    if (next !== null && next > now())
      timer = setTimeout(wake, Math.min(next - now(), 60_000)).unref();
  };

  return {
    wake,
    close() {
      clearTimeout(timer);
      closing.abort(new Error('Lambda is closing'));
    },
  };
}
