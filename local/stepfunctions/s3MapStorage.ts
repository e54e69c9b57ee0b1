import { Readable } from 'node:stream';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Json } from '../../shared/json.ts';
import type { MapStorage } from './mapStorage.ts';

/** Items and results of distributed Maps in S3. */
export const s3MapStorage = (client: S3Client): MapStorage => ({
  async *read({ bucket, key, versionId }, signal) {
    const { Body } = await client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      }),
      { abortSignal: signal },
    );
    if (Body instanceof Readable) yield* Body as AsyncIterable<Uint8Array>;
  },
  async *list(bucket, prefix, signal) {
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) {
      signal.throwIfAborted();
      // Dates become ISO 8601, as Step Functions shows them.
      for (const object of Contents) yield JSON.parse(JSON.stringify(object)) as Json;
    }
  },
  async write({ bucket, key }, body, signal) {
    let bytes = 0;
    const counted = async function* (): AsyncIterable<Buffer> {
      for await (const part of body) {
        const chunk = Buffer.from(part);
        bytes += chunk.length;
        yield chunk;
      }
    };
    const upload = new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: Readable.from(counted()) },
    });
    const abort = (): void => void upload.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await upload.done();
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return bytes;
  },
});
