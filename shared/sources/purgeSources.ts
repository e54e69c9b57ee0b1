import type { S3Client } from '@aws-sdk/client-s3';
import { landingPrefix, uploadsPrefix } from '../files/fileItem.ts';
import type { Log } from '../log.ts';
import type { Table } from '../table.ts';
import { forgetItems } from './forgetItems.ts';
import { getSource } from './getSource.ts';
import {
  duePurges,
  finishPurge,
  getPurge,
  lastLookMilliseconds,
  type PurgeItem,
  postponePurge,
} from './purgeItem.ts';
import { removeObjects } from './removeObjects.ts';

export interface PurgeDependencies {
  readonly table: Table;
  readonly s3: S3Client;
  readonly landingBucket: string;
  readonly lakeBucket: string;
  readonly now: () => Date;
}

export interface PurgeReport {
  /** Sources of which nothing is left. */
  finished: number;
  /** Sources to be looked at again. */
  unfinished: number;
  failed: number;
  /** Object versions removed. */
  removed: number;
}

/** Of one source in one round, of up to 1,000 objects or 25 items each. */
const batchesPerRound = 50;
/** A source that failed is left alone for so long. */
const retryMilliseconds = 15 * 60_000;

/**
 * Removes what is left of sources deleted with their data: items, then every version of their objects, then the
 * note that they are to be removed. A round stops between batches when `signal` is aborted, and a later one goes
 * on; no source keeps the others waiting, however large it is or however often it fails.
 */
export async function purgeSources(
  dependencies: PurgeDependencies,
  log: Log,
  signal: AbortSignal,
): Promise<PurgeReport> {
  const { table, now } = dependencies;
  const report: PurgeReport = { finished: 0, unfinished: 0, failed: 0, removed: 0 };
  for await (const name of duePurges(table, now())) {
    if (signal.aborted) break;
    try {
      const purge = await getPurge(table, name);
      if (purge === null || Date.parse(purge.notBefore) > now().getTime()) continue;
      if (await purgeSource(dependencies, purge, report, signal)) report.finished += 1;
      else report.unfinished += 1;
    } catch (error) {
      const isCutOff = signal.aborted;
      report[isCutOff ? 'unfinished' : 'failed'] += 1;
      if (!isCutOff)
        log.error('the data of a deleted source could not be removed; it is tried again', {
          code: 'purge_failed',
          ...name,
          error,
        });
      await postponePurge(
        table,
        name,
        new Date(now().getTime() + (isCutOff ? 0 : retryMilliseconds)),
      );
    }
  }
  return report;
}

/** One source's share of a round; true when the source is finished with. */
async function purgeSource(
  { table, s3, landingBucket, lakeBucket, now }: PurgeDependencies,
  purge: PurgeItem,
  report: PurgeReport,
  signal: AbortSignal,
): Promise<boolean> {
  const { tenant, sourceId } = purge;
  if ((await getSource(table, tenant, sourceId)) !== null)
    throw new Error('the source is there: none of its data is removed');
  let batches = 0;
  const removeAll = async (removeBatch: () => Promise<boolean>): Promise<boolean> => {
    while (batches < batchesPerRound && !signal.aborted) {
      batches += 1;
      if (!(await removeBatch())) return true;
    }
    return false;
  };
  const removeUnder = (bucket: string, prefix: string) =>
    removeAll(async () => {
      const { removed, more } = await removeObjects(s3, bucket, prefix, signal);
      report.removed += removed;
      return more;
    });
  // Items first: nothing names an object that is gone.
  let isClean = await removeAll(() => forgetItems(table, tenant, sourceId, signal));
  for (const prefix of landingPrefixes(tenant, sourceId))
    isClean = isClean && (await removeUnder(landingBucket, prefix));
  for (const prefix of lakePrefixes(tenant, sourceId))
    isClean = isClean && (await removeUnder(lakeBucket, prefix));
  const lastLook = Date.parse(purge.deletedAt) + lastLookMilliseconds;
  if (isClean && now().getTime() >= lastLook) {
    await finishPurge(table, purge);
    return true;
  }
  await postponePurge(table, purge, isClean ? new Date(lastLook) : now());
  return false;
}

/** Each ends where the source's id does, so that no other source's objects begin with it. */
export const landingPrefixes = (tenant: string, sourceId: string): readonly string[] => [
  landingPrefix(tenant, sourceId),
  uploadsPrefix(tenant, sourceId),
];
export const lakePrefixes = (tenant: string, sourceId: string): readonly string[] => [
  `lake/data/${tenant}/${sourceId}/`,
  `lake/metadata/${tenant}/${sourceId}/`,
  // Run ids are `<sourceId>-<ulid>`.
  `runs/${tenant}/${sourceId}-`,
];
