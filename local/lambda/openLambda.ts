import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from '../../shared/log.ts';
import { type InvokeFunction, LambdaFunctionError, type LocalService } from '../localService.ts';
import { jsonService, operation } from '../protocol/jsonService.ts';
import { type DeliverDeadLetter, startEventDispatcher } from './eventDispatcher.ts';
import { openEventQueue } from './eventQueue.ts';
import { filterLogEvents, filterLogEventsInput } from './filterLogEvents.ts';
import { openFunctionLogs, type StoredLogLine } from './functionLog.ts';
import { functionMetrics } from './functionMetrics.ts';
import type { FunctionSettings } from './functionSettings.ts';
import { answerInvokeRequest, isInvokeRequest } from './invokeApi.ts';
import { functionNotFound, notListening } from './lambdaErrors.ts';
import { type LogLine, type Outcome, openSandbox } from './sandbox.ts';
import { openSandboxPool, type SandboxPool } from './sandboxPool.ts';

export interface LambdaOptions {
  /** Queue, logs and temporary files lie here. */
  readonly folder: string;
  /**
   * Asked at each cold start, so that the endpoint may start to listen after this service was opened. While
   * it is empty no function starts, because its SDK clients would look for AWS itself: queued events wait.
   */
  readonly endpointUrl: () => string;
  /** Where clients reach the API; asked when a function starts. */
  readonly apiUrl?: () => string;
  readonly now?: () => number;
  /** Hears of failures of this service itself. */
  readonly log?: Log;
  /** Sees every line a function writes, and START, END and REPORT, in order. */
  readonly onLog?: (line: LogLine) => void;
  /** Takes the events of asynchronous invocations that failed for good. */
  readonly deliver?: DeliverDeadLetter;
  /** Waits before the retries of an asynchronous invocation; AWS waits 1 and 2 minutes. */
  readonly asyncRetryDelaysSeconds?: readonly number[];
  /** A warm sandbox nobody used for this long is ended. */
  readonly idleSeconds?: number;
  /** Sandboxes per function; invocations beyond wait. */
  readonly maxSandboxes?: Readonly<Record<FunctionSettings['isolation'], number>>;
}

export interface LocalLambda extends LocalService {
  /** Replaces a function of the same name; its sandboxes end once they are idle. */
  register(settings: FunctionSettings): void;
  readonly invoke: InvokeFunction;
  /** As the Invoke API's `Event`: stored when it returns, run at least once. Throws when the function is unknown. */
  invokeEvent(functionName: string, payload: unknown): void;
  /** A function's stored lines from old to new, those with an id above `afterId`. */
  readLog(functionName: string, afterId?: number): AsyncIterable<StoredLogLine>;
}

