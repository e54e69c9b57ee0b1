import { HeadgateError } from '../errors.ts';
import { openStatuses, type RunItem } from './runItem.ts';
import type { RunRequest } from './runRequest.ts';

/**
 * The request that does again what a run left undone: of a partial one, its failed streams; else all of it. Throws
 * `cannot_retry` for a run that is not over, or that left nothing.
 */
export function retryOf({ status, request, streams }: RunItem): RunRequest {
  if ((openStatuses as readonly string[]).includes(status))
    throw new HeadgateError('cannot_retry', 'The run is not over yet.');
  if (status === 'succeeded')
    throw new HeadgateError('cannot_retry', 'The run succeeded: start a new one instead.');
  const failed = Object.entries(streams).flatMap(([name, outcome]) =>
    outcome.status === 'failed' ? [name] : [],
  );
  return status === 'partial' && failed.length > 0 ? { ...request, streams: failed } : request;
}
