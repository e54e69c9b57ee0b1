import { HeadgateError } from '../../shared/errors.ts';

const passing: ReadonlySet<string> = new Set([
  'ConcurrentModificationException',
  'InternalServiceException',
  'OperationTimeoutException',
  'ResourceNotReadyException',
  'ResourceNumberLimitExceededException',
  'ThrottlingException',
  'TooManyRequestsException',
  'SlowDown',
  'TimeoutError',
]);

/** Whether the same record may well succeed when it comes again: throttles, faults of AWS, a lost connection. */
export function isRetryable(error: unknown): boolean {
  // `internal_error`: an object that cannot be understood will not be the next time either.
  if (error instanceof HeadgateError)
    return error.name === 'RetriableError' && error.code !== 'internal_error';
  if (!(error instanceof Error)) return false;
  const { $fault, code } = error as { $fault?: unknown; code?: unknown };
  return (
    passing.has(error.name) ||
    $fault === 'server' ||
    (typeof code === 'string' && /^(E[A-Z]+|UND_ERR_)/.test(code))
  );
}
