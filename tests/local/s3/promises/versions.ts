import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { refusalOf, type S3Promise, type S3UnderTest } from './s3UnderTest.ts';

const textOf = async (
  { client }: S3UnderTest,
  input: { Bucket: string; Key: string; VersionId?: string | undefined },
): Promise<string | undefined> => {
  const { VersionId, ...rest } = input;
  const got = await client.send(
    new GetObjectCommand({ ...rest, ...(VersionId === undefined ? {} : { VersionId }) }),
  );
  return await got.Body?.transformToString();
};

export const versionPromises: readonly S3Promise[] = [
  {
    title: 'every put of a key is a version of its own that can be read for ever',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      const one = await s3.put(Bucket, 'key', 'one');
      const two = await s3.put(Bucket, 'key', 'two');
      expect(one.VersionId).toBeTruthy();
      expect(two.VersionId).not.toBe(one.VersionId);
      expect(await textOf(s3, { Bucket, Key: 'key' })).toBe('two');
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId: one.VersionId })).toBe('one');
      const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'key' }));
      expect(head.VersionId).toBe(two.VersionId);
    },
  },
  {
    title: 'a bucket without versions names none',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket();
      expect((await put(Bucket, 'key', 'x')).VersionId).toBe(undefined);
      expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'key' }))).VersionId).toBe(
        undefined,
      );
    },
  },
  {
    title: 'a delete hides the object behind a marker; deleting the marker brings it back',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      const { VersionId } = await s3.put(Bucket, 'key', 'text');
      const marker = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
      expect(marker.DeleteMarker).toBe(true);
      expect(marker.VersionId).toBeTruthy();
      const hidden = await refusalOf(s3.client.send(new GetObjectCommand({ Bucket, Key: 'key' })));
      expect([hidden.code, hidden.status]).toEqual(['NoSuchKey', 404]);
      expect((await s3.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId })).toBe('text');
      const gone = await s3.client.send(
        new DeleteObjectCommand({ Bucket, Key: 'key', VersionId: marker.VersionId ?? '' }),
      );
      expect(gone.DeleteMarker).toBe(true);
      expect(await textOf(s3, { Bucket, Key: 'key' })).toBe('text');
    },
  },
  {
    title: 'a delete marker itself cannot be read',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket({ versioned: true });
      await put(Bucket, 'key', 'text');
      const { VersionId = '' } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
      const refusal = await refusalOf(
        client.send(new GetObjectCommand({ Bucket, Key: 'key', VersionId })),
      );
      expect([refusal.code, refusal.status]).toEqual(['MethodNotAllowed', 405]);
    },
  },
  {
    title: 'deleting a version removes it for good and the one before is current',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      await s3.put(Bucket, 'key', 'one');
      const { VersionId = '' } = await s3.put(Bucket, 'key', 'two');
      await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'key', VersionId }));
      expect(await textOf(s3, { Bucket, Key: 'key' })).toBe('one');
      const refusal = await refusalOf(
        s3.client.send(new GetObjectCommand({ Bucket, Key: 'key', VersionId })),
      );
      expect([refusal.code, refusal.status]).toEqual(['NoSuchVersion', 404]);
    },
  },
  {
    title: 'a version id that was never given out is refused',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket({ versioned: true });
      await put(Bucket, 'key', 'x');
      const refusal = await refusalOf(
        client.send(new GetObjectCommand({ Bucket, Key: 'key', VersionId: 'not one of yours' })),
      );
      expect([refusal.code, refusal.status]).toEqual(['InvalidArgument', 400]);
    },
  },
  {
    title: 'versions are listed by key, newest first, with markers, in pages of any size',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket({ versioned: true });
      const expected: string[] = [];
      for (const key of ['a', 'b/1', 'b/2']) {
        const ids: string[] = [];
        for (const body of ['1', '2', '3'])
          ids.unshift((await put(Bucket, key, body)).VersionId ?? '');
        if (key === 'b/1')
          ids.unshift(
            (await client.send(new DeleteObjectCommand({ Bucket, Key: key }))).VersionId ?? '',
          );
        expected.push(...ids.map((id) => `${key} ${id}`));
      }
      for (const MaxKeys of [1, 2, 4, 100]) {
        const found: string[] = [];
        let next: { KeyMarker?: string; VersionIdMarker?: string } | null = {};
        while (next !== null) {
          const listed: ListObjectVersionsCommandOutput = await client.send(
            new ListObjectVersionsCommand({ Bucket, MaxKeys, ...next }),
          );
          const entries = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])];
          found.push(
            ...entries
              .map(({ Key, VersionId }) => `${Key} ${VersionId}`)
              .toSorted((x, y) => expected.indexOf(x) - expected.indexOf(y)),
          );
          for (const { Key, IsLatest, VersionId } of entries)
            expect(IsLatest).toBe(
              expected.find((e) => e.startsWith(`${Key} `)) === `${Key} ${VersionId}`,
            );
          next =
            listed.IsTruncated === true
              ? {
                  KeyMarker: listed.NextKeyMarker ?? '',
                  ...(listed.NextVersionIdMarker === undefined
                    ? {}
                    : { VersionIdMarker: listed.NextVersionIdMarker }),
                }
              : null;
        }
        expect([MaxKeys, found]).toEqual([MaxKeys, expected]);
      }
      const grouped = await client.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/' }));
      expect(grouped.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/']);
      expect(grouped.Versions?.every(({ Key }) => Key === 'a')).toBe(true);
    },
  },
  {
    title: 'a client that deletes each page as it lists empties the bucket',
    keep: async ({ client, newBucket, put }) => {
      const Bucket = await newBucket({ versioned: true });
      for (const key of ['a', 'b', 'c'])
        for (const body of ['1', '2', '3']) await put(Bucket, key, body);
      await client.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
      let next: { KeyMarker: string; VersionIdMarker: string } | object | null = {};
      while (next !== null) {
        const page: ListObjectVersionsCommandOutput = await client.send(
          new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...next }),
        );
        const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
          ({ Key = '', VersionId = '' }) => ({ Key, VersionId }),
        );
        const gone = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
        expect(gone.Errors ?? []).toEqual([]);
        next =
          page.IsTruncated === true
            ? {
                KeyMarker: page.NextKeyMarker ?? '',
                VersionIdMarker: page.NextVersionIdMarker ?? '',
              }
            : null;
      }
      await client.send(new DeleteBucketCommand({ Bucket }));
    },
  },
  {
    title: 'an old version is copied back on top',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      const { VersionId } = await s3.put(Bucket, 'key', 'one');
      await s3.put(Bucket, 'key', 'two');
      const copied = await s3.client.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'key',
          CopySource: `${Bucket}/key?versionId=${VersionId}`,
        }),
      );
      expect(copied.CopySourceVersionId).toBe(VersionId);
      expect(copied.VersionId).not.toBe(VersionId);
      expect(await textOf(s3, { Bucket, Key: 'key' })).toBe('one');
    },
  },
  {
    title: 'suspended versioning replaces only the null version',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put(Bucket, 'key', 'before');
      const set = (Status: 'Enabled' | 'Suspended'): Promise<unknown> =>
        s3.client.send(
          new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }),
        );
      await set('Enabled');
      const { VersionId } = await s3.put(Bucket, 'key', 'versioned');
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId: 'null' })).toBe('before');
      await set('Suspended');
      await s3.put(Bucket, 'key', 'after');
      expect(await textOf(s3, { Bucket, Key: 'key' })).toBe('after');
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId: 'null' })).toBe('after');
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId })).toBe('versioned');
      const listed = await s3.client.send(new ListObjectVersionsCommand({ Bucket }));
      expect(listed.Versions?.map((version) => version.VersionId)).toEqual(['null', VersionId]);
      const marker = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
      expect(marker).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
      expect(await textOf(s3, { Bucket, Key: 'key', VersionId })).toBe('versioned');
    },
  },
];
