import type * as z from 'zod';
import type { healthReport } from '../api/schemas/run.ts';
import type { LockItem, LockSeat } from '../runs/lockItem.ts';
import { healthOf } from './health.ts';
import type { ListedSource } from './listSources.ts';

type HealthReport = z.infer<typeof healthReport>;

/** Reasons for attention, and locks, listed at most. */
const maxAttention = 100;
const maxRunning = 100;

/**
 * How a tenant's sources are: how many in which health, how many staler than they should be, the latest failures
 * and what wants attention. Reads sources one after another and keeps only what it lists.
 */
export async function healthReportOf(
  sources: AsyncIterable<ListedSource>,
  now: Date,
  maxFailures: number,
): Promise<HealthReport> {
  const byHealth: Record<string, number> = {};
  const recentFailures: HealthReport['recentFailures'] = [];
  const attention: HealthReport['attention'] = [];
  const running: HealthReport['running'] = [];
  let total = 0;
  let stale = 0;
  for await (const { source, lock } of sources) {
    if (source.status === 'archived') continue;
    total += 1;
    const health = healthOf(source, lock);
    byHealth[health] = (byHealth[health] ?? 0) + 1;
    const { sourceId, key: sourceKey, lastRun, lastSuccessAt, freshnessTargetSeconds } = source;
    if (lock?.owner !== undefined && running.length < maxRunning)
      running.push({ sourceId, sourceKey, ...held(lock, lock.owner) });
    if (
      freshnessTargetSeconds !== null &&
      lastSuccessAt !== null &&
      now.getTime() - Date.parse(lastSuccessAt) > freshnessTargetSeconds * 1000
    )
      stale += 1;
    for (const each of source.attention)
      if (attention.length < maxAttention) attention.push({ sourceId, sourceKey, ...each });
    if (lastRun === null || !failures.has(lastRun.status)) continue;
    const { runId, status, error = null, finishedAt } = lastRun;
    recentFailures.push({ sourceId, sourceKey, runId, status, error, finishedAt });
    recentFailures.sort((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1)).splice(maxFailures);
  }
  const fine = recentFailures.length === 0 && attention.length === 0 && stale === 0;
  return {
    status: fine ? 'ok' : 'attention',
    at: now.toISOString(),
    sources: { total, byHealth, stale },
    recentFailures,
    running,
    attention,
  };
}

const held = (
  { attempt, heldSince, leaseUntil, pending }: LockItem,
  { runId, request }: LockSeat,
): Omit<HealthReport['running'][number], 'sourceId' | 'sourceKey'> => ({
  runId,
  kind: request.kind,
  attempt,
  heldSince: instant(heldSince),
  leaseUntil: instant(leaseUntil),
  waitingRunId: pending?.runId ?? null,
});

const instant = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

const failures: ReadonlySet<string> = new Set(['failed', 'partial', 'timed_out']);
