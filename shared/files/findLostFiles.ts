import type { S3Client } from '@aws-sdk/client-s3';
import type { Log } from '../log.ts';
import type { RunDependencies } from '../runs/endRun.ts';
import { arriveFiles } from './arriveFiles.ts';
import { droppedFile } from './droppedFile.ts';
import { type FileItem, refKey } from './fileItem.ts';
import { getFiles } from './files.ts';
import { parseLandingKey } from './landingKey.ts';
import { type LandingVersion, listLandingVersions } from './landingVersions.ts';
import { getListing, type ListingItem, putListing } from './listingItem.ts';

export interface LostFilesDependencies extends RunDependencies {
  readonly s3: S3Client;
  readonly landingBucket: string;
}

const everyMilliseconds = 24 * 3_600_000;
/** Objects younger than this: their events are under way. */
const underWayMilliseconds = 15 * 60_000;
/** Looked up twice rather than not at all, where clocks differ or a listing took long. */
const overlapMilliseconds = everyMilliseconds;
/** Of up to 1,000 versions, in one round. */
const pagesPerRound = 50;

/**
 * Once a day, looks through everything that was dropped for files whose events never came, and has them loaded. A
 * large bucket takes several rounds; each goes on where the last one stopped. Answers how many were found.
 */
export async function findLostFiles(
  dependencies: LostFilesDependencies,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  const { table, s3, landingBucket, now } = dependencies;
  let found = 0;
  let stored = await getListing(table);
  if (stored?.isDone === true && isYoung(stored, now())) return 0;
  let listing = stored === null || stored.isDone ? nextListing(stored, now()) : stored;
  for (let pages = 0; pages < pagesPerRound && !listing.isDone && !signal.aborted; pages++) {
    const { versions, next } = await listLandingVersions(
      s3,
      landingBucket,
      'landing/',
      listing.place,
      signal,
    );
    found += await lookUp(dependencies, listing, versions, log);
    const moved: ListingItem = {
      ...listing,
      place: next === null ? null : { ...next },
      isDone: next === null,
      rev: (stored?.rev ?? 0) + 1,
    };
    // Another round is at the same work; it may have it.
    if (!(await putListing(table, stored, moved))) break;
    stored = moved;
    listing = moved;
  }
  if (found > 0) log.warn('dropped files were found whose events never came', { found });
  return found;
}

const isYoung = ({ startedAt }: ListingItem, now: Date): boolean =>
  now.getTime() - Date.parse(startedAt) < everyMilliseconds;

const nextListing = (before: ListingItem | null, now: Date): ListingItem => ({
  v: 1,
  startedAt: now.toISOString(),
  since:
    before === null
      ? null
      : new Date(Date.parse(before.startedAt) - overlapMilliseconds).toISOString(),
  place: null,
  isDone: false,
  rev: before?.rev ?? 0,
});

/** Records those of a page that are current and not known. */
async function lookUp(
  dependencies: LostFilesDependencies,
  { since, startedAt }: ListingItem,
  versions: readonly LandingVersion[],
  log: Log,
): Promise<number> {
  const from = since === null ? 0 : Date.parse(since);
  const to = Date.parse(startedAt) - underWayMilliseconds;
  const files = versions.flatMap(({ isLatest, isMarker, modifiedAt, ...object }): FileItem[] => {
    const time = modifiedAt.getTime();
    const place = parseLandingKey(object.key);
    if (!isLatest || isMarker || place === null || time < from || time > to) return [];
    const { key, versionId, bytes, etag } = object;
    const dropped = { key, versionId, bytes, etag, modifiedAt: modifiedAt.toISOString() };
    return [droppedFile(place, dropped)];
  });
  let found = 0;
  for (const group of Map.groupBy(files, sourceOf).values()) {
    const [{ tenant, sourceId }] = group as [FileItem, ...FileItem[]];
    const known = await getFiles(dependencies.table, tenant, sourceId, group);
    const lost = group.filter((file) => !known.has(refKey(file)));
    if (lost.length === 0) continue;
    await arriveFiles(dependencies, { tenant, sourceId }, lost, log);
    found += lost.length;
  }
  return found;
}

const sourceOf = ({ tenant, sourceId }: FileItem): string => `${tenant}#${sourceId}`;
