import { CommanderError } from 'commander';
import { NoAnswerError, ProblemError } from '../client/problemError.ts';
import { type ExitCode, exitCodeOfStatus, exitCodes } from './exitCodes.ts';
import { printable } from './humanText.ts';
import { CliError } from './terminal.ts';

export interface Description {
  readonly exitCode: ExitCode;
  /** One line without its end; empty when everything was said. */
  readonly line: string;
}

/** Whatever was thrown, as one readable line and a code to end with. */
export function describeError(error: unknown): Description {
  if (error instanceof ProblemError)
    return { exitCode: exitCodeOfStatus(error.status), line: printable(problemLine(error)) };
  if (error instanceof NoAnswerError)
    return {
      exitCode: exitCodes.unavailable,
      line: printable(`${error.message}${causeText(error)}. Is Headgate running there?`),
    };
  if (error instanceof CliError)
    return { exitCode: error.exitCode, line: printable(error.message) };
  if (error instanceof CommanderError)
    // commander has printed its own message or help.
    return { exitCode: error.exitCode === 0 ? exitCodes.done : exitCodes.usage, line: '' };
  if (error instanceof Error && error.name === 'AbortError')
    return { exitCode: exitCodes.interrupted, line: 'Interrupted.' };
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return { exitCode: exitCodes.failure, line: printable(error.message) };
  return {
    exitCode: exitCodes.failure,
    line: printable(
      `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ),
  };
}

function problemLine({ problem, message }: ProblemError): string {
  const { errors, code, requestId, status } = problem;
  const fields = (errors ?? []).map(
    ({ pointer, detail }) => `${pointer.replace(/^#\//, '')}: ${detail}`,
  );
  const run = typeof problem['runId'] === 'string' ? ` Run ${problem['runId']}.` : '';
  const about = [message, ...(fields.join('; ') === message ? [] : fields)].join(' ');
  const trace = status >= 500 && requestId !== undefined ? ` (request ${requestId})` : '';
  return `${code}: ${about}${run}${trace}`;
}

function causeText({ cause }: Error): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return '';
  return ` (${'code' in inner ? String(inner.code) : inner.message})`;
}
