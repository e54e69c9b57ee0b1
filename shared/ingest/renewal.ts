import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { noteRenewal } from '../runs/streams.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { StreamPlan } from './planStreams.ts';
import type { QueuedStream } from './runCheckpoint.ts';

/**
 * Whether a read that failed can begin again by itself: the source forgot what its cursor stood for, and rows that
 * are all read again take the place of those of the same key. Never for rows that only add up.
 */
export const isRenewable = (
  error: unknown,
  { request }: RunItem,
  { effect, description, request: { mode, window } }: StreamPlan,
  from: Json | null,
): error is HeadgateError =>
  error instanceof HeadgateError &&
  error.code === 'cursor_expired' &&
  request.kind === 'ingest' &&
  mode === 'incremental' &&
  window === null &&
  effect === 'upsert' &&
  description.upserts === true &&
  from !== null;

/** The plan of a read that begins again: what went meanwhile goes, too, in the one snapshot that shows all rows. */
export const renewedPlan = (plan: StreamPlan): StreamPlan => ({
  ...plan,
  effect: 'replace',
  fromStart: true,
});

/** Says so in the run's log and on the stream, and answers where to go on. */
export async function renew(
  { table, log, now }: IngestDependencies,
  { runId }: RunItem,
  stream: StreamItem,
  { message }: HeadgateError,
): Promise<QueuedStream> {
  log.warn('the source no longer knows the cursor: everything is read again', {
    stream: stream.stream,
    code: 'cursor_expired',
    reason: message,
  });
  await noteRenewal(table, stream, { runId, at: now().toISOString(), reason: message });
  return { stream: stream.stream, position: null, tries: 0, renewed: true };
}
