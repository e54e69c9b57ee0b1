import { requireBucket } from './buckets.ts';
import { parseAlgorithm } from './checksums.ts';
import { checksumHeaders, metadataOf, versionHeader } from './objectHeaders.ts';
import { checkWriteConditions, isConditionalWrite } from './preconditions.ts';
import { largestBodyBytes, openBody } from './requestBody.ts';
import { type Operation, quoted } from './s3Answer.ts';
import { commitVersion, findCurrent } from './versions.ts';

/** PutObject: streams to a blob, then commits. Conditions are checked before the body and again at the commit. */
export const putObject: Operation = async (store, { request, signed }) => {
  const { bucket, key, headers } = request;
  const { versioning } = requireBucket(store.index, bucket);
  const metadata = metadataOf(headers);
  const before = findCurrent(store.index, bucket, key);
  checkWriteConditions(before?.deleteMarker === true ? null : before, headers);
  using write = isConditionalWrite(headers) ? store.conflicts.begin(bucket, key) : undefined;
  const wanted = headers['x-amz-sdk-checksum-algorithm'];
  const body = openBody(request, signed, largestBodyBytes, {
    preferred: wanted === undefined ? 'CRC64NVME' : parseAlgorithm(wanted),
  });
  const blob = await store.blobs.write(body.chunks);
  const { bytes, md5, checksum } = body.digest();
  try {
    const version = commitVersion(
      store,
      { bucket, key, bytes, etag: md5, metadata, checksum, segments: [{ blob, bytes }] },
      {
        eventName: 'ObjectCreated:Put',
        check: (current) => checkWriteConditions(current, headers, write),
      },
    );
    return {
      status: 200,
      headers: {
        etag: quoted(md5),
        ...checksumHeaders(checksum),
        ...versionHeader(version, versioning !== 'Unversioned'),
        'x-amz-server-side-encryption': metadata.encryption,
      },
    };
  } catch (error) {
    await store.blobs.discard([blob]);
    throw error;
  }
};
