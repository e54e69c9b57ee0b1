import { requireBucket } from './buckets.ts';
import { parseCopyRange } from './byteRange.ts';
import { checksumElement, checksumHeader, type StoredChecksum } from './checksums.ts';
import { copySource } from './copyObject.ts';
import { metadataOf } from './objectHeaders.ts';
import {
  type BodyDigest,
  digestBody,
  largestBodyBytes,
  openBody,
  type RequestBody,
} from './requestBody.ts';
import { type Operation, quoted, type S3Call } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import {
  createUpload,
  putPart,
  removeUpload,
  requireUpload,
  type Upload,
  uploadChecksum,
} from './uploads.ts';
import { segmentsOf } from './versions.ts';
import { writeXml } from './writeXml.ts';

export const createMultipartUpload: Operation = ({ index, now }, { request }) => {
  const { bucket, key, headers } = request;
  requireBucket(index, bucket);
  const checksum = uploadChecksum(
    headers['x-amz-checksum-algorithm'],
    headers['x-amz-checksum-type'],
  );
  const metadata = metadataOf(headers);
  const id = createUpload(index, { bucket, key, initiatedAt: now(), metadata, checksum });
  return {
    status: 200,
    headers: {
      ...(checksum.asked
        ? {
            'x-amz-checksum-algorithm': checksum.algorithm,
            'x-amz-checksum-type': checksum.type,
          }
        : {}),
      'x-amz-server-side-encryption': metadata.encryption,
    },
    xml: writeXml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id }),
  };
};

const uploadIdOf = (request: S3Request): string => request.query.get('uploadId') ?? '';

/** @throws S3Error InvalidArgument */
function partNumberOf(request: S3Request): number {
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new S3Error(
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
      {
        elements: { ArgumentName: 'partNumber' },
      },
    );
  return number;
}

async function storePart(
  store: S3Store,
  upload: Upload,
  number: number,
  body: RequestBody,
): Promise<BodyDigest> {
  const { index, blobs, now } = store;
  const blob = await blobs.write(body.chunks);
  const digest = body.digest();
  try {
    const freed = putPart(index, upload, {
      number,
      blob,
      bytes: digest.bytes,
      md5: digest.md5,
      checksums: digest.checksums,
      modifiedAt: now(),
    });
    blobs.claim([blob]);
    void blobs.discard(freed);
    return digest;
  } catch (error) {
    await blobs.discard([blob]);
    throw error;
  }
}

export const uploadPart: Operation = async (store, { request, signed }: S3Call) => {
  const upload = requireUpload(store.index, request.bucket, request.key, uploadIdOf(request));
  const number = partNumberOf(request);
  const { algorithm, asked } = upload.checksum;
  const body = openBody(request, signed, largestBodyBytes, { keep: algorithm });
  const announced = body.announced ?? algorithm;
  if (asked && announced !== algorithm)
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${announced.toLowerCase()}`,
    );
  const { md5, checksums } = await storePart(store, upload, number, body);
  return {
    status: 200,
    headers: {
      etag: quoted(md5),
      ...(asked || body.announced !== null
        ? { [checksumHeader(announced)]: checksums[announced] }
        : {}),
    },
  };
};

export const uploadPartCopy: Operation = async (store, { request }) => {
  const { index, blobs, now } = store;
  const upload = requireUpload(index, request.bucket, request.key, uploadIdOf(request));
  const number = partNumberOf(request);
  const source = copySource(store, request);
  const header = request.headers['x-amz-copy-source-range'];
  const range =
    header === undefined ? { from: 0, to: source.bytes - 1 } : parseCopyRange(header, source.bytes);
  const reading = blobs.read(segmentsOf(index, source), range.from, range.to);
  try {
    const body = digestBody(reading.chunks, [upload.checksum.algorithm], largestBodyBytes);
    const { md5, checksum } = await storePart(store, upload, number, body);
    const versioned = requireBucket(index, source.bucket).versioning !== 'Unversioned';
    return {
      status: 200,
      headers: { 'x-amz-copy-source-version-id': versioned ? source.versionId : undefined },
      xml: writeXml('CopyPartResult', {
        LastModified: now().toISOString(),
        ETag: quoted(md5),
        ...checksumIfAsked(upload, checksum),
      }),
    };
  } finally {
    reading.release();
  }
};

const checksumIfAsked = (
  upload: Upload,
  { algorithm, value }: StoredChecksum,
): Record<string, string> => (upload.checksum.asked ? { [checksumElement(algorithm)]: value } : {});

export const abortMultipartUpload: Operation = ({ index, blobs }, { request }) => {
  const { bucket, key } = request;
  requireBucket(index, bucket);
  const freed = index.transaction(() => {
    const upload = requireUpload(index, bucket, key, uploadIdOf(request));
    return removeUpload(index, upload.id);
  });
  void blobs.discard(freed);
  return { status: 204 };
};
