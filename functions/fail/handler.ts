import { type ErrorCode, errorTable } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { endRun, type RunDependencies } from '../../shared/runs/endRun.ts';
import { failInput } from '../../shared/runs/ingestProtocol.ts';
import type { RunError } from '../../shared/runs/runItem.ts';

/** Ends a run whose execution failed, with a reason a person can act on, and frees its lock. */
export const makeHandler =
  (dependencies: RunDependencies, log: Log) =>
  async (event: unknown): Promise<{ readonly ended: boolean }> => {
    const input = failInput.parse(event);
    const error = reasonOf(input.error, input.cause);
    const ended = await endRun(dependencies, input, { status: 'failed', error });
    const { tenant, sourceId, runId } = input;
    log.error(ended ? 'run failed' : 'run had already ended', {
      tenant,
      sourceId,
      runId,
      code: error.code,
      reason: error.message,
    });
    return { ended };
  };

const platformReasons: Readonly<Record<string, Pick<RunError, 'code' | 'message'>>> = {
  'Sandbox.Timedout': {
    code: 'internal_error',
    message:
      'The function ran into its time limit without a checkpoint. Nothing of this step was committed.',
  },
  'Runtime.ExitError': {
    code: 'internal_error',
    message: 'The function crashed. Nothing of this step was committed.',
  },
  'Runtime.OutOfMemory': {
    code: 'out_of_memory',
    message:
      'The function ran out of memory. Nothing of this step was committed; give it more memory.',
  },
  'States.Timeout': {
    code: 'internal_error',
    message: 'A step took longer than it may. Nothing of this step was committed.',
  },
  'States.DataLimitExceeded': {
    code: 'internal_error',
    message: 'A step answered more than 256 KB.',
  },
};

/** Our own messages come as `code: text`; of anything else only its kind is told. */
export function reasonOf(error: string, cause: string): RunError {
  const message = messageIn(cause);
  const [, code, text] = /^([a-z_]+): ([\s\S]+)$/.exec(message) ?? [];
  if (code !== undefined && text !== undefined && code in errorTable)
    return { code: code as ErrorCode, message: text };
  return (
    platformReasons[error] ?? {
      code: 'internal_error',
      message: `Headgate failed (${error.slice(0, 80)}). The log of this run has the details.`,
    }
  );
}

/** Lambda's cause is `{ errorType, errorMessage, trace }` as JSON. */
function messageIn(cause: string): string {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (parsed !== null && typeof parsed === 'object' && 'errorMessage' in parsed)
      return String(parsed.errorMessage);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return cause;
}
