import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { HeadgateError } from '../errors.ts';

/** Uploads one finished local file (≤ 5 GB) and answers its `s3://` path. */
export async function uploadFile(
  s3: S3Client,
  bucket: string,
  key: string,
  localPath: string,
  signal: AbortSignal,
): Promise<string> {
  const { size } = await stat(localPath);
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: createReadStream(localPath, { highWaterMark: 1 << 20 }),
      ContentLength: size,
      ContentType: 'application/vnd.apache.parquet',
    }),
    { abortSignal: signal },
  );
  return `s3://${bucket}/${key}`;
}

/** Streams an object, or one version of it, from an offset. Throws `file_changed` when it is gone. */
export async function* openObject(
  s3: S3Client,
  bucket: string,
  key: string,
  { versionId, from = 0 }: { readonly versionId?: string; readonly from?: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
        ...(from > 0 ? { Range: `bytes=${from}-` } : {}),
      }),
      { abortSignal: signal },
    );
    if (!(Body instanceof Readable)) throw new TypeError(`no body in the answer for ${key}`);
    for await (const chunk of Body) yield chunk as Uint8Array;
  } catch (error) {
    // Reading on from the very end: there is nothing more.
    if (error instanceof S3ServiceException && error.name === 'InvalidRange' && from > 0) return;
    if (error instanceof S3ServiceException && /^NoSuch(Key|Version)$/.test(error.name))
      throw new HeadgateError(
        'file_changed',
        `${key} was removed while it was read. Upload it again, or start the run again.`,
        { cause: error },
      );
    throw error;
  }
}
