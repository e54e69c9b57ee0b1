import type { Health } from '../api/schemas/source.ts';
import type { LockItem } from '../runs/lockItem.ts';
import type { SourceItem } from './sourceItem.ts';

/**
 * How a source is, from who holds its lock and how its last run ended; never stored, so it cannot be stale.
 * A cancelled or skipped run says nothing: what was loaded before still stands.
 */
export function healthOf(
  source: Pick<SourceItem, 'lastRun' | 'lastSuccessAt'>,
  lock: Pick<LockItem, 'owner' | 'attempt'> | undefined,
): Health {
  const owner = lock?.owner;
  if (owner !== undefined) {
    if (owner.request.kind !== 'ingest') return 'processing';
    return lock?.attempt === 0 ? 'queued' : 'syncing';
  }
  const { lastRun, lastSuccessAt } = source;
  switch (lastRun?.status) {
    case 'failed':
    case 'timed_out':
    case 'partial':
      return 'failed';
    case 'succeeded':
      return lastRun.result === 'no_data' ? 'no_data' : 'synced';
    default:
      return lastSuccessAt === null ? 'never_synced' : 'synced';
  }
}
