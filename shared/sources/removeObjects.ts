import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';

export interface RemovedObjects {
  readonly removed: number;
  /** Whether something was left under the prefix. */
  readonly more: boolean;
}

/**
 * Removes for good up to 1,000 versions and delete markers of objects under a prefix of a bucket, versioned or
 * not. Nothing is remembered between calls: what is removed is listed no more.
 *
 * @throws what S3 throws, and for the first object that S3 did not delete
 */
export async function removeObjects(
  s3: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<RemovedObjects> {
  const options = { abortSignal: signal };
  const page = await s3.send(
    new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: prefix,
      // XML can carry no control characters, and anybody who may drop files chooses their names.
      EncodingType: 'url',
    }),
    options,
  );
  const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
    ({ Key = '', VersionId }): ObjectIdentifier => ({
      Key: decodeURIComponent(Key.replaceAll('+', ' ')),
      VersionId,
    }),
  );
  const stray = found.find(({ Key }) => Key?.startsWith(prefix) !== true);
  if (stray !== undefined) throw new Error(`S3 listed ${stray.Key} under ${prefix}`);
  const plain = found.filter(({ Key = '' }) => !hasControlCharacter(Key));
  if (plain.length > 0) {
    const { Errors: [refused] = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: plain, Quiet: true } }),
      options,
    );
    if (refused !== undefined)
      throw new Error(`${refused.Key} could not be deleted: ${refused.Code} ${refused.Message}`);
  }
  for (const { Key, VersionId } of found)
    if (Key !== undefined && hasControlCharacter(Key))
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }), options);
  return { removed: found.length, more: page.IsTruncated === true };
}

/** What the XML of DeleteObjects could not name. */
const hasControlCharacter = (key: string): boolean => /[\p{Cc}\uFFFE\uFFFF]/u.test(key);
