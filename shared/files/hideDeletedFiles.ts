import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Log } from '../log.ts';
import { type Table, ttlAttribute } from '../table.ts';
import { changeFiles } from './changeFiles.ts';
import { type FileItem, fileItem } from './fileItem.ts';
import { goneFiles, goneShards } from './goneIndex.ts';
import { listLandingVersions } from './landingVersions.ts';

export interface HideDependencies {
  readonly table: Table;
  readonly s3: S3Client;
  readonly landingBucket: string;
  readonly now: () => Date;
}

/** How long S3 keeps versions that something newer stands before; the bucket's lifecycle rule says the same. */
export const keptDays = 90;
/** The item outlives the bytes, so that a restore can say what became of them. */
const itemDays = keptDays + 30;
const filesPerRound = 500;

/**
 * Puts delete markers before the objects of deleted files, so that S3 removes their bytes for good after 90 days, and
 * until then they can be restored. Answers how many files it was done for.
 */
export async function hideDeletedFiles(
  dependencies: HideDependencies,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  let hidden = 0;
  for (let shard = 0; shard < goneShards; shard++)
    for await (const key of goneFiles(dependencies.table, shard)) {
      if (signal.aborted || hidden >= filesPerRound) return hidden;
      try {
        if (await hideFile(dependencies, key, signal)) hidden += 1;
      } catch (error) {
        if (signal.aborted) return hidden;
        log.error('a deleted file could not be hidden', { ...key, error });
      }
    }
  return hidden;
}

async function hideFile(
  { table, s3, landingBucket, now }: HideDependencies,
  key: { readonly pk: string; readonly sk: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  if (Item === undefined) return false;
  const { pk, sk, gsi2pk, gsi2sk, ...item } = Item;
  const file = fileItem.parse(item);
  // The index lags behind: it may have been restored.
  if (file.state !== 'deleted' || file.hidden === true) return false;
  const marker = await hideObject(s3, landingBucket, file, signal);
  const after: FileItem = {
    ...file,
    hidden: true,
    [ttlAttribute]: Math.ceil(now().getTime() / 1000) + itemDays * 86_400,
  };
  const refused = await changeFiles(table, [{ before: file, after }]);
  if (refused.length === 0) return true;
  if (marker !== null) await removeVersion(s3, landingBucket, file.key, marker, signal);
  return false;
}

/** Answers the delete marker that stands before the version now; null where something else does already. */
async function hideObject(
  s3: S3Client,
  bucket: string,
  { key, versionId }: FileItem,
  signal: AbortSignal,
): Promise<string | null> {
  if ((await behind(s3, bucket, key, null, signal)) !== versionId) return null;
  const { VersionId: marker } = await s3.send(
    new DeleteObjectCommand({ Bucket: bucket, Key: key }),
    { abortSignal: signal },
  );
  if (marker === undefined) return null;
  // Somebody may have dropped another version just before: it is not to be hidden.
  if ((await behind(s3, bucket, key, marker, signal)) === versionId) return marker;
  await removeVersion(s3, bucket, key, marker, signal);
  return null;
}

/**
 * The newest version of a key that is older than `marker`; for null its latest, which none is when a delete marker
 * stands before all.
 */
async function behind(
  s3: S3Client,
  bucket: string,
  key: string,
  marker: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const from = marker === null ? null : { keyMarker: key, versionMarker: marker };
  const { versions } = await listLandingVersions(s3, bucket, key, from, signal);
  const same = versions.filter((version) => version.key === key);
  const found = same.find(({ isLatest, isMarker }) => (marker === null ? isLatest : !isMarker));
  return found === undefined || found.isMarker ? null : found.versionId;
}

const removeVersion = (
  s3: S3Client,
  Bucket: string,
  Key: string,
  VersionId: string,
  abortSignal: AbortSignal,
) => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }), { abortSignal });
