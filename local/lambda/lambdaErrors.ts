import { AwsError } from '../protocol/awsError.ts';

/** Lambda's own refusals, before any code ran. Step Functions shows them as `Lambda.<type>`. */
export const functionNotFound = (name: string): AwsError =>
  new AwsError('ResourceNotFoundException', `Function not found: ${name}`, {
    status: 404,
    extra: { Type: 'User' },
  });

export const tooManyRequests = (): AwsError =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    extra: { Type: 'User', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  });

export const requestTooLarge = (maxBytes: number): AwsError =>
  new AwsError(
    'RequestTooLargeException',
    `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation`,
    { status: 413, extra: { Type: 'User' } },
  );

export const unreadablePayload = (cause: Error): AwsError =>
  new AwsError(
    'InvalidRequestContentException',
    `Could not parse request body into json: ${cause.message}`,
    { extra: { Type: 'User' } },
  );

export const notListening = (): AwsError =>
  new AwsError('ServiceException', 'The AWS endpoint does not listen yet', { status: 500 });
