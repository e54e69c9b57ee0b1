import type { ExitCode } from './exitCodes.ts';

/** The world around the program, so that tests can be one. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Everything else: progress, questions, problems. */
  err(text: string): void;
  /** Whether a person watches `err`, so that a line may be redrawn. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** Asks a person; `hidden` does not show what is typed. Rejects when nobody is there. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** Everything on standard input. */
  readInput(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  readonly signal: AbortSignal;
  now(): number;
}

/** Ends the program with a code and one line that says why. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
