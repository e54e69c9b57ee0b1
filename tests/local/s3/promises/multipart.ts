import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { expect } from 'vitest';
import { pattern, refusalOf, type S3Promise, type S3UnderTest } from './s3UnderTest.ts';

const megabyte = 1024 ** 2;
const md5 = (data: Uint8Array): Buffer => createHash('md5').update(data).digest();

interface Begun {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
  part(PartNumber: number, Body: Uint8Array): Promise<CompletedPart>;
  complete(
    Parts: readonly CompletedPart[],
    rest?: object,
  ): Promise<CompleteMultipartUploadCommandOutput>;
}

async function begin(
  { client }: S3UnderTest,
  Bucket: string,
  Key = 'large',
  rest: object = {},
): Promise<Begun> {
  const { UploadId = '' } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ...rest }),
  );
  const id = { Bucket, Key, UploadId };
  return {
    ...id,
    part: async (PartNumber, Body) => {
      const answer = await client.send(new UploadPartCommand({ ...id, PartNumber, Body }));
      const { ETag = '', ChecksumCRC32 } = answer;
      return { PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
    },
    complete: (Parts, more = {}) =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...id,
          MultipartUpload: { Parts: [...Parts] },
          ...more,
        }),
      ),
  };
}

const bytesOf = async (
  { client }: S3UnderTest,
  input: { Bucket: string; Key: string; Range?: string; PartNumber?: number },
): Promise<Uint8Array> =>
  (await (await client.send(new GetObjectCommand(input))).Body?.transformToByteArray()) ??
  new Uint8Array();

