import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { HeadgateError } from '../errors.ts';
import type { ObjectLister, ObjectStore } from './tableChange.ts';

/** Keys one DeleteObjects takes. */
const keysPerDelete = 1_000;

/** What S3 answers for a key that may well be deleted the next time. */
const passingCodes: ReadonlySet<string> = new Set([
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
]);

/**
 * The lake's objects in one S3 bucket. `get` and `getRange` throw `not_found` for a key that is not there;
 * `putNew` throws `file_changed` for one that is; `delete` takes keys that are gone for deleted. Throttles are left to the client's own retries.
 */
export function s3ObjectStore(client: S3Client, bucket: string): ObjectStore & ObjectLister {
  const read = async (
    key: string,
    range: string | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    try {
      const { Body } = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(range === undefined ? {} : { Range: range }),
        }),
        { abortSignal: signal },
      );
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey)
        throw new HeadgateError('not_found', `There is no object ${key}`, { cause: error });
      throw error;
    }
  };
  return {
    bucket,
    get: (key, signal) => read(key, undefined, signal),
    getRange: async (key, from, to, signal) =>
      to > from ? read(key, `bytes=${from}-${to - 1}`, signal) : new Uint8Array(),
    async putNew(key, body, contentType, signal) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: contentType,
            IfNoneMatch: '*',
          }),
          { abortSignal: signal },
        );
      } catch (error) {
        // 409: another conditional write of the same key was under way.
        const status = error instanceof S3ServiceException && error.$metadata.httpStatusCode;
        if (status === 412 || status === 409)
          throw new HeadgateError('file_changed', `${key} exists already`, { cause: error });
        throw error;
      }
    },
    async *list(prefix, after, signal) {
      const pages = paginateListObjectsV2(
        { client },
        {
          Bucket: bucket,
          Prefix: prefix,
          // XML can carry no control characters.
          EncodingType: 'url',
          ...(after === null ? {} : { StartAfter: after }),
        },
        { abortSignal: signal },
      );
      for await (const { Contents = [] } of pages)
        for (const { Key, LastModified } of Contents)
          if (Key !== undefined && LastModified !== undefined)
            yield {
              key: decodeURIComponent(Key.replaceAll('+', ' ')),
              lastModified: LastModified,
            };
    },
    async delete(keys, signal) {
      for (let from = 0; from < keys.length; from += keysPerDelete) {
        const { Errors: errors = [] } = await client.send(
          new DeleteObjectsCommand({
            Bucket: bucket,
            Delete: {
              Objects: keys.slice(from, from + keysPerDelete).map((Key) => ({ Key })),
              Quiet: true,
            },
          }),
          { abortSignal: signal },
        );
        const [first] = errors;
        if (first === undefined) continue;
        const message = `${errors.length} objects could not be deleted; the first: ${first.Key} (${first.Code})`;
        if (errors.every(({ Code: code = '' }) => passingCodes.has(code)))
          throw new HeadgateError('service_unavailable', message);
        throw new Error(message);
      }
    },
  };
}
