import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutBucketRequestPaymentCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { refusalOf, type S3Promise } from './s3UnderTest.ts';

export const bucketPromises: readonly S3Promise[] = [
  {
    title: 'a created bucket is listed and found; another is not',
    keep: async ({ client, newBucket }) => {
      const Bucket = await newBucket();
      const listed = await client.send(new ListBucketsCommand({}));
      expect(listed.Buckets?.map(({ Name }) => Name)).toContain(Bucket);
      expect(listed.Buckets?.find(({ Name }) => Name === Bucket)?.CreationDate).toBeInstanceOf(
        Date,
      );
      await client.send(new HeadBucketCommand({ Bucket }));
      const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket }));
      expect(LocationConstraint ?? '').toBe('');
      const missing = await refusalOf(
        client.send(new HeadBucketCommand({ Bucket: `${Bucket}-not` })),
      );
      expect(missing.status).toBe(404);
    },
  },
  {
    title: 'creating a bucket again in us-east-1 succeeds and keeps its objects',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'kept', 'x');
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(new HeadObjectCommand({ Bucket, Key: 'kept' }));
    },
  },
  {
    title: 'a bucket name that breaks the rules is refused',
    keep: async ({ client }) => {
      for (const Bucket of ['Upper-Case', 'ab', 'ends-with-', '10.0.0.1', 'two..dots']) {
        const refusal = await refusalOf(client.send(new CreateBucketCommand({ Bucket })));
        expect([Bucket, refusal.code, refusal.status]).toEqual([Bucket, 'InvalidBucketName', 400]);
      }
    },
  },
  {
    title: 'a bucket is deleted only when nothing is left in it',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'one', 'x');
      const refusal = await refusalOf(client.send(new DeleteBucketCommand({ Bucket })));
      expect([refusal.code, refusal.status]).toEqual(['BucketNotEmpty', 409]);
      await client.send(new DeleteObjectCommand({ Bucket, Key: 'one' }));
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'unfinished' }));
      await client.send(new DeleteBucketCommand({ Bucket }));
      expect((await refusalOf(client.send(new DeleteBucketCommand({ Bucket })))).code).toBe(
        'NoSuchBucket',
      );
    },
  },
  {
    title: 'versioning is off, then on, and says so',
    keep: async ({ client, newBucket }) => {
      const off = await newBucket();
      const on = await newBucket({ versioned: true });
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: off }))).Status).toBe(
        undefined,
      );
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: on }))).Status).toBe(
        'Enabled',
      );
    },
  },
  {
    title: 'an operation that is not there answers NotImplemented, never success',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      await put(Bucket, 'key', 'x');
      for (const call of [
        () => client.send(new GetBucketAclCommand({ Bucket })),
        () =>
          client.send(
            new PutBucketRequestPaymentCommand({
              Bucket,
              RequestPaymentConfiguration: { Payer: 'Requester' },
            }),
          ),
        () =>
          put(Bucket, 'locked', 'x', {
            ObjectLockMode: 'GOVERNANCE',
            ObjectLockRetainUntilDate: new Date('2099-01-01'),
          }),
        () => put(Bucket, 'public', 'x', { ACL: 'public-read' }),
      ]) {
        const refusal = await refusalOf(call());
        expect([refusal.code, refusal.status]).toEqual(['NotImplemented', 501]);
      }
    },
  },
  {
    title: 'tags are set with the object, replaced and removed',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      const tagsOf = async (): Promise<unknown> =>
        (await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'key' }))).TagSet;
      await put(Bucket, 'key', 'x', { Tagging: 'a=1&b=two%20words' });
      expect(await tagsOf()).toEqual([
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: 'two words' },
      ]);
      const head = await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
      expect(head.TagCount).toBe(2);
      await client.send(
        new PutObjectTaggingCommand({
          Bucket,
          Key: 'key',
          Tagging: { TagSet: [{ Key: 'ü = d', Value: 'a+b@c' }] },
        }),
      );
      expect(await tagsOf()).toEqual([{ Key: 'ü = d', Value: 'a+b@c' }]);
      await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'key' }));
      expect(await tagsOf()).toEqual([]);
      const many = Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&');
      for (const [Tagging, code] of [
        [many, 'BadRequest'],
        [`a=${encodeURIComponent('<3>')}`, 'InvalidTag'],
      ] as const) {
        const refusal = await refusalOf(put(Bucket, 'key', 'x', { Tagging }));
        expect([refusal.code, refusal.status]).toEqual([code, 400]);
      }
    },
  },
];