export const multipartPromises: readonly S3Promise[] = [
  {
    title: 'parts become one object, in the order of their numbers',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      const upload = await begin(s3, Bucket, 'large', {
        ContentType: 'text/csv',
        Metadata: { a: '1' },
      });
      const [one, two] = [pattern(5 * megabyte, 1), pattern(1000, 2)];
      const second = await upload.part(7, two);
      const first = await upload.part(2, one);
      const done = await upload.complete([first, second]);
      const etag = createHash('md5')
        .update(Buffer.concat([md5(one), md5(two)]))
        .digest('hex');
      expect(done.ETag).toBe(`"${etag}-2"`);
      expect(done.VersionId).toBeTruthy();
      const got = await bytesOf(s3, upload);
      expect(Buffer.compare(got, Buffer.concat([one, two]))).toBe(0);
      const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'large' }));
      expect(head).toMatchObject({
        ContentType: 'text/csv',
        Metadata: { a: '1' },
        ContentLength: 5 * megabyte + 1000,
        ETag: `"${etag}-2"`,
      });
    },
  },
  {
    title: 'a range may span parts, and a part can be read by its number',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket);
      const pieces = [pattern(5 * megabyte, 1), pattern(5 * megabyte, 2), pattern(10, 3)];
      const parts = [];
      for (const [index, piece] of pieces.entries())
        parts.push(await upload.part(index + 1, piece));
      await upload.complete(parts);
      const whole = Buffer.concat(pieces);
      const [from, to] = [5 * megabyte - 3, 10 * megabyte + 4];
      const range = await bytesOf(s3, { Bucket, Key: 'large', Range: `bytes=${from}-${to}` });
      expect(Buffer.compare(range, whole.subarray(from, to + 1))).toBe(0);
      const part = await s3.client.send(
        new GetObjectCommand({ Bucket, Key: 'large', PartNumber: 2 }),
      );
      expect(part.PartsCount).toBe(3);
      expect(
        Buffer.compare(
          (await part.Body?.transformToByteArray()) ?? new Uint8Array(),
          pieces[1] ?? new Uint8Array(),
        ),
      ).toBe(0);
    },
  },
  {
    title: 'the SDK uploads a stream of unknown length in parts',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const data = pattern(11 * megabyte);
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < data.length; at += 700_001) yield data.subarray(at, at + 700_001);
      }
      const { Readable } = await import('node:stream');
      const Body = Readable.from(source(), { objectMode: false });
      await new Upload({ client: s3.client, params: { Bucket, Key: 'large', Body } }).done();
      expect(Buffer.compare(await bytesOf(s3, { Bucket, Key: 'large' }), data)).toBe(0);
    },
  },
  {
    title: 'a part uploaded again replaces the one before',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket);
      const stale = await upload.part(1, pattern(100, 1));
      const fresh = await upload.part(1, pattern(200, 2));
      expect((await refusalOf(upload.complete([stale]))).code).toBe('InvalidPart');
      await upload.complete([fresh]);
      expect(Buffer.compare(await bytesOf(s3, upload), pattern(200, 2))).toBe(0);
    },
  },
  {
    title: 'only the parts that are named are taken',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket);
      await upload.part(1, pattern(100, 1));
      const second = await upload.part(2, pattern(200, 2));
      await upload.complete([second]);
      expect(Buffer.compare(await bytesOf(s3, upload), pattern(200, 2))).toBe(0);
    },
  },
  {
    title: 'an upload that cannot be completed says why and stays',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket);
      const large = await upload.part(1, pattern(5 * megabyte));
      const small = await upload.part(2, pattern(100));
      const last = await upload.part(3, pattern(100));
      expect((await refusalOf(upload.complete([large, small, last]))).code).toBe('EntityTooSmall');
      const fourth = await upload.part(4, pattern(5 * megabyte));
      expect((await refusalOf(upload.complete([fourth, large]))).code).toBe('InvalidPartOrder');
      expect((await refusalOf(upload.complete([{ PartNumber: 9, ETag: '"0"' }]))).code).toBe(
        'InvalidPart',
      );
      expect(
        (await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'large' })))).status,
      ).toBe(404);
      await upload.complete([large, last]);
    },
  },
  {
    title: 'nothing of an unfinished upload can be seen, and an aborted one is gone',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket);
      const part = await upload.part(1, pattern(100));
      expect(
        (await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'large' })))).status,
      ).toBe(404);
      const { Bucket: _, ...id } = upload;
      await s3.client.send(
        new AbortMultipartUploadCommand({ Bucket, Key: id.Key, UploadId: id.UploadId }),
      );
      expect((await refusalOf(upload.complete([part]))).code).toBe('NoSuchUpload');
      expect((await refusalOf(upload.part(1, pattern(10)))).code).toBe('NoSuchUpload');
    },
  },
  {
    title: 'uploads and parts are listed in pages',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const upload = await begin(s3, Bucket, 'b/large');
      await begin(s3, Bucket, 'a');
      await begin(s3, Bucket, 'b/other');
      for (const number of [3, 1, 2]) await upload.part(number, pattern(10 * number));
      const first = await s3.client.send(
        new ListPartsCommand({ Bucket, Key: 'b/large', UploadId: upload.UploadId, MaxParts: 2 }),
      );
      expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
        [1, 10],
        [2, 20],
      ]);
      expect([first.IsTruncated, String(first.NextPartNumberMarker)]).toEqual([true, '2']);
      const second = await s3.client.send(
        new ListPartsCommand({
          Bucket,
          Key: 'b/large',
          UploadId: upload.UploadId,
          PartNumberMarker: first.NextPartNumberMarker ?? '',
        }),
      );
      expect(second.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
      const uploads = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }));
      expect(uploads.Uploads?.map(({ Key }) => Key)).toEqual(['a', 'b/large', 'b/other']);
      const below = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'b/' }));
      expect(below.Uploads?.map(({ Key }) => Key)).toEqual(['b/large', 'b/other']);
    },
  },
  {
    title: 'uploads are grouped by delimiter and go on behind a marker',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      for (const key of ['a', 'b/large', 'b/other', 'b/other']) await begin(s3, Bucket, key);
      const grouped = await s3.client.send(
        new ListMultipartUploadsCommand({ Bucket, Delimiter: '/' }),
      );
      expect(grouped.Uploads?.map(({ Key }) => Key)).toEqual(['a']);
      expect(grouped.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/']);
      const keys: (string | undefined)[] = [];
      let next: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (;;) {
        const page = await s3.client.send(
          new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1, ...next }),
        );
        keys.push(...(page.Uploads ?? []).map(({ Key }) => Key));
        if (page.IsTruncated !== true) break;
        next = {
          KeyMarker: page.NextKeyMarker ?? '',
          UploadIdMarker: page.NextUploadIdMarker ?? '',
        };
      }
      expect(keys).toEqual(['a', 'b/large', 'b/other', 'b/other']);
    },
  },
  {
    title: 'parts can be copied from ranges of other objects',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const source = pattern(6 * megabyte);
      await s3.put(Bucket, 'source', source);
      const upload = await begin(s3, Bucket);
      const copy = async (PartNumber: number, range?: string): Promise<CompletedPart> => {
        const { CopyPartResult } = await s3.client.send(
          new UploadPartCopyCommand({
            Bucket,
            Key: 'large',
            UploadId: upload.UploadId,
            PartNumber,
            CopySource: `${Bucket}/source`,
            ...(range === undefined ? {} : { CopySourceRange: range }),
          }),
        );
        const { ETag = '', ChecksumCRC32 } = CopyPartResult ?? {};
        return { PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
      };
      const parts = [await copy(1), await copy(2, 'bytes=10-19')];
      await upload.complete(parts);
      const expected = Buffer.concat([source, source.subarray(10, 20)]);
      expect(Buffer.compare(await bytesOf(s3, upload), expected)).toBe(0);
    },
  },
  {
    title: 'completing is conditional on what is there',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const { ETag = '' } = await s3.put(Bucket, 'large', 'there');
      const upload = await begin(s3, Bucket);
      const part = await upload.part(1, pattern(100));
      const refusal = await refusalOf(upload.complete([part], { IfNoneMatch: '*' }));
      expect([refusal.code, refusal.status]).toEqual(['PreconditionFailed', 412]);
      expect((await refusalOf(upload.complete([part], { IfMatch: '"0"' }))).status).toBe(412);
      await upload.complete([part], { IfMatch: ETag });
    },
  },
];
