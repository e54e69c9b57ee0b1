import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'vitest';
import { pattern, refusalOf, type S3Promise } from './s3UnderTest.ts';

/** Sums of `123456789`: the check values of the catalogue of parametrised CRC algorithms, and node:crypto's. */
const digits = '123456789';
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const known: Readonly<Record<string, string>> = {
  CRC32: base64('cbf43926'),
  CRC32C: base64('e3069283'),
  CRC64NVME: base64('ae8b14860a799888'),
  SHA1: createHash('sha1').update(digits).digest('base64'),
  SHA256: createHash('sha256').update(digits).digest('base64'),
} as Readonly<Record<string, string>>;

const crcOf = (data: Uint8Array): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
};

export const checksumPromises: readonly S3Promise[] = [
  ...Object.entries(known).map(
    ([algorithm, value]): S3Promise => ({
      title: `${algorithm} is verified, kept and returned`,
      keep: async ({ client, newBucket, put }) => {
        const Bucket = await newBucket();
        const field = `Checksum${algorithm}`;
        await put(Bucket, 'right', digits, { [field]: value });
        const refusal = await refusalOf(put(Bucket, 'wrong', `${digits}0`, { [field]: value }));
        expect(refusal.status).toBe(400);
        expect(refusal.code).toMatch(/^(BadDigest|InvalidRequest|XAmzContentChecksumMismatch)$/);
        expect(
          (await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'wrong' })))).status,
        ).toBe(404);
        const head = await client.send(
          new HeadObjectCommand({ Bucket, Key: 'right', ChecksumMode: 'ENABLED' }),
        );
        expect(head).toMatchObject({ [field]: value });
      },
    }),
  ),
  ...Object.keys(known).map(
    (algorithm): S3Promise => ({
      title: `${algorithm} arrives in the trailer of a stream`,
      keep: async ({ client, newBucket, put }) => {
        const Bucket = await newBucket();
        const data = Buffer.from(digits);
        await put(Bucket, 'key', '', {
          Body: Readable.from([data.subarray(0, 4), data.subarray(4)], { objectMode: false }),
          ContentLength: data.length,
          ChecksumAlgorithm: algorithm as ChecksumAlgorithm,
        });
        // The SDK itself verifies what it reads against the checksum that comes back.
        const got = await client.send(
          new GetObjectCommand({ Bucket, Key: 'key', ChecksumMode: 'ENABLED' }),
        );
        expect(got).toMatchObject({ [`Checksum${algorithm}`]: known[algorithm] });
        expect(await got.Body?.transformToString()).toBe(digits);
      },
    }),
  ),
  {
    title: 'Content-MD5 is verified',
    keep: async ({ newBucket, put }) => {
      const Bucket = await newBucket();
      const ContentMD5 = createHash('md5').update('text').digest('base64');
      await put(Bucket, 'key', 'text', { ContentMD5 });
      const refusal = await refusalOf(put(Bucket, 'key', 'other', { ContentMD5 }));
      expect([refusal.code, refusal.status]).toEqual(['BadDigest', 400]);
    },
  },
  {
    title: 'a composite checksum is that of the parts',
    keep: async ({ client, newBucket }) => {
      const Bucket = await newBucket();
      const id = { Bucket, Key: 'large' };
      const { UploadId = '' } = await client.send(
        new CreateMultipartUploadCommand({ ...id, ChecksumAlgorithm: 'SHA256' }),
      );
      const pieces = [pattern(5 * 1024 ** 2, 1), pattern(77, 2)];
      const Parts: CompletedPart[] = [];
      for (const [index, Body] of pieces.entries()) {
        const part = { ...id, UploadId, PartNumber: index + 1 };
        const answer = await client.send(
          new UploadPartCommand({ ...part, Body, ChecksumAlgorithm: 'SHA256' }),
        );
        expect(answer.ChecksumSHA256).toBe(createHash('sha256').update(Body).digest('base64'));
        Parts.push({
          PartNumber: index + 1,
          ETag: answer.ETag ?? '',
          ChecksumSHA256: answer.ChecksumSHA256 ?? '',
        });
      }
      const done = await client.send(
        new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload: { Parts } }),
      );
      const sums = pieces.map((piece) => createHash('sha256').update(piece).digest());
      const whole = createHash('sha256').update(Buffer.concat(sums)).digest('base64');
      expect(done.ChecksumSHA256).toBe(`${whole}-2`);
    },
  },
  {
    title: 'a full-object CRC of a multipart upload is that of its bytes',
    keep: async ({ client, newBucket }) => {
      const Bucket = await newBucket();
      const id = { Bucket, Key: 'large' };
      const { UploadId = '' } = await client.send(
        new CreateMultipartUploadCommand({
          ...id,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
        }),
      );
      const pieces = [pattern(5 * 1024 ** 2, 1), pattern(77, 2)];
      const whole = crcOf(Buffer.concat(pieces));
      const Parts: CompletedPart[] = [];
      for (const [index, Body] of pieces.entries()) {
        const { ETag = '' } = await client.send(
          new UploadPartCommand({
            ...id,
            UploadId,
            PartNumber: index + 1,
            Body,
            ChecksumAlgorithm: 'CRC32',
          }),
        );
        Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32: crcOf(Body) });
      }
      const complete = (ChecksumCRC32: string): Promise<CompleteMultipartUploadCommandOutput> =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...id,
            UploadId,
            MultipartUpload: { Parts },
            ChecksumCRC32,
            ChecksumType: 'FULL_OBJECT',
          }),
        );
      expect((await refusalOf(complete('AAAAAA=='))).status).toBe(400);
      expect(await complete(whole)).toMatchObject({
        ChecksumCRC32: whole,
        ChecksumType: 'FULL_OBJECT',
      });
    },
  },
  {
    title: 'an object put without a checksum gets a CRC64NVME',
    keep: async ({ client, endpoint, credentials, newBucket }) => {
      const Bucket = await newBucket();
      const plainClient = new S3Client({
        region: 'us-east-1',
        endpoint,
        credentials,
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      const url = await getSignedUrl(plainClient, new PutObjectCommand({ Bucket, Key: 'key' }));
      expect((await fetch(url, { method: 'PUT', body: digits })).status).toBe(200);
      const head = await client.send(
        new HeadObjectCommand({ Bucket, Key: 'key', ChecksumMode: 'ENABLED' }),
      );
      expect(head).toMatchObject({
        ChecksumCRC64NVME: known['CRC64NVME'],
        ChecksumType: 'FULL_OBJECT',
      });
    },
  },
];
