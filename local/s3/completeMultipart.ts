import { createHash } from 'node:crypto';
import { requireBucket } from './buckets.ts';
import {
  checksumAlgorithms,
  checksumElement,
  checksumHeader,
  combineChecksums,
  type StoredChecksum,
} from './checksums.ts';
import { versionHeader } from './objectHeaders.ts';
import { checkWriteConditions } from './preconditions.ts';
import { childrenOf, readXml, requiredText, textOf, type XmlElement } from './readXml.ts';
import { readDocument } from './requestBody.ts';
import { type Operation, quoted } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import { type Part, partsOf, removeUpload, requireUpload } from './uploads.ts';
import { commitVersion } from './versions.ts';
import { writeXml } from './writeXml.ts';

/** Every part but the last. */
const smallestPartBytes = 5 * 1024 ** 2;

const invalidPart = (number: string, etag: string): S3Error =>
  new S3Error(
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { elements: { PartNumber: number, ETag: etag } },
  );

/** The parts the client lists, each checked against what was uploaded under its number. */
function chosenParts(list: XmlElement, uploaded: readonly Part[]): readonly Part[] {
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  const elements = childrenOf(list, 'Part');
  if (elements.length === 0)
    throw new S3Error('MalformedXML', 'You must specify at least one part');
  const parts = elements.map((element) => {
    const number = requiredText(element, 'PartNumber');
    const etag = requiredText(element, 'ETag').trim().replaceAll('"', '');
    const part = byNumber.get(Number(number));
    if (part === undefined || part.md5 !== etag) throw invalidPart(number, etag);
    for (const algorithm of checksumAlgorithms) {
      const checksum = textOf(element, checksumElement(algorithm));
      if (checksum !== undefined && checksum !== part.checksums[algorithm])
        throw invalidPart(number, etag);
    }
    return part;
  });
  for (const [position, part] of parts.entries()) {
    const next = parts[position + 1];
    if (next === undefined) break;
    if (next.number <= part.number)
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
      );
    if (part.bytes < smallestPartBytes)
      throw new S3Error(
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
        {
          elements: {
            ProposedSize: part.bytes,
            MinSizeAllowed: smallestPartBytes,
            PartNumber: part.number,
            ETag: part.md5,
          },
        },
      );
  }
  return parts;
}

/** What the client says of the whole object. */
function checkWhole(request: S3Request, bytes: number, checksum: StoredChecksum): void {
  const size = request.headers['x-amz-mp-object-size'];
  if (size !== undefined && Number(size) !== bytes)
    throw new S3Error(
      'InvalidRequest',
      'The provided x-amz-mp-object-size does not match the size of the parts',
    );
  const type = request.headers['x-amz-checksum-type'];
  if (type !== undefined && type !== checksum.type)
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  const given = request.headers[checksumHeader(checksum.algorithm)];
  if (given !== undefined && given.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, ''))
    throw new S3Error(
      'BadDigest',
      `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    );
}

/** CompleteMultipartUpload: the parts become the object in one transaction, without a byte being moved. */
export const completeMultipartUpload: Operation = async (store, { request, signed }) => {
  const { index } = store;
  const { bucket, key, headers } = request;
  const document = await readDocument(request, signed, { checksumIsOfObject: true });
  const { versioning } = requireBucket(index, bucket);
  const upload = requireUpload(index, bucket, key, request.query.get('uploadId') ?? '');
  const list = readXml(document, 'CompleteMultipartUpload');
  const uploaded = partsOf(index, upload.id);
  const parts = chosenParts(list, uploaded);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const md5s = Buffer.from(parts.map((part) => part.md5).join(''), 'hex');
  const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`;
  const checksum = combineChecksums(
    upload.checksum.algorithm,
    upload.checksum.type,
    parts.map((part) => ({
      value: part.checksums[upload.checksum.algorithm] ?? '',
      bytes: part.bytes,
    })),
  );
  checkWhole(request, bytes, checksum);
  const kept = new Set(parts.map((part) => part.blob));
  const version = commitVersion(
    store,
    { bucket, key, bytes, etag, metadata: upload.metadata, checksum, segments: parts },
    {
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      check: (current) => checkWriteConditions(current, headers),
      finish: () => removeUpload(index, upload.id).filter((blob) => !kept.has(blob)),
    },
  );
  return {
    status: 200,
    headers: {
      ...versionHeader(version, versioning !== 'Unversioned'),
      'x-amz-server-side-encryption': upload.metadata.encryption,
    },
    xml: writeXml('CompleteMultipartUploadResult', {
      Location: `http://${headers['host'] ?? ''}${request.path}`,
      Bucket: bucket,
      Key: key,
      ETag: quoted(etag),
      [checksumElement(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    }),
  };
};
