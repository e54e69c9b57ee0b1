import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * One AWS service of the embedded default. All of them share one HTTP endpoint, which asks `accepts` in turn
 * and hands the request to the first that says yes; S3 comes last and takes what is left.
 *
 * State lies under the service's own folder and survives kill -9: a request that was answered has been stored.
 * An operation that is not there answers with a clear error (`UnknownOperationException`, `NotImplemented`),
 * never with a wrong success.
 */
export interface LocalService {
  readonly name: string;
  accepts(request: IncomingMessage): boolean;
  /** Answers the request; MUST NOT throw and MUST survive clients that go away half way. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Stops timers and closes files within 2 s. No request is handled after it. */
  close(): Promise<void>;
}

/** Facts every local service agrees on. */
export const localAccount = {
  region: 'us-east-1',
  accountId: '000000000000',
  accessKeyId: 'headgate',
  secretAccessKey: 'headgate',
} as const;

/** Invokes a deployed function in process; rejects with LambdaFunctionError when the function failed. */
export type InvokeFunction = (
  /** Name or ARN. */
  functionName: string,
  payload: unknown,
  options: { readonly signal: AbortSignal },
) => Promise<unknown>;

/** A function's own failure, as Lambda reports it: `name` is what Step Functions' Retry and Catch match. */
export class LambdaFunctionError extends Error {
  /** `{ errorType, errorMessage, trace }` as JSON: the Cause in Step Functions. */
  readonly payload: string;
  constructor(errorType: string, errorMessage: string, payload: string) {
    super(errorMessage);
    this.name = errorType;
    this.payload = payload;
  }
}
