import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { refusalOf, type S3Promise } from './s3UnderTest.ts';

export const conditionPromises: readonly S3Promise[] = [
  {
    title: 'If-None-Match: * lets exactly one of many writers create the object',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const writers = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          put(Bucket, 'once', `writer ${index}`, { IfNoneMatch: '*' }),
        ),
      );
      const winners = writers.flatMap(({ status }, index) =>
        status === 'fulfilled' ? [index] : [],
      );
      expect(winners).toHaveLength(1);
      for (const writer of writers)
        if (writer.status === 'rejected')
          expect([412, 409]).toContain(writer.reason.$metadata.httpStatusCode);
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'once' }));
      expect(await got.Body?.transformToString()).toBe(`writer ${winners[0]}`);
    },
  },
  {
    title: 'If-None-Match: * succeeds again once the object is deleted, even with versions kept',
    keep: async ({ client, newBucket, put }) => {
      for (const versioned of [false, true]) {
        const Bucket = await newBucket({ versioned });
        await put(Bucket, 'key', 'x', { IfNoneMatch: '*' });
        const refusal = await refusalOf(put(Bucket, 'key', 'y', { IfNoneMatch: '*' }));
        expect([refusal.code, refusal.status]).toEqual(['PreconditionFailed', 412]);
        await client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
        await put(Bucket, 'key', 'y', { IfNoneMatch: '*' });
      }
    },
  },
  {
    title: 'If-Match lets exactly one of many writers replace the object they read',
    keep: async ({ newBucket, put }) => {
      const Bucket = await newBucket();
      const { ETag: IfMatch } = await put(Bucket, 'key', 'first');
      const writers = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          put(Bucket, 'key', `writer ${index}`, { IfMatch: IfMatch ?? '' }),
        ),
      );
      expect(writers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    },
  },
  {
    title: 'If-Match on an object that is not there answers NoSuchKey',
    keep: async ({ newBucket, put }) => {
      const Bucket = await newBucket();
      const refusal = await refusalOf(put(Bucket, 'none', 'x', { IfMatch: '"0"' }));
      expect([refusal.code, refusal.status]).toEqual(['NoSuchKey', 404]);
    },
  },
  {
    title: 'reads are conditional on ETag and date',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const { ETag = '' } = await put(Bucket, 'key', 'x');
      const earlier = new Date(Date.now() - 3_600_000);
      const later = new Date(Date.now() + 3_600_000);
      const other = '"00000000000000000000000000000000"';
      const get = (conditions: object): Promise<unknown> =>
        client.send(new GetObjectCommand({ Bucket, Key: 'key', ...conditions }));
      const head = (conditions: object): Promise<unknown> =>
        client.send(new HeadObjectCommand({ Bucket, Key: 'key', ...conditions }));
      for (const read of [get, head]) {
        for (const holds of [
          { IfMatch: ETag },
          { IfNoneMatch: other },
          { IfModifiedSince: earlier },
          { IfUnmodifiedSince: later },
          { IfMatch: ETag, IfUnmodifiedSince: earlier },
        ])
          await read(holds);
        for (const notModified of [{ IfNoneMatch: ETag }, { IfModifiedSince: later }])
          expect((await refusalOf(read(notModified))).status).toBe(304);
        for (const fails of [{ IfMatch: other }, { IfUnmodifiedSince: earlier }])
          expect((await refusalOf(read(fails))).status).toBe(412);
      }
    },
  },
  {
    title: 'an ETag that matches outweighs a date that would not',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'key', 'x');
      // A different ETag means changed, whatever the date says.
      await client.send(
        new GetObjectCommand({
          Bucket,
          Key: 'key',
          IfNoneMatch: '"00000000000000000000000000000000"',
          IfModifiedSince: new Date(Date.now() + 3_600_000),
        }),
      );
    },
  },
  {
    title: 'the source of a copy is conditional too',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const { ETag = '' } = await put(Bucket, 'from', 'x');
      const copy = (conditions: object): Promise<unknown> =>
        client.send(
          new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from`, ...conditions }),
        );
      await copy({ CopySourceIfMatch: ETag });
      for (const fails of [{ CopySourceIfMatch: '"0"' }, { CopySourceIfNoneMatch: ETag }])
        expect((await refusalOf(copy(fails))).status).toBe(412);
    },
  },
  {
    title: 'a copy and a delete can be conditional on their target',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'from', 'x');
      const { ETag = '' } = await put(Bucket, 'to', 'y');
      const copy = (conditions: object): Promise<unknown> =>
        client.send(
          new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from`, ...conditions }),
        );
      expect((await refusalOf(copy({ IfNoneMatch: '*' }))).status).toBe(412);
      const remove = (IfMatch: string): Promise<unknown> =>
        client.send(new DeleteObjectCommand({ Bucket, Key: 'to', IfMatch }));
      expect((await refusalOf(remove('"0"'))).status).toBe(412);
      await remove(ETag);
      expect(
        (await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'to' })))).status,
      ).toBe(404);
    },
  },
];
