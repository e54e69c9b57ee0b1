import { HeadgateError } from './errors.ts';

/**
 * What a function may throw to the state machine. Lambda hands on `name` and `message` only, and both end in the
 * execution's history: our own errors go with their code in front of the message, anything else says nothing of
 * its cause (a driver's message may quote values or credentials), and may be retried.
 */
export function reportable(error: unknown): Error {
  if (error instanceof HeadgateError) {
    const reported = new Error(`${error.code}: ${error.message}`);
    reported.name = error.name;
    reported.stack = '';
    return reported;
  }
  const reported = new Error(
    'internal_error: Headgate failed. The log of this run has the details.',
  );
  reported.name = 'RetriableError';
  reported.stack = '';
  return reported;
}
