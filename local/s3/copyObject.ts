import { requireBucket } from './buckets.ts';
import { checksumElement, parseAlgorithm, type StoredChecksum } from './checksums.ts';
import { metadataOf, parseTagging, refuseUnsupported, versionHeader } from './objectHeaders.ts';
import type { ObjectMetadata, ObjectVersion } from './objectVersion.ts';
import { checkReadConditions, checkWriteConditions, isConditionalWrite } from './preconditions.ts';
import { digestBody, largestBodyBytes } from './requestBody.ts';
import { type Operation, quoted } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import { commitVersion, requireVersion, segmentsOf } from './versions.ts';
import { writeXml } from './writeXml.ts';

/**
 * The version `x-amz-copy-source` names, when its conditions hold.
 *
 * @throws S3Error InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, PreconditionFailed
 */
export function copySource(store: S3Store, request: S3Request): ObjectVersion {
  const header = request.headers['x-amz-copy-source'] ?? '';
  const [path = '', parameters = ''] = header.split('?', 2);
  const invalid = new S3Error(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key',
  );
  let plain: string;
  try {
    plain = decodeURIComponent(path).replace(/^\//, '');
  } catch {
    throw invalid;
  }
  const slash = plain.indexOf('/');
  if (slash < 1 || slash === plain.length - 1) throw invalid;
  const versionId = new URLSearchParams(parameters).get('versionId') ?? undefined;
  const bucket = plain.slice(0, slash);
  requireBucket(store.index, bucket);
  const source = requireVersion(store.index, bucket, plain.slice(slash + 1), versionId);
  checkReadConditions(source, request.headers, 'x-amz-copy-source-');
  return source;
}

interface CopiedBytes {
  readonly blob: string;
  readonly etag: string;
  readonly checksum: StoredChecksum;
}

/** An object in one piece is linked; one in parts is read and written as one, which gives it a new ETag. */
async function copyBytes(
  store: S3Store,
  source: ObjectVersion,
  algorithm: StoredChecksum['algorithm'],
): Promise<CopiedBytes> {
  const { index, blobs } = store;
  const segments = segmentsOf(index, source);
  const [only] = segments;
  const { checksum } = source;
  if (
    only !== undefined &&
    segments.length === 1 &&
    !source.etag.includes('-') &&
    checksum?.algorithm === algorithm
  ) {
    // Held until the link is there, or the source could go meanwhile.
    const hold = blobs.read(segments, 0, source.bytes - 1);
    try {
      return { blob: await blobs.copy(only.blob), etag: source.etag, checksum };
    } finally {
      hold.release();
    }
  }
  const reading = blobs.read(segments, 0, source.bytes - 1);
  const body = digestBody(reading.chunks, [algorithm], largestBodyBytes);
  try {
    const blob = await blobs.write(body.chunks);
    const digest = body.digest();
    return { blob, etag: digest.md5, checksum: digest.checksum };
  } finally {
    reading.release();
  }
}

function copiedMetadata(request: S3Request, source: ObjectVersion): ObjectMetadata {
  const { headers } = request;
  const replace = (directive: string): boolean => {
    const value = headers[directive] ?? 'COPY';
    if (value !== 'COPY' && value !== 'REPLACE')
      throw new S3Error('InvalidArgument', `Unknown ${directive}`);
    return value === 'REPLACE';
  };
  refuseUnsupported(headers);
  const own = metadataOf(headers);
  const base = replace('x-amz-metadata-directive') ? own : source.metadata;
  const { encryption: _inherited, ...rest } = base;
  return {
    ...rest,
    storageClass: own.storageClass,
    tags: replace('x-amz-tagging-directive')
      ? parseTagging(headers['x-amz-tagging'])
      : source.metadata.tags,
    ...(own.encryption === undefined ? {} : { encryption: own.encryption }),
  };
}

/** CopyObject: the copy is a new version with bytes of its own. */
export const copyObject: Operation = async (store, { request }) => {
  const { bucket, key, headers } = request;
  const { versioning } = requireBucket(store.index, bucket);
  const source = copySource(store, request);
  const ontoItself = source.bucket === bucket && source.key === key && source.current;
  if (
    ontoItself &&
    (headers['x-amz-metadata-directive'] ?? 'COPY') === 'COPY' &&
    headers['x-amz-storage-class'] === undefined &&
    headers['x-amz-server-side-encryption'] === undefined
  )
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const metadata = copiedMetadata(request, source);
  using write = isConditionalWrite(headers) ? store.conflicts.begin(bucket, key) : undefined;
  const wanted = headers['x-amz-checksum-algorithm'];
  const algorithm =
    wanted === undefined ? (source.checksum?.algorithm ?? 'CRC64NVME') : parseAlgorithm(wanted);
  const { blob, etag, checksum } = await copyBytes(store, source, algorithm);
  try {
    const version = commitVersion(
      store,
      {
        bucket,
        key,
        bytes: source.bytes,
        etag,
        metadata,
        checksum,
        segments: [{ blob, bytes: source.bytes }],
      },
      {
        eventName: 'ObjectCreated:Copy',
        check: (current) => checkWriteConditions(current, headers, write),
      },
    );
    const sourceVersioned = requireBucket(store.index, source.bucket).versioning !== 'Unversioned';
    return {
      status: 200,
      headers: {
        ...versionHeader(version, versioning !== 'Unversioned'),
        'x-amz-copy-source-version-id': sourceVersioned ? source.versionId : undefined,
        'x-amz-server-side-encryption': metadata.encryption,
      },
      xml: writeXml('CopyObjectResult', {
        LastModified: version.modifiedAt.toISOString(),
        ETag: quoted(etag),
        [checksumElement(checksum.algorithm)]: checksum.value,
        ChecksumType: checksum.type,
      }),
    };
  } catch (error) {
    await store.blobs.discard([blob]);
    throw error;
  }
};
