import { type ErrorCode, errorTable, HeadgateError } from '../errors.ts';
import type { Problem } from './schemas/problem.ts';

/** What the AWS SDK throws once its own retries of a throttle or an outage are used up. */
const busyNames = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'TransactionInProgressException',
  'InternalServerError',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'TimeoutError',
]);

const defaultRetrySeconds = 2;

/**
 * The one place where a thrown value becomes an RFC 9457 document. An error that is none of ours says nothing
 * but its request id; the log has the rest.
 */
export function toProblem(thrown: unknown, requestId: string): Problem {
  const error = isBusy(thrown)
    ? new HeadgateError('service_unavailable', 'Try again in a moment.', { cause: thrown })
    : thrown;
  if (!(error instanceof HeadgateError) || error.code === 'internal_error')
    return {
      type: 'about:blank',
      title: errorTable.internal_error.title,
      status: 500,
      code: 'internal_error',
      requestId,
    };
  const { title, status, retryable } = errorTable[error.code];
  const retryAfterSeconds =
    error.retryAfterSeconds ??
    (retryable && (status === 429 || status === 503) ? defaultRetrySeconds : undefined);
  return {
    ...error.facts,
    type: problemType(error.code),
    title,
    status,
    code: error.code,
    detail: error.message,
    requestId,
    ...(error.fields.length > 0 ? { errors: [...error.fields] } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** A reference relative to the API's own address, which answers it. */
export const problemType = (code: ErrorCode): string => `/problems/${code}`;

const isBusy = (error: unknown): boolean => error instanceof Error && busyNames.has(error.name);
