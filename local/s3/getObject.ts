import type { Segment } from './blobStore.ts';
import { requireBucket } from './buckets.ts';
import { type ByteRange, parseRange } from './byteRange.ts';
import { checksumElement } from './checksums.ts';
import { checkHeader, checksumHeaders, responseHeaders, versionHeader } from './objectHeaders.ts';
import type { ObjectVersion } from './objectVersion.ts';
import { checkReadConditions } from './preconditions.ts';
import type { Operation } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import { requireVersion, segmentsOf } from './versions.ts';
import { writeXml } from './writeXml.ts';

/** `response-content-type=…` in the query replaces that header. */
const overrides = [
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
];

/** The bytes of one part of a multipart object, or of the whole of another. */
function rangeOfPart(segments: readonly Segment[], bytes: number, text: string): ByteRange {
  const number = Number(text);
  const part = segments[number - 1];
  if (!Number.isInteger(number) || number < 1 || (part === undefined && number > 1))
    throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      elements: { PartNumberRequested: text, ActualPartCount: segments.length },
    });
  const from = segments.slice(0, number - 1).reduce((sum, segment) => sum + segment.bytes, 0);
  return { from, to: from + (part?.bytes ?? bytes) - 1 };
}

const isMultipart = (version: ObjectVersion): boolean => version.etag.includes('-');

/** GET and HEAD of an object: ranges, parts, versions, conditions, overrides. */
export const getObject: Operation = (store, { request }) => {
  const { index, blobs } = store;
  const { headers, query } = request;
  const versioned = requireBucket(index, request.bucket).versioning !== 'Unversioned';
  const version = requireVersion(index, request.bucket, request.key, query.get('versionId'));
  checkReadConditions(version, headers);
  const answer: Record<string, string> = responseHeaders(version, versioned);
  for (const name of overrides) {
    const value = query.get(`response-${name}`);
    if (value === undefined) continue;
    checkHeader(name, value);
    answer[name] = value;
  }
  const segments = segmentsOf(index, version);
  const partNumber = query.get('partNumber');
  if (partNumber !== undefined && headers['range'] !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'Cannot specify both Range header and partNumber query parameter',
    );
  const range =
    partNumber === undefined
      ? parseRange(headers['range'], version.bytes)
      : rangeOfPart(segments, version.bytes, partNumber);
  if (partNumber !== undefined && isMultipart(version))
    answer['x-amz-mp-parts-count'] = String(segments.length);
  const partial = range !== null && version.bytes > 0;
  const { from, to } = range ?? { from: 0, to: version.bytes - 1 };
  if (partial) answer['content-range'] = `bytes ${from}-${to}/${version.bytes}`;
  // A checksum of the whole object says nothing of a part of it.
  const whole = from === 0 && to === version.bytes - 1;
  if (headers['x-amz-checksum-mode'] === 'ENABLED' && version.checksum !== null && whole)
    Object.assign(answer, checksumHeaders(version.checksum));
  answer['content-length'] = String(to - from + 1);
  const status = partial ? 206 : 200;
  if (request.method === 'HEAD') return { status, headers: answer };
  return { status, headers: answer, stream: blobs.read(segments, from, to) };
};

/** GetObjectAttributes: what `x-amz-object-attributes` asks for. */
export const getObjectAttributes: Operation = ({ index }, { request }) => {
  const { bucket, key, query, headers } = request;
  const versioned = requireBucket(index, bucket).versioning !== 'Unversioned';
  const version = requireVersion(index, bucket, key, query.get('versionId'));
  const wanted = new Set(
    (headers['x-amz-object-attributes'] ?? '').split(',').map((n) => n.trim()),
  );
  const { checksum } = version;
  const parts = isMultipart(version)
    ? index.get<{ count: number }>(
        'SELECT count(*) AS count FROM segments WHERE seq = ?',
        version.seq,
      )
    : undefined;
  return {
    status: 200,
    headers: {
      'last-modified': version.modifiedAt.toUTCString(),
      ...versionHeader(version, versioned),
    },
    xml: writeXml('GetObjectAttributesResponse', {
      ETag: wanted.has('ETag') ? version.etag : undefined,
      Checksum:
        wanted.has('Checksum') && checksum !== null
          ? {
              [checksumElement(checksum.algorithm)]: checksum.value.replace(/-\d+$/, ''),
              ChecksumType: checksum.type,
            }
          : undefined,
      ObjectParts:
        wanted.has('ObjectParts') && parts !== undefined ? { PartsCount: parts.count } : undefined,
      StorageClass: wanted.has('StorageClass') ? version.metadata.storageClass : undefined,
      ObjectSize: wanted.has('ObjectSize') ? version.bytes : undefined,
    }),
  };
};