/** Lambda on this machine: worker threads and child processes run the deployed bundles. */
export function openLambda(options: LambdaOptions): LocalLambda {
  const {
    now = Date.now,
    onLog,
    deliver = async () => undefined,
    asyncRetryDelaysSeconds = [60, 120],
    idleSeconds = 120,
    // More processes than cores: a short call MUST NOT wait for long ones to end.
    maxSandboxes = { worker: 16, process: Math.max(4, 2 * availableParallelism()) },
  } = options;
  const folder = resolve(options.folder);
  const temporaryRoot = join(folder, 'tmp');
  // What sandboxes of a killed process left behind.
  rmSync(temporaryRoot, { recursive: true, force: true });
  mkdirSync(temporaryRoot, { recursive: true });

  const logs = openFunctionLogs({ folder: join(folder, 'logs') });
  const metrics = functionMetrics();
  const queue = openEventQueue(folder);
  const functions = new Map<string, { settings: FunctionSettings; pool: SandboxPool }>();
  let closed = false;

  const write = (line: LogLine): void => {
    if (closed) return;
    logs.append(line);
    metrics.see(line);
    onLog?.(line);
  };

  const find = (nameOrArn: string): { settings: FunctionSettings; pool: SandboxPool } => {
    const found = functions.get(nameOfFunction(nameOrArn));
    if (found) return found;
    throw functionNotFound(nameOrArn);
  };

  const run = async (
    nameOrArn: string,
    payload: string,
    requestId: string,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const { pool } = find(nameOrArn);
    if (options.endpointUrl() === '') throw notListening();
    return await pool.use(async (sandbox) => await sandbox.invoke(requestId, payload), signal);
  };

  const dispatcher = startEventDispatcher({
    queue,
    now,
    deliver,
    retryDelaysSeconds: asyncRetryDelaysSeconds,
    functionNames: () => functions.keys(),
    settings: (name) => functions.get(name)?.settings,
    ready: () => options.endpointUrl() !== '',
    attempt: async (event, signal) =>
      await run(event.functionName, event.payload, event.requestId, signal),
  });

  const enqueue = (nameOrArn: string, payload: string, requestId: string): void => {
    queue.add({
      requestId,
      functionName: find(nameOrArn).settings.name,
      payload,
      now: now(),
    });
    dispatcher.wake();
  };

  const readLog = (functionName: string, afterId = 0): AsyncIterable<StoredLogLine> =>
    logs.read(functionName, afterId);

  const operations = {
    run,
    enqueue,
    settings: (nameOrArn: string) => find(nameOrArn).settings,
    readLog,
  };
  const logService = jsonService({
    name: 'logs',
    target: 'Logs_20140328',
    jsonVersion: '1.1',
    operations: {
      FilterLogEvents: operation(
        filterLogEventsInput,
        async (query) => await filterLogEvents(query, (name) => functions.has(name), readLog),
      ),
    },
    close: () => undefined,
    log: options.log,
  });
  const metricService = jsonService({
    name: 'monitoring',
    target: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    operations: { GetMetricData: metrics.getMetricData },
    close: () => undefined,
    log: options.log,
  });

  return {
    name: 'lambda',
    accepts: (request) =>
      isInvokeRequest(request) || logService.accepts(request) || metricService.accepts(request),
    async handle(request, response) {
      if (isInvokeRequest(request))
        await answerInvokeRequest(request, response, operations, options.log);
      else if (metricService.accepts(request)) await metricService.handle(request, response);
      else await logService.handle(request, response);
    },
    register(settings) {
      const replaced = functions.get(settings.name);
      replaced?.pool.retire();
      const pool = openSandboxPool({
        open: () =>
          openSandbox({
            settings,
            temporaryRoot,
            endpointUrl: options.endpointUrl(),
            apiUrl: options.apiUrl?.() ?? '',
            onLog: write,
            now,
          }),
        maxSandboxes: maxSandboxes[settings.isolation],
        reservedConcurrency: settings.reservedConcurrency,
        idleSeconds,
      });
      functions.set(settings.name, { settings, pool });
      dispatcher.wake();
    },
    async invoke(functionName, payload, { signal }) {
      const answer = run(functionName, JSON.stringify(payload ?? null), randomUUID(), signal);
      const outcome = await orAborted(answer, signal);
      if (outcome.error)
        throw new LambdaFunctionError(
          outcome.error.errorType,
          outcome.error.errorMessage,
          JSON.stringify(outcome.error),
        );
      return JSON.parse(outcome.payload);
    },
    invokeEvent: (functionName, payload) =>
      enqueue(functionName, JSON.stringify(payload ?? null), randomUUID()),
    readLog,
    async close() {
      if (closed) return;
      dispatcher.close();
      await logService.close();
      await metricService.close();
      await Promise.all([...functions.values()].map(async ({ pool }) => await pool.close()));
      closed = true;
      queue.close();
      logs.close();
    },
  };
}

/** Lambda goes on when its caller goes away; only the answer is dropped. */
async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    promise.catch(() => undefined);
  }
}

/** The name in a name, a partial ARN, or an ARN, with or without `:$LATEST`. */
export function nameOfFunction(nameOrArn: string): string {
  const parts = nameOrArn.split(':');
  const marker = parts.indexOf('function');
  return (marker >= 0 ? parts[marker + 1] : parts[0]) ?? '';
}
