import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { pattern, refusalOf, type S3Promise } from './s3UnderTest.ts';

/** Keys that a path, a query, XML or a file system could spoil. */
export const oddKeys = [
  'plain',
  'with space and + and %2B and %',
  'a/../b',
  './c',
  'd//e/',
  '/leading',
  'ünïcode/日本語/🚀',
  'quotes"\'<&>;`',
  'query?x=1&y=2#z',
  'tilde~!*()',
  'e\u0301 and \u00e9',
  '{}|\\^[]',
  'x'.repeat(1024),
];

export const objectPromises: readonly S3Promise[] = [
  {
    title: 'what was put is what is got, with its metadata',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const answer = await put(Bucket, 'file.csv', 'a,b\n1,2\n', {
        ContentType: 'text/csv; charset=utf-8',
        CacheControl: 'no-store',
        ContentDisposition: 'attachment; filename="file.csv"',
        ContentEncoding: 'identity',
        ContentLanguage: 'de',
        Metadata: { owner: 'me', 'with-dash': 'a b' },
      });
      const etag = `"${createHash('md5').update('a,b\n1,2\n').digest('hex')}"`;
      expect(answer.ETag).toBe(etag);
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'file.csv' }));
      const expected = {
        ContentType: 'text/csv; charset=utf-8',
        CacheControl: 'no-store',
        ContentDisposition: 'attachment; filename="file.csv"',
        ContentEncoding: 'identity',
        ContentLanguage: 'de',
        Metadata: { owner: 'me', 'with-dash': 'a b' },
        ContentLength: 8,
        ETag: etag,
        AcceptRanges: 'bytes',
      };
      expect(got).toMatchObject(expected);
      expect(await got.Body?.transformToString()).toBe('a,b\n1,2\n');
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'file.csv' }));
      expect(head).toMatchObject(expected);
      expect(Math.abs((head.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    },
  },
  {
    title: 'a missing object and a missing bucket are told apart',
    keep: async ({ client, newBucket }) => {
      const Bucket = await newBucket();
      const key = await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'none' })));
      expect([key.code, key.status]).toEqual(['NoSuchKey', 404]);
      const head = await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' })));
      expect([head.code, head.status]).toEqual(['NotFound', 404]);
      const bucket = await refusalOf(
        client.send(new GetObjectCommand({ Bucket: `${Bucket}-none`, Key: 'none' })),
      );
      expect([bucket.code, bucket.status]).toEqual(['NoSuchBucket', 404]);
    },
  },
  {
    title: 'an object may be empty',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'empty', '');
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'empty' }));
      expect(got.ContentLength).toBe(0);
      expect(await got.Body?.transformToString()).toBe('');
    },
  },
  {
    title: 'keys are bytes: no path, query or XML character changes one',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      for (const [index, key] of oddKeys.entries()) await put(Bucket, key, `body ${index}`);
      for (const [index, Key] of oddKeys.entries()) {
        const got = await client.send(new GetObjectCommand({ Bucket, Key }));
        expect([Key, await got.Body?.transformToString()]).toEqual([Key, `body ${index}`]);
      }
      const tooLong = await refusalOf(put(Bucket, 'x'.repeat(1025), ''));
      expect([tooLong.code, tooLong.status]).toEqual(['KeyTooLongError', 400]);
    },
  },
  {
    title: 'a stream of unknown digest arrives whole',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const data = pattern(3_000_001);
      const pieces = [data.subarray(0, 1), data.subarray(1, 70_000), data.subarray(70_000)];
      await put(Bucket, 'stream', '', {
        Body: Readable.from(pieces, { objectMode: false }),
        ContentLength: data.length,
      });
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
      expect(got.ContentEncoding ?? '').not.toContain('aws-chunked');
      expect(
        Buffer.compare(data, (await got.Body?.transformToByteArray()) ?? new Uint8Array()),
      ).toBe(0);
    },
  },
  {
    title: 'ranges give exactly the bytes asked for',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'digits', '0123456789');
      const cases: readonly (readonly [string, string, string])[] = [
        ['bytes=0-0', '0', 'bytes 0-0/10'],
        ['bytes=2-5', '2345', 'bytes 2-5/10'],
        ['bytes=7-', '789', 'bytes 7-9/10'],
        ['bytes=-3', '789', 'bytes 7-9/10'],
        ['bytes=-100', '0123456789', 'bytes 0-9/10'],
        ['bytes=8-100', '89', 'bytes 8-9/10'],
      ];
      for (const [Range, text, ContentRange] of cases) {
        const got = await client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
        expect([Range, await got.Body?.transformToString(), got.ContentRange]).toEqual([
          Range,
          text,
          ContentRange,
        ]);
        expect(got.$metadata.httpStatusCode).toBe(206);
        expect(got.ContentLength).toBe(text.length);
      }
    },
  },
  {
    title: 'a range behind the end is refused with 416',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'digits', '0123456789');
      for (const Range of ['bytes=10-', 'bytes=100-200']) {
        const refusal = await refusalOf(
          client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range })),
        );
        expect([refusal.code, refusal.status]).toEqual(['InvalidRange', 416]);
      }
    },
  },
  {
    title: 'a range that is no range is ignored',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'digits', '0123456789');
      for (const Range of ['bytes=5-2', 'lines=1-2', 'bytes=a-b']) {
        const got = await client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
        expect([Range, got.$metadata.httpStatusCode, await got.Body?.transformToString()]).toEqual([
          Range,
          200,
          '0123456789',
        ]);
      }
    },
  },
  {
    title: 'response-* parameters override headers of the answer',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'key', 'x', { ContentType: 'text/plain' });
      const got = await client.send(
        new GetObjectCommand({
          Bucket,
          Key: 'key',
          ResponseContentType: 'application/json',
          ResponseContentDisposition: 'attachment; filename="ü.csv"',
          ResponseCacheControl: 'max-age=1',
        }),
      );
      expect(got).toMatchObject({
        ContentType: 'application/json',
        CacheControl: 'max-age=1',
      });
      expect(got.ContentDisposition).toContain('attachment');
    },
  },
  {
    title: 'deleting what is not there succeeds',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'key', 'x');
      for (let round = 0; round < 2; round++) {
        const gone = await client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
        expect(gone.$metadata.httpStatusCode).toBe(204);
      }
      expect(
        (await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'key' })))).status,
      ).toBe(404);
    },
  },
  {
    title: 'many keys are deleted in one request, odd ones too',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      for (const key of oddKeys) await put(Bucket, key, 'x');
      const Objects = [...oddKeys, 'never there'].map((Key) => ({ Key }));
      const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      expect(answer.Errors ?? []).toEqual([]);
      expect(answer.Deleted?.map(({ Key }) => Key).toSorted()).toEqual(
        Objects.map(({ Key }) => Key).toSorted(),
      );
      for (const Key of oddKeys)
        expect((await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key })))).status).toBe(
          404,
        );
      const quiet = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      expect(quiet.Deleted ?? []).toEqual([]);
    },
  },
  {
    title: 'a copy has the bytes and metadata of its source, or metadata of its own',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const other = await newBucket();
      const key = 'ünïcode/a + b?c';
      await put(Bucket, key, 'text', { ContentType: 'text/plain', Metadata: { a: '1' } });
      const CopySource = `${Bucket}/${encodeURIComponent(key)}`;
      const copy = await client.send(
        new CopyObjectCommand({ Bucket: other, Key: 'kept', CopySource }),
      );
      await client.send(
        new CopyObjectCommand({
          Bucket: other,
          Key: 'replaced',
          CopySource,
          MetadataDirective: 'REPLACE',
          ContentType: 'text/csv',
          Metadata: { b: '2' },
        }),
      );
      await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      const kept = await client.send(new GetObjectCommand({ Bucket: other, Key: 'kept' }));
      expect(kept).toMatchObject({ ContentType: 'text/plain', Metadata: { a: '1' } });
      expect(kept.ETag).toBe(copy.CopyObjectResult?.ETag);
      expect(await kept.Body?.transformToString()).toBe('text');
      const replaced = await client.send(new GetObjectCommand({ Bucket: other, Key: 'replaced' }));
      expect(replaced).toMatchObject({ ContentType: 'text/csv', Metadata: { b: '2' } });
      expect(await replaced.Body?.transformToString()).toBe('text');
    },
  },
  {
    title: 'an object is copied onto itself only to change something',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'key', 'text', { Metadata: { a: '1' } });
      const onto = { Bucket, Key: 'key', CopySource: `${Bucket}/key` };
      const refusal = await refusalOf(client.send(new CopyObjectCommand(onto)));
      expect([refusal.code, refusal.status]).toEqual(['InvalidRequest', 400]);
      await client.send(
        new CopyObjectCommand({ ...onto, MetadataDirective: 'REPLACE', Metadata: { a: '2' } }),
      );
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
      expect(got.Metadata).toEqual({ a: '2' });
      expect(await got.Body?.transformToString()).toBe('text');
    },
  },
  {
    title: 'copying what is not there is refused',
    keep: async ({ client, newBucket }) => {
      const Bucket = await newBucket();
      const copy = (CopySource: string): Promise<unknown> =>
        client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
      expect((await refusalOf(copy(`${Bucket}/none`))).code).toBe('NoSuchKey');
      expect((await refusalOf(copy(`${Bucket}-none/none`))).code).toBe('NoSuchBucket');
    },
  },
  {
    title: 'attributes tell ETag and size',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const { ETag } = await put(Bucket, 'key', '12345');
      const attributes = await client.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: 'key',
          ObjectAttributes: ['ETag', 'ObjectSize', 'StorageClass'],
        }),
      );
      expect(attributes).toMatchObject({
        ETag: ETag?.replaceAll('"', ''),
        ObjectSize: 5,
        StorageClass: 'STANDARD',
      });
    },
  },
  {
    title: 'metadata beyond 2 KB is refused',
    keep: async ({ newBucket, put }) => {
      const Bucket = await newBucket();
      const refusal = await refusalOf(
        put(Bucket, 'key', '', { Metadata: { big: 'x'.repeat(2048) } }),
      );
      expect([refusal.code, refusal.status]).toEqual(['MetadataTooLarge', 400]);
    },
  },
];
