import { type ChecksumAlgorithm, checksumHeader, type StoredChecksum } from './checksums.ts';
import type { ObjectMetadata, ObjectVersion } from './objectVersion.ts';
import { S3Error } from './s3Error.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** Kept with an object and sent back with it. */
const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

const storageClasses = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'REDUCED_REDUNDANCY',
];
/** Source: "Working with object metadata". */
const mostUserMetadataBytes = 2048;

/** Headers whose promise this service cannot keep: refused, never ignored. */
const refusedHeaders = [
  /^x-amz-object-lock-/,
  /^x-amz-server-side-encryption-customer-/,
  /^x-amz-copy-source-server-side-encryption-/,
  /^x-amz-grant-/,
  /^x-amz-website-redirect-location$/,
  /^x-amz-write-offset-bytes$/,
  /^x-amz-mfa$/,
];

/** @throws S3Error NotImplemented, AccessDenied */
export function refuseUnsupported(headers: Headers): void {
  for (const name of Object.keys(headers))
    if (refusedHeaders.some((pattern) => pattern.test(name)))
      throw new S3Error(
        'NotImplemented',
        'A header you provided asks for something this S3 does not have',
        { elements: { Header: name } },
      );
  const acl = headers['x-amz-acl'];
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control')
    throw new S3Error('NotImplemented', 'Only private objects are supported', {
      elements: { Header: 'x-amz-acl' },
    });
}

/** Source: "Categorizing your storage using tags", allowed characters. */
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags as a query string, `a=1&b=2`. @throws S3Error InvalidTag, BadRequest */
export function parseTagging(text: string | undefined): Record<string, string> {
  const parameters = [...new URLSearchParams(text ?? '')];
  return checkTags(parameters);
}

/** @throws S3Error InvalidTag, BadRequest (more than 10, S3's own name for it) */
export function checkTags(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const tags = Object.fromEntries(pairs);
  if (Object.keys(tags).length !== pairs.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  if (pairs.length > 10) throw new S3Error('BadRequest', 'Object tags cannot be greater than 10');
  for (const [key, value] of pairs)
    if (key === '' || key.length > 128 || value.length > 256 || !tagText.test(key + value))
      throw new S3Error('InvalidTag', 'The tag key or value you have provided is invalid');
  return tags;
}

/**
 * Whether it can be sent back: what comes in a form or in a URL need not be a legal header.
 *
 * @throws S3Error InvalidArgument
 */
export function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new S3Error('InvalidArgument', 'Header value cannot be represented using ISO-8859-1.', {
      elements: { ArgumentName: name },
    });
}

/** @throws S3Error InvalidArgument, MetadataTooLarge, InvalidStorageClass, InvalidTag, NotImplemented */
export function metadataOf(headers: Headers): ObjectMetadata {
  refuseUnsupported(headers);
  for (const [name, value = ''] of Object.entries(headers))
    if (name.startsWith('x-amz-meta-') || (keptHeaders as readonly string[]).includes(name))
      checkHeader(name, value);
  const user: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-meta-') || value === undefined) continue;
    user[name.slice('x-amz-meta-'.length)] = value;
    bytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value, 'latin1');
  }
  if (bytes > mostUserMetadataBytes)
    throw new S3Error(
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
    );
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of keptHeaders) {
    const value = name === 'content-encoding' ? withoutAwsChunked(headers[name]) : headers[name];
    if (value) kept[name] = value;
  }
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD';
  if (!storageClasses.includes(storageClass))
    throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid');
  const encryption = headers['x-amz-server-side-encryption'];
  return {
    headers: kept,
    user,
    tags: parseTagging(headers['x-amz-tagging']),
    storageClass,
    ...(encryption === undefined ? {} : { encryption }),
  };
}

/** `aws-chunked` is how the body travelled, not what it is. */
const withoutAwsChunked = (encoding: string | undefined): string =>
  (encoding ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked')
    .join(',');

export const checksumHeaders = (checksum: StoredChecksum): Record<string, string> => ({
  [checksumHeader(checksum.algorithm as ChecksumAlgorithm)]: checksum.value,
  'x-amz-checksum-type': checksum.type,
});

/** `x-amz-version-id`, absent in buckets that never were versioned. */
export const versionHeader = (
  version: ObjectVersion,
  versioned: boolean,
): Record<string, string> => (versioned ? { 'x-amz-version-id': version.versionId } : {});

/** Everything GET and HEAD say of an object but its length and checksum. */
export function responseHeaders(
  version: ObjectVersion,
  versioned: boolean,
): Record<string, string> {
  const { metadata } = version;
  const headers: Record<string, string> = {
    etag: `"${version.etag}"`,
    'last-modified': version.modifiedAt.toUTCString(),
    'accept-ranges': 'bytes',
    ...metadata.headers,
    ...versionHeader(version, versioned),
  };
  for (const [name, value] of Object.entries(metadata.user)) headers[`x-amz-meta-${name}`] = value;
  if (metadata.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = metadata.storageClass;
  if (metadata.encryption !== undefined)
    headers['x-amz-server-side-encryption'] = metadata.encryption;
  const tags = Object.keys(metadata.tags).length;
  if (tags > 0) headers['x-amz-tagging-count'] = String(tags);
  return headers;
}
