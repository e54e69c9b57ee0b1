import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { functionEnvironment, logGroupOf } from './functionEnvironment.ts';
import type { FunctionSettings } from './functionSettings.ts';
import { reportLine } from './reportLine.ts';
import type { ReportedError, SandboxChannel, SandboxMessage } from './sandboxChannel.ts';
import { splitLines } from './splitLines.ts';
import { startProcess } from './startProcess.ts';
import { startWorker } from './startWorker.ts';

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly functionName: string;
  readonly logStreamName: string;
  /** Empty when nothing was being answered. */
  readonly requestId: string;
  readonly stream: 'stdout' | 'stderr' | 'platform';
  /** Without its line end. */
  readonly message: string;
}

/** What one invocation came to: a JSON answer, or the function's failure. */
export type Outcome =
  | { readonly payload: string; readonly error?: never }
  | { readonly payload?: never; readonly error: ReportedError };

export interface SandboxOptions {
  readonly settings: FunctionSettings;
  /** Absolute; the sandbox makes its temporary folder below and removes it in the end. */
  readonly temporaryRoot: string;
  readonly endpointUrl: string;
  /** Where clients reach the API; empty until it listens. */
  readonly apiUrl: string;
  readonly onLog: (line: LogLine) => void;
  readonly now: () => number;
}

export interface Sandbox {
  /** One at a time. Never rejects; resolves within the function's timeout plus the start of the sandbox. */
  invoke(requestId: string, payload: string): Promise<Outcome>;
  /** True once it cannot take another invocation. */
  readonly dead: boolean;
  /** Ends it now, whatever it is doing; resolves when it is gone. */
  end(): Promise<void>;
}

/** Lambda allows the start of a sandbox this long, besides the function's timeout. */
const initSeconds = 10;

/** Starts a sandbox at once; the first invocation waits until it is ready. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const { settings, now } = options;
  const logStreamName = `${new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
  const temporaryFolder = join(options.temporaryRoot, randomUUID());
  mkdirSync(temporaryFolder, { recursive: true });

  let dead = false;
  let current: { readonly requestId: string; settle(outcome: Outcome): void } | null = null;
  let initMilliseconds: number | null = null;
  let peakBytes = 0;
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  let onGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    onGone = resolve;
  });
  /** Set before the first invocation when the handler did not even load. */
  let initError: ReportedError | null = null;

  const log = (stream: LogLine['stream'], message: string): void =>
    options.onLog({
      timestamp: now(),
      functionName: settings.name,
      logStreamName,
      requestId: current?.requestId ?? '',
      stream,
      message,
    });
  const lines = splitLines((stream, line) => log(stream, line));

  const die = (): void => {
    dead = true;
    channel.kill();
  };

  const onMessage = (message: SandboxMessage): void => {
    switch (message.kind) {
      case 'ready':
        initMilliseconds = message.initMilliseconds;
        onReady();
        return;
      case 'log':
        lines.add(message.stream, message.text);
        return;
      case 'initFailure':
        initError = message.error;
        die();
        onReady();
        return;
      case 'result':
      case 'failure': {
        if (message.kind === 'failure' && message.fatal) die();
        peakBytes = Math.max(peakBytes, message.peakBytes ?? 0);
        if (current === null || message.requestId !== current.requestId) return;
        current.settle(
          message.kind === 'result' ? { payload: message.payload } : { error: message.error },
        );
      }
    }
  };

  const channel: SandboxChannel = (settings.isolation === 'worker' ? startWorker : startProcess)(
    settings,
    functionEnvironment(settings, {
      logStreamName,
      temporaryFolder,
      endpointUrl: options.endpointUrl,
      apiUrl: options.apiUrl,
    }),
    {
      message: onMessage,
      output: (stream, text) => lines.add(stream, text),
      ended: (how, outOfMemory) => {
        dead = true;
        lines.flush();
        const requestId = current?.requestId ?? '';
        current?.settle({
          // A thread's last message and its end may come in one turn.
          error: initError ?? {
            errorType: outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError',
            errorMessage:
              how === ''
                ? `RequestId: ${requestId} Error: Runtime exited without providing a reason`
                : `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
          },
        });
        // What cannot be removed now is at the next start, together with what killed processes left.
        rm(temporaryFolder, { recursive: true, force: true, maxRetries: 3 }).then(onGone, onGone);
      },
    },
  );

  return {
    get dead() {
      return dead;
    },
    async end() {
      die();
      await gone;
    },
    async invoke(requestId, payload) {
      const outcome = new Promise<Outcome>((resolve) => {
        current = { requestId, settle: resolve };
      });
      const timedOut = (): void => {
        const seconds = settings.timeoutSeconds.toFixed(2);
        current?.settle({
          error: {
            errorType: 'Sandbox.Timedout',
            errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
          },
        });
        die();
      };
      log('platform', `START RequestId: ${requestId} Version: $LATEST`);
      let timer = setTimeout(timedOut, (initSeconds + settings.timeoutSeconds) * 1000);
      const cold = initMilliseconds === null;
      let started = performance.now();
      void ready.then(() => {
        clearTimeout(timer);
        if (initError) return current?.settle({ error: initError });
        if (dead) return undefined;
        started = performance.now();
        timer = setTimeout(timedOut, settings.timeoutSeconds * 1000);
        return channel.send({
          kind: 'invoke',
          requestId,
          payload,
          deadline: Date.now() + settings.timeoutSeconds * 1000,
          context: {
            functionName: settings.name,
            functionVersion: '$LATEST',
            invokedFunctionArn: settings.arn,
            memoryLimitInMB: String(settings.memoryMegabytes),
            awsRequestId: requestId,
            logGroupName: logGroupOf(settings.name),
            logStreamName,
          },
        });
      });
      const settled = await outcome;
      clearTimeout(timer);
      lines.flush();
      if (settled.error) log('platform', JSON.stringify(settled.error));
      log('platform', `END RequestId: ${requestId}`);
      log(
        'platform',
        reportLine(settings, {
          requestId,
          milliseconds: performance.now() - started,
          // A thread's share of the process cannot be told.
          peakBytes: settings.isolation === 'process' ? peakBytes : 0,
          initMilliseconds: cold ? initMilliseconds : null,
          errorType: settled.error?.errorType ?? null,
        }),
      );
      current = null;
      return settled;
    },
  };
}
