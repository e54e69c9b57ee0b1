import type * as z from 'zod';
import { badField } from '../api/fieldErrors.ts';
import type { Principal } from '../api/principal.ts';
import type { acceptedRun } from '../api/schemas/run.ts';
import { type Change, recordAudit } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { RunDependencies } from '../runs/endRun.ts';
import { requestRun } from '../runs/requestRun.ts';
import type { RunRequest, RunTrigger, WhenBusy } from '../runs/runRequest.ts';
import type { SourceItem } from './sourceItem.ts';

export type AcceptedRun = z.infer<typeof acceptedRun>;

export interface RunWish {
  readonly principal: Principal;
  readonly requestId: string;
  readonly request: RunRequest;
  readonly trigger: RunTrigger;
  readonly whenBusy: WhenBusy;
  readonly action: Change['action'];
}

/**
 * Asks for a run on behalf of a caller and writes down who asked. Throws `source_archived`, and
 * `sync_in_progress` or `queue_full` with the run that is in the way.
 */
export async function askForRun(
  dependencies: RunDependencies,
  source: SourceItem,
  { principal, requestId, request, trigger, whenBusy, action }: RunWish,
): Promise<AcceptedRun> {
  const { tenant, sourceId, connector } = source;
  requireRunnable(source);
  const answer = await requestRun(dependencies, {
    tenant,
    sourceId,
    connector,
    request,
    trigger,
    requestedBy: principal.tokenId,
    whenBusy,
  });
  if (answer.outcome === 'busy')
    throw new HeadgateError(
      answer.code,
      answer.code === 'queue_full'
        ? 'A run holds this source and a different request waits behind it.'
        : 'A run holds this source.',
      { facts: { runId: answer.runId } },
    );
  await recordAudit(
    dependencies.table,
    {
      tenant,
      by: principal.tokenId,
      requestId,
      action,
      subject: sourceId,
      // Undefined fields have no place in JSON.
      after: JSON.parse(
        JSON.stringify({ runId: answer.runId, outcome: answer.outcome, request }),
      ) as Json,
    },
    dependencies.now(),
  );
  return { runId: answer.runId, sourceId, status: answer.outcome };
}

/** Throws for a source no run may be started of. */
export function requireRunnable({ status, connector }: SourceItem): void {
  if (status === 'archived')
    throw new HeadgateError('source_archived', 'The source is archived. Make it active first.');
  if (connector === '') throw badField(['connector'], 'The source has no connector yet.');
}
