import type { Source, SourceSummary } from '../api/schemas/source.ts';
import type { LockItem } from '../runs/lockItem.ts';
import { nextTimes } from '../schedules/nextTimes.ts';
import { scheduleText } from '../schedules/scheduleText.ts';
import { isOwnSecret } from '../secrets/secretStore.ts';
import type { Connectors } from './checkSettings.ts';
import { healthOf } from './health.ts';
import { maskConfig } from './maskConfig.ts';
import type { SourceItem } from './sourceItem.ts';

/** A source as lists show it. */
export function sourceSummaryOf(
  source: SourceItem,
  lock: LockItem | undefined,
  now: Date,
): SourceSummary {
  const { lastRun, lastSuccessAt, schedule } = source;
  const next =
    schedule !== null && source.status === 'active' ? nextTimes(schedule, now, 1).at(0) : undefined;
  return {
    id: source.sourceId,
    key: source.key,
    name: source.name,
    description: source.description,
    tags: source.tags,
    collection: source.collection,
    connector: source.connector,
    fileFormat: source.fileFormat,
    namespace: source.namespace,
    table: source.table,
    syncMode: source.syncMode,
    schedule,
    scheduleText: scheduleText(schedule),
    nextRunAt: next?.toISOString() ?? null,
    status: source.status,
    health: healthOf(source, lock),
    attention: source.attention,
    lastSyncAt: lastRun?.finishedAt ?? null,
    lastSyncStatus: lastRun?.status ?? null,
    lastSyncResult: lastRun?.result ?? null,
    lastSyncError: lastRun?.error ?? null,
    lastRunId: lastRun?.runId ?? null,
    lastSuccessAt,
    currentRunId: lock?.owner?.runId ?? null,
    recordCount: source.recordCount,
    syncCount: source.syncCount,
    freshness: {
      ageSeconds:
        lastSuccessAt === null
          ? null
          : Math.max(0, Math.floor((now.getTime() - Date.parse(lastSuccessAt)) / 1000)),
      targetSeconds: source.freshnessTargetSeconds,
    },
    createdBy: source.createdBy,
    createdAt: source.createdAt,
    updatedAt: source.updatedAt,
    rowVersion: source.rowVersion,
  };
}

/** A source in full, with everything secret masked. `secretPrefix` is `headgate/<stage>/`. */
export function sourceViewOf(
  source: SourceItem,
  lock: LockItem | undefined,
  {
    now,
    connectors,
    secretPrefix,
  }: {
    readonly now: Date;
    readonly connectors: Connectors;
    readonly secretPrefix: string;
  },
): Source {
  const schema = connectors.find(({ name }) => name === source.connector)?.config ?? null;
  const { secretRef, tenant, sourceId } = source;
  return {
    ...sourceSummaryOf(source, lock, now),
    config: maskConfig(source.config, schema),
    credentials:
      secretRef === null
        ? 'none'
        : isOwnSecret(secretRef, secretPrefix, tenant, sourceId)
          ? 'own'
          : 'shared',
    primaryKey: source.primaryKey,
    cursorField: source.cursorField,
    streams: source.streams,
    contract: source.contract,
    rules: source.rules ?? {},
    lastSyncCounts: source.lastRun?.counts ?? null,
  };
}
