import { HeadgateError } from '../errors.ts';

/** `s3://bucket/key` of a key. */
export const pathOf = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

/** The key of an `s3://bucket/key` path. Throws `internal_error` for a path of another bucket. */
export function keyOf(bucket: string, path: string): string {
  const prefix = pathOf(bucket, '');
  if (!path.startsWith(prefix) || path.length === prefix.length)
    throw new HeadgateError('internal_error', `${path} does not lie in the bucket ${bucket}`);
  return path.slice(prefix.length);
}
