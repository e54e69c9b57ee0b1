import { requireBucket } from './buckets.ts';
import { checksumElement } from './checksums.ts';
import { listEntries } from './listEntries.ts';
import { keyEncoder, lastOf, limitOf, prefixesOf, rowsOf } from './listObjects.ts';
import { type Operation, quoted } from './s3Answer.ts';
import { partsOf, requireUpload, type Upload, type UploadRow, uploadOf } from './uploads.ts';
import { writeXml, type XmlValue } from './writeXml.ts';

const owner = { ID: 'headgate' };

const checksumElements = ({ checksum }: Upload): Record<string, XmlValue> =>
  checksum.asked ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {};

/** ListParts: in order of part number. */
export const listParts: Operation = ({ index }, { request: { bucket, key, query } }) => {
  requireBucket(index, bucket);
  const upload = requireUpload(index, bucket, key, query.get('uploadId') ?? '');
  const limit = limitOf(query, 'max-parts');
  const marker = Number(query.get('part-number-marker') ?? 0);
  const found = partsOf(index, upload.id, marker, limit + 1);
  const parts = found.slice(0, limit);
  const truncated = found.length > limit;
  return {
    status: 200,
    xml: writeXml('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: upload.id,
      Initiator: owner,
      Owner: owner,
      StorageClass: upload.metadata.storageClass,
      PartNumberMarker: marker,
      NextPartNumberMarker: truncated ? parts.at(-1)?.number : undefined,
      MaxParts: limit,
      IsTruncated: truncated,
      ...checksumElements(upload),
      Part: parts.map((part) => ({
        PartNumber: part.number,
        LastModified: part.modifiedAt.toISOString(),
        ETag: quoted(part.md5),
        Size: part.bytes,
        ...(upload.checksum.asked
          ? {
              [checksumElement(upload.checksum.algorithm)]:
                part.checksums[upload.checksum.algorithm],
            }
          : {}),
      })),
    }),
  };
};

/** ListMultipartUploads: by key, then in order of upload id. */
export const listMultipartUploads: Operation = ({ index }, { request: { bucket, query } }) => {
  requireBucket(index, bucket);
  const encode = keyEncoder(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = limitOf(query, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = keyMarker === '' ? undefined : query.get('upload-id-marker');
  const keyOf = (row: UploadRow): string => row.key;
  const listed = listEntries<UploadRow>({
    prefix,
    delimiter,
    after: keyMarker,
    limit,
    keyOf,
    restOfKey: (row) => idMarker !== undefined && row.id > idMarker,
    page: (position, count) =>
      'from' in position
        ? index.all<UploadRow>(
            'SELECT * FROM uploads WHERE bucket = ? AND key >= ? ORDER BY key, id LIMIT ?',
            bucket,
            position.from,
            count,
          )
        : index.all<UploadRow>(
            'SELECT * FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?',
            bucket,
            position.behind.key,
            position.behind.id,
            count,
          ),
  });
  const last = listed.entries.at(-1);
  return {
    status: 200,
    xml: writeXml('ListMultipartUploadsResult', {
      Bucket: bucket,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker ?? '',
      NextKeyMarker: listed.truncated ? encode(lastOf(listed, keyOf)) : undefined,
      NextUploadIdMarker: listed.truncated && last?.kind === 'row' ? last.row.id : undefined,
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      Prefix: encode(prefix),
      EncodingType: query.get('encoding-type'),
      MaxUploads: limit,
      IsTruncated: listed.truncated,
      Upload: rowsOf(listed)
        .map(uploadOf)
        .map((upload) => ({
          Key: encode(upload.key),
          UploadId: upload.id,
          Initiator: owner,
          Owner: owner,
          StorageClass: upload.metadata.storageClass,
          Initiated: upload.initiatedAt.toISOString(),
          ...checksumElements(upload),
        })),
      CommonPrefixes: prefixesOf(listed, encode),
    }),
  };
};
