import type { FunctionSettings } from './functionSettings.ts';

export interface ReportedError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What the code in `sandbox/` says. */
export type SandboxMessage =
  | { readonly kind: 'ready'; readonly initMilliseconds: number }
  | { readonly kind: 'initFailure'; readonly error: ReportedError }
  | { readonly kind: 'log'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'result';
      readonly requestId: string;
      readonly payload: string;
      readonly peakBytes: number;
    }
  | {
      readonly kind: 'failure';
      /** Null when nothing was being answered. */
      readonly requestId: string | null;
      readonly error: ReportedError;
      /** The sandbox ends after it. */
      readonly fatal: boolean;
      readonly peakBytes?: number;
    };

export interface SandboxRequest {
  readonly kind: 'invoke';
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly context: object;
}

/** A running thread or process, before anything is known of invocations. */
export interface SandboxChannel {
  send(request: SandboxRequest): void;
  /** Ends it whatever it is doing; `ended` follows. */
  kill(): void;
}

export interface SandboxListener {
  message(message: SandboxMessage): void;
  /** Text written past the runtime, e.g. by native code or V8's last words. */
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** Once. `how` is what Lambda would say, e.g. `exit status 1`, `signal: killed`; empty for a clean exit. */
  ended(how: string, outOfMemory: boolean): void;
}

export type StartSandbox = (
  settings: FunctionSettings,
  environment: Readonly<Record<string, string>>,
  listener: SandboxListener,
) => SandboxChannel;
