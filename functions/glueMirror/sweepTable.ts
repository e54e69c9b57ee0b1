import { sourceIdOfRun } from '../../shared/ids.ts';
import { listOrphans } from '../../shared/lake/listOrphans.ts';
import { pathOf } from '../../shared/lake/objectPath.ts';
import type { ObjectLister, ObjectStore } from '../../shared/lake/tableChange.ts';
import { readTableMetadata } from '../../shared/lake/tableMetadata.ts';
import type { Log } from '../../shared/log.ts';
import { glueTableName } from './glueTableName.ts';
import { type Catalog, namedMetadata } from './mirrorTable.ts';
import type { StreamChange } from './streamChanges.ts';

export interface SweepDependencies {
  readonly catalog: Catalog;
  readonly store: ObjectStore & ObjectLister;
  readonly now: () => Date;
  readonly log: Log;
}

const day = 86_400_000;
/** A day's sweep that failed, or came to its limit, is made up for within so many days. */
const lookBackMilliseconds = 17 * day;

/**
 * Deletes what nothing refers to any more from a table's prefixes: once a day, at the day's first commit, and only
 * while the catalogue names the very commit that was mirrored. Younger than 3 days, of the run that committed or of
 * an unfinished refresh: nothing is touched (`listOrphans`).
 */
export async function sweepTable(
  { catalog, store, now, log }: SweepDependencies,
  { item, before, removed }: StreamChange,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, sourceId, table, location, pointer, rejects } = item;
  if (removed || pointer === null || before.pointer === null) return;
  if (before.pointer.version === pointer.version) return;
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const earlier = pathOf(store.bucket, before.pointer.metadataKey);
  const lastCommit =
    metadata['metadata-log'].find((entry) => entry['metadata-file'] === earlier)?.[
      'timestamp-ms'
    ] ?? 0;
  if (Math.floor(lastCommit / day) === Math.floor(metadata['last-updated-ms'] / day)) return;
  for (const [named, isRejects] of [
    [pointer, false],
    [rejects, true],
  ] as const) {
    const found = await namedMetadata(catalog, glueTableName(tenant, table, isRejects), signal);
    const expected = named === null ? null : pathOf(store.bucket, named.metadataKey);
    if (found !== null && found !== expected) return;
  }
  const sparedRuns = sparedRunsOf(item);
  if (sparedRuns === null) return;
  const { keys, more } = await listOrphans({
    store,
    sourceId,
    locations: [location, `${location}__rejects`],
    metadataPrefix: item.metadataPrefix,
    metadataKeys: [pointer, ...(rejects === null ? [] : [rejects])].map((each) => each.metadataKey),
    sparedRuns,
    since: new Date(Math.max(0, lastCommit - lookBackMilliseconds)),
    now: now(),
    signal,
  });
  await store.delete(keys, signal);
  if (keys.length > 0 || more)
    log.info('objects that nothing referred to deleted', { table, objects: keys.length, more });
}

/** The run that committed, and those whose parts an unfinished refresh goes on from; null where they cannot be told. */
function sparedRunsOf({ committedBy, stage }: StreamChange['item']): ReadonlySet<string> | null {
  const runs = new Set(committedBy === null ? [] : [committedBy.runId]);
  for (const { key } of stage?.parts ?? []) {
    const runId = key.split('/').find((part) => sourceIdOfRun(part) !== null);
    if (runId === undefined) return null;
    runs.add(runId);
  }
  return runs;
}
