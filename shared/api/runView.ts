import type { LockItem } from '../runs/lockItem.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { Run } from './schemas/run.ts';

/** us-east-1, November 2026: Lambda arm64 per GB-second, Step Functions Standard per state transition. */
const usdPerGigabyteSecond = 0.0000133334;
const usdPerTransition = 0.000025;

/** A run as the API shows it. `lock` is its source's, for the progress of the run that holds it. */
export function runViewOf(run: RunItem, lock: LockItem | null): Run {
  const { request, startedAt, finishedAt } = run;
  const cost = run.gigabyteSeconds * usdPerGigabyteSecond + run.stateTransitions * usdPerTransition;
  return {
    id: run.runId,
    sourceId: run.sourceId,
    connector: run.connector,
    kind: request.kind,
    mode: request.mode ?? null,
    startDate: request.startDate ?? null,
    endDate: request.endDate ?? null,
    trigger: run.trigger,
    requestedBy: run.requestedBy,
    status: run.status,
    result: run.result ?? null,
    error: run.error ?? null,
    counts: run.counts,
    committedRows: run.counts.written,
    files: run.files ?? null,
    streams: run.streams,
    progress: lock?.owner?.runId === run.runId ? (lock.progress ?? null) : null,
    createdAt: run.createdAt,
    startedAt: startedAt ?? null,
    finishedAt: finishedAt ?? null,
    durationSeconds:
      startedAt === undefined || finishedAt === undefined
        ? null
        : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
    gigabyteSeconds: run.gigabyteSeconds,
    stateTransitions: run.stateTransitions,
    costUsd: Math.round(cost * 1e8) / 1e8,
  };
}
