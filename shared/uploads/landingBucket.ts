import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  NoSuchUpload,
  NotFound,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface UploadedObject {
  readonly bytes: number;
  readonly versionId: string;
  readonly etag: string;
  readonly modifiedAt: Date;
}

/** What uploads need of the landing bucket. */
export interface LandingBucket {
  presignPost(
    key: string,
    maxBytes: number,
    expiresInSeconds: number,
  ): Promise<{ readonly url: string; readonly fields: Record<string, string> }>;
  startMultipart(key: string): Promise<string>;
  presignPart(
    key: string,
    multipartId: string,
    partNumber: number,
    expiresInSeconds: number,
  ): Promise<string>;
  /** Joins the parts that are there. False when there is no such upload (any more). */
  finishMultipart(key: string, multipartId: string): Promise<boolean>;
  abortMultipart(key: string, multipartId: string): Promise<void>;
  /** The newest version; null when nothing is there. */
  head(key: string): Promise<UploadedObject | null>;
  /** One version, hidden or not; null when it is gone for good. */
  headVersion(key: string, versionId: string): Promise<UploadedObject | null>;
  /** Removes delete markers that stand before the versions of a key. */
  unhide(key: string): Promise<void>;
  read(key: string, versionId: string, from: number, to: number): Promise<Uint8Array>;
  remove(key: string, versionId: string): Promise<void>;
}

/**
 * `client` MUST be made with `requestChecksumCalculation: 'WHEN_REQUIRED'`: otherwise the SDK signs the checksum
 * of an empty body into every presigned part, and S3 refuses the real bytes.
 */
export const s3LandingBucket = (client: S3Client, Bucket: string): LandingBucket => ({
  async presignPost(Key, maxBytes, Expires) {
    return createPresignedPost(client, {
      Bucket,
      Key,
      Conditions: [['content-length-range', 1, maxBytes]],
      Expires,
    });
  },
  async startMultipart(Key) {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    if (UploadId === undefined) throw new Error('S3 answered no upload id');
    return UploadId;
  },
  presignPart: (Key, UploadId, PartNumber, expiresIn) =>
    getSignedUrl(client, new UploadPartCommand({ Bucket, Key, UploadId, PartNumber }), {
      expiresIn,
    }),
  async finishMultipart(Key, UploadId) {
    const parts: { ETag: string; PartNumber: number }[] = [];
    try {
      let marker: string | undefined;
      do {
        const page: ListPartsCommandOutput = await client.send(
          new ListPartsCommand({
            Bucket,
            Key,
            UploadId,
            ...(marker === undefined ? {} : { PartNumberMarker: marker }),
          }),
        );
        for (const { ETag, PartNumber } of page.Parts ?? [])
          if (ETag !== undefined && PartNumber !== undefined) parts.push({ ETag, PartNumber });
        marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
      if (parts.length === 0) return false;
      await client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts: parts },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof NoSuchUpload) return false;
      throw error;
    }
  },
  async abortMultipart(Key, UploadId) {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    } catch (error) {
      if (!(error instanceof NoSuchUpload)) throw error;
    }
  },
  head: (Key) => headOf(client, { Bucket, Key }),
  headVersion: (Key, VersionId) => headOf(client, { Bucket, Key, VersionId }),
  async unhide(Key) {
    for (;;) {
      const VersionId = await deleteMarkerOf(client, { Bucket, Key });
      if (VersionId === null) return;
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  },
  async read(Key, VersionId, from, to) {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket, Key, VersionId, Range: `bytes=${from}-${to - 1}` }),
    );
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  },
  async remove(Key, VersionId) {
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  },
});

/** The version of the delete marker that hides a key; null where none does. S3 names it in the headers of its 404. */
async function deleteMarkerOf(
  client: S3Client,
  input: HeadObjectCommandInput,
): Promise<string | null> {
  try {
    await client.send(new HeadObjectCommand(input));
    return null;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const headers = error.$response?.headers ?? {};
    return headers['x-amz-delete-marker'] === 'true' ? (headers['x-amz-version-id'] ?? null) : null;
  }
}

async function headOf(
  client: S3Client,
  input: HeadObjectCommandInput,
): Promise<UploadedObject | null> {
  try {
    const { ContentLength, VersionId, ETag, LastModified } = await client.send(
      new HeadObjectCommand(input),
    );
    if (VersionId === undefined || ETag === undefined || LastModified === undefined)
      throw new Error('the landing bucket is not versioned');
    return {
      bytes: ContentLength ?? 0,
      versionId: VersionId,
      etag: ETag,
      modifiedAt: LastModified,
    };
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
