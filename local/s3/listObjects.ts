import { requireBucket } from './buckets.ts';
import { type Entry, type Listed, listEntries, type Position } from './listEntries.ts';
import { type ObjectVersion, type VersionRow, versionOf } from './objectVersion.ts';
import type { ObjectIndex } from './openIndex.ts';
import { type Operation, quoted } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import { rfc3986 } from './s3Request.ts';
import { seqOfVersionId } from './versions.ts';
import { writeXml, type XmlValue } from './writeXml.ts';

type Query = ReadonlyMap<string, string>;

/** What `encoding-type=url` does to every key of an answer. */
export function keyEncoder(query: Query): (key: string) => string {
  const type = query.get('encoding-type');
  if (type !== undefined && type !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return type === 'url' ? (key) => rfc3986(key).replaceAll('%2F', '/') : (key) => key;
}

/** @throws S3Error InvalidArgument */
export function limitOf(query: Query, name: string): number {
  const text = query.get(name) ?? '1000';
  const limit = Number(text);
  if (text === '' || !Number.isInteger(limit) || limit < 0)
    throw new S3Error(
      'InvalidArgument',
      `Argument ${name} must be an integer between 0 and 2147483647`,
    );
  return Math.min(limit, 1000);
}

const currentPage =
  (index: ObjectIndex, bucket: string) =>
  (position: Position<VersionRow>, count: number): readonly VersionRow[] => {
    const where = 'from' in position ? 'key >= ?' : 'key > ?';
    return index.all<VersionRow>(
      `SELECT * FROM versions WHERE bucket = ? AND current = 1 AND ${where} AND marker = 0 ORDER BY key LIMIT ?`,
      bucket,
      'from' in position ? position.from : position.behind.key,
      count,
    );
  };

export const lastOf = <Row>(listed: Listed<Row>, keyOf: (row: Row) => string): string => {
  const last: Entry<Row> | undefined = listed.entries.at(-1);
  if (last === undefined) return '';
  return last.kind === 'prefix' ? last.prefix : keyOf(last.row);
};

export const rowsOf = <Row>(listed: Listed<Row>): readonly Row[] =>
  listed.entries.flatMap((entry) => (entry.kind === 'row' ? [entry.row] : []));

export const prefixesOf = <Row>(listed: Listed<Row>, encode: (key: string) => string): XmlValue =>
  listed.entries.flatMap((entry) =>
    entry.kind === 'prefix' ? [{ Prefix: encode(entry.prefix) }] : [],
  );

/** S3 names the algorithm here, and the value only in HeadObject. */
const commonElements = (version: ObjectVersion): Record<string, XmlValue> => ({
  LastModified: version.modifiedAt.toISOString(),
  ...(version.checksum === null
    ? {}
    : { ChecksumAlgorithm: version.checksum.algorithm, ChecksumType: version.checksum.type }),
  ETag: quoted(version.etag),
  Size: version.bytes,
  StorageClass: version.metadata.storageClass,
});

const owner = { ID: 'headgate' };

/** ListObjects (version 1) and ListObjectsV2. */
export const listObjects: Operation = ({ index }, { request: { bucket, query } }) => {
  requireBucket(index, bucket);
  const encode = keyEncoder(query);
  const second = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = limitOf(query, 'max-keys');
  const token = query.get('continuation-token');
  const after = second
    ? token === undefined
      ? (query.get('start-after') ?? '')
      : afterOfToken(token)
    : (query.get('marker') ?? '');
  const keyOf = (row: VersionRow): string => row.key;
  const listed = listEntries({
    prefix,
    delimiter,
    after,
    limit,
    keyOf,
    page: currentPage(index, bucket),
  });
  const last = lastOf(listed, keyOf);
  return {
    status: 200,
    xml: writeXml('ListBucketResult', {
      Name: bucket,
      Prefix: encode(prefix),
      ...(second
        ? {
            StartAfter: query.has('start-after')
              ? encode(query.get('start-after') ?? '')
              : undefined,
            ContinuationToken: token,
            NextContinuationToken: listed.truncated ? tokenOf(last) : undefined,
            KeyCount: listed.entries.length,
          }
        : {
            Marker: encode(after),
            // Without a delimiter the last key is the marker, and S3 does not repeat it.
            NextMarker: listed.truncated && delimiter !== '' ? encode(last) : undefined,
          }),
      MaxKeys: limit,
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      EncodingType: query.get('encoding-type'),
      IsTruncated: listed.truncated,
      Contents: rowsOf(listed).map((row) => ({
        Key: encode(row.key),
        ...commonElements(versionOf(row)),
        Owner: !second || query.get('fetch-owner') === 'true' ? owner : undefined,
      })),
      CommonPrefixes: prefixesOf(listed, encode),
    }),
  };
};

const tokenOf = (key: string): string => `1.${Buffer.from(key).toString('base64url')}`;

function afterOfToken(token: string): string {
  const match = /^1\.([\w-]*)$/.exec(token);
  if (match === null)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return Buffer.from(match[1] ?? '', 'base64url').toString();
}

const versionPage =
  (index: ObjectIndex, bucket: string) =>
  (position: Position<VersionRow>, count: number): readonly VersionRow[] => {
    if ('from' in position)
      return index.all<VersionRow>(
        'SELECT * FROM versions WHERE bucket = ? AND key >= ? ORDER BY key, seq DESC LIMIT ?',
        bucket,
        position.from,
        count,
      );
    const { key, seq } = position.behind;
    const sameKey = index.all<VersionRow>(
      'SELECT * FROM versions WHERE bucket = ? AND key = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
      bucket,
      key,
      seq,
      count,
    );
    if (sameKey.length === count) return sameKey;
    const later = index.all<VersionRow>(
      'SELECT * FROM versions WHERE bucket = ? AND key > ? ORDER BY key, seq DESC LIMIT ?',
      bucket,
      key,
      count - sameKey.length,
    );
    return [...sameKey, ...later];
  };

/** ListObjectVersions: keys in order, the versions of a key newest first. */
export const listObjectVersions: Operation = ({ index }, { request: { bucket, query } }) => {
  requireBucket(index, bucket);
  const encode = keyEncoder(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = limitOf(query, 'max-keys');
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker');
  if (versionMarker !== undefined && keyMarker === '')
    throw new S3Error(
      'InvalidArgument',
      'A version-id marker cannot be specified without a key marker.',
    );
  const behind =
    versionMarker === undefined ? null : seqOfMarker(index, bucket, keyMarker, versionMarker);
  const keyOf = (row: VersionRow): string => row.key;
  const listed = listEntries({
    prefix,
    delimiter,
    after: keyMarker,
    limit,
    keyOf,
    restOfKey: (row) => behind !== null && row.seq < behind,
    page: versionPage(index, bucket),
  });
  const lastEntry = listed.entries.at(-1);
  const rows = rowsOf(listed);
  const element = (row: VersionRow): XmlValue => {
    const version = versionOf(row);
    return {
      Key: encode(version.key),
      VersionId: version.versionId,
      IsLatest: version.current,
      ...(version.deleteMarker
        ? { LastModified: version.modifiedAt.toISOString() }
        : commonElements(version)),
      Owner: owner,
    };
  };
  return {
    status: 200,
    xml: writeXml('ListVersionsResult', {
      Name: bucket,
      Prefix: encode(prefix),
      KeyMarker: encode(keyMarker),
      VersionIdMarker: versionMarker ?? '',
      NextKeyMarker: listed.truncated ? encode(lastOf(listed, keyOf)) : undefined,
      NextVersionIdMarker:
        listed.truncated && lastEntry?.kind === 'row' ? lastEntry.row.version : undefined,
      MaxKeys: limit,
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      EncodingType: query.get('encoding-type'),
      IsTruncated: listed.truncated,
      Version: rows.filter((row) => row.marker === 0).map(element),
      DeleteMarker: rows.filter((row) => row.marker === 1).map(element),
      CommonPrefixes: prefixesOf(listed, encode),
    }),
  };
};

/**
 * Clients delete what they listed and go on behind it, so the version may be gone. Its id still holds its
 * place; a `null` version that is gone was the last of its key, or the listing repeats, never skips.
 */
function seqOfMarker(index: ObjectIndex, bucket: string, key: string, versionId: string): number {
  const row = index.get<{ seq: number }>(
    'SELECT seq FROM versions WHERE bucket = ? AND key = ? AND version = ?',
    bucket,
    key,
    versionId,
  );
  return row?.seq ?? seqOfVersionId(versionId) ?? Number.MAX_SAFE_INTEGER;
}
