import type { ObjectIndex } from './openIndex.ts';
import { S3Error } from './s3Error.ts';

export interface CorsRule {
  /** Exact origins, or with one `*`. */
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  /** Names with at most one `*`; lower or upper case alike. */
  readonly allowedHeaders?: readonly string[];
  readonly exposedHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly id?: string;
}

export interface LifecycleRule {
  /** Keys it covers; the empty string is all of them. */
  readonly prefix: string;
  /** Age at which current versions are deleted (in a versioned bucket: get a delete marker). */
  readonly expireAfterDays?: number;
  /** Days after a version was superseded until it is removed for good. */
  readonly expireNoncurrentAfterDays?: number;
  /** Age at which unfinished multipart uploads are aborted. */
  readonly abortUploadsAfterDays?: number;
}

export type Versioning = 'Unversioned' | 'Enabled' | 'Suspended';

export interface BucketSettings {
  readonly cors?: readonly CorsRule[];
  readonly lifecycle?: readonly LifecycleRule[];
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
  readonly versioning: Versioning;
  readonly settings: BucketSettings;
}

type BucketRow = { name: string; created: number; versioning: string; settings: string };

const bucketOf = (row: BucketRow): Bucket => ({
  name: row.name,
  createdAt: new Date(row.created),
  versioning: row.versioning as Versioning,
  settings: JSON.parse(row.settings) as BucketSettings,
});

/** Source: "General purpose bucket naming rules". */
const bucketName = /^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Creates the bucket when it is not there. @throws S3Error InvalidBucketName */
export function ensureBucket(index: ObjectIndex, name: string, now: Date): Bucket {
  if (!bucketName.test(name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', {
      elements: { BucketName: name },
    });
  index.run("INSERT OR IGNORE INTO buckets VALUES(?, ?, 'Unversioned', '{}')", name, now.getTime());
  return requireBucket(index, name);
}

export function findBucket(index: ObjectIndex, name: string): Bucket | null {
  const row = index.get<BucketRow>('SELECT * FROM buckets WHERE name = ?', name);
  return row === undefined ? null : bucketOf(row);
}

/** @throws S3Error NoSuchBucket */
export function requireBucket(index: ObjectIndex, name: string): Bucket {
  const bucket = findBucket(index, name);
  if (bucket === null)
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', {
      elements: { BucketName: name },
    });
  return bucket;
}

export const listBuckets = (index: ObjectIndex): readonly Bucket[] =>
  index.all<BucketRow>('SELECT * FROM buckets ORDER BY name').map(bucketOf);

export function changeSettings(
  index: ObjectIndex,
  name: string,
  change: { readonly [Name in keyof BucketSettings]: BucketSettings[Name] | undefined },
): void {
  const { settings } = requireBucket(index, name);
  // JSON drops what is undefined: that is how a setting is taken away.
  index.run(
    'UPDATE buckets SET settings = ? WHERE name = ?',
    JSON.stringify({ ...settings, ...change }),
    name,
  );
}

/** A bucket that was versioned once can only be suspended. */
export function setVersioning(index: ObjectIndex, name: string, to: 'Enabled' | 'Suspended'): void {
  index.run('UPDATE buckets SET versioning = ? WHERE name = ?', to, name);
}

/** A bucket that never was versioned stays so when asked not to be. */
export function changeVersioning(index: ObjectIndex, name: string, versioned: boolean): void {
  if (versioned) setVersioning(index, name, 'Enabled');
  else if (requireBucket(index, name).versioning === 'Enabled')
    setVersioning(index, name, 'Suspended');
}

/**
 * Unfinished multipart uploads go with the bucket; answers their blobs, which nothing names any more.
 *
 * @throws S3Error BucketNotEmpty while any version or delete marker is left
 */
export function deleteBucket(index: ObjectIndex, name: string): readonly string[] {
  return index.transaction(() => {
    if (index.get('SELECT 1 FROM versions WHERE bucket = ? LIMIT 1', name) !== undefined)
      throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty');
    const uploads = 'SELECT id FROM uploads WHERE bucket = ?';
    const parts = index.all<{ blob: string }>(
      `DELETE FROM parts WHERE upload IN (${uploads}) RETURNING blob`,
      name,
    );
    index.run('DELETE FROM uploads WHERE bucket = ?', name);
    index.run('DELETE FROM events WHERE bucket = ?', name);
    index.run('DELETE FROM buckets WHERE name = ?', name);
    return parts.map(({ blob }) => blob);
  });
}
