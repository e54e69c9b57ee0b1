import {
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { oddKeys } from './objects.ts';
import type { S3Promise, S3UnderTest } from './s3UnderTest.ts';

const tree = ['a', 'a/b', 'a/c/d', 'a/c/e', 'b', 'c/1', 'c/2', 'c/3', 'd'];

async function bucketWith(
  { newBucket, put }: S3UnderTest,
  keys: readonly string[],
): Promise<string> {
  const bucket = await newBucket();
  for (const key of keys) await put(bucket, key, key);
  return bucket;
}

interface Page {
  readonly keys: readonly (string | undefined)[];
  readonly prefixes: readonly (string | undefined)[];
}

async function pages(
  { client }: S3UnderTest,
  input: ListObjectsV2CommandInput,
): Promise<readonly Page[]> {
  const found: Page[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        ...input,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    const keys = page.Contents?.map(({ Key }) => Key) ?? [];
    const prefixes = page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [];
    expect(page.KeyCount).toBe(keys.length + prefixes.length);
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
    found.push({ keys, prefixes });
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return found;
}

export const listingPromises: readonly S3Promise[] = [
  {
    title: 'keys are listed in the order of their UTF-8 bytes',
    keep: async (s3) => {
      const keys = ['B', 'a', 'a-b', 'a/b', 'aa', 'z', 'é', '\uffee', '\u{1f680}'];
      const Bucket = await bucketWith(s3, keys.toReversed());
      const [page] = await pages(s3, { Bucket });
      expect(page?.keys).toEqual(keys);
    },
  },
  {
    title: 'odd keys come back from a listing unchanged',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, oddKeys);
      const [page] = await pages(s3, { Bucket });
      expect(page?.keys.toSorted()).toEqual(oddKeys.toSorted());
    },
  },
  {
    title: 'a listing tells size, ETag and time',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const { ETag } = await s3.put(Bucket, 'key', '12345');
      const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
      expect(Contents).toMatchObject([{ Key: 'key', Size: 5, ETag, StorageClass: 'STANDARD' }]);
      expect(Contents?.[0]?.LastModified).toBeInstanceOf(Date);
    },
  },
  {
    title: 'prefix and delimiter group keys like folders',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, tree);
      expect(await pages(s3, { Bucket, Delimiter: '/' })).toEqual([
        { keys: ['a', 'b', 'd'], prefixes: ['a/', 'c/'] },
      ]);
      expect(await pages(s3, { Bucket, Delimiter: '/', Prefix: 'a/' })).toEqual([
        { keys: ['a/b'], prefixes: ['a/c/'] },
      ]);
      expect(await pages(s3, { Bucket, Prefix: 'c/' })).toEqual([
        { keys: ['c/1', 'c/2', 'c/3'], prefixes: [] },
      ]);
      expect(await pages(s3, { Bucket, Prefix: 'none' })).toEqual([{ keys: [], prefixes: [] }]);
    },
  },
  {
    title: 'pages of any size give every entry once',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, tree);
      for (const MaxKeys of [1, 2, 3, 5]) {
        const flat = await pages(s3, { Bucket, MaxKeys });
        expect(flat.flatMap(({ keys }) => keys)).toEqual(tree);
        const grouped = await pages(s3, { Bucket, MaxKeys, Delimiter: '/' });
        expect(grouped.flatMap(({ keys }) => keys)).toEqual(['a', 'b', 'd']);
        expect(grouped.flatMap(({ prefixes }) => prefixes)).toEqual(['a/', 'c/']);
        for (const { keys, prefixes } of [...flat, ...grouped])
          expect(keys.length + prefixes.length).toBeLessThanOrEqual(MaxKeys);
      }
    },
  },
  {
    title: 'start-after begins behind a key, whether it exists or not',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, tree);
      const [existing] = await pages(s3, { Bucket, StartAfter: 'b' });
      expect(existing?.keys).toEqual(['c/1', 'c/2', 'c/3', 'd']);
      const [between] = await pages(s3, { Bucket, StartAfter: 'c/15' });
      expect(between?.keys).toEqual(['c/2', 'c/3', 'd']);
      const [outside] = await pages(s3, { Bucket, Prefix: 'a/', StartAfter: 'z' });
      expect(outside?.keys).toEqual([]);
    },
  },
  {
    title: 'a page of no keys is empty and not truncated',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, ['a']);
      const page = await s3.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }));
      expect([page.KeyCount, page.IsTruncated, page.Contents ?? []]).toEqual([0, false, []]);
    },
  },
  {
    title: 'the older listing goes on by marker',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, tree);
      const keys: (string | undefined)[] = [];
      const prefixes: (string | undefined)[] = [];
      let Marker: string | undefined = '';
      do {
        const page: ListObjectsCommandOutput = await s3.client.send(
          new ListObjectsCommand({ Bucket, Marker, Delimiter: '/', MaxKeys: 2 }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
        prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
        Marker = page.NextMarker;
      } while (Marker !== undefined);
      expect([keys, prefixes]).toEqual([
        ['a', 'b', 'd'],
        ['a/', 'c/'],
      ]);
    },
  },
  {
    title: 'encoding-type=url escapes keys and prefixes',
    keep: async (s3) => {
      const Bucket = await bucketWith(s3, ['a b/ü', 'c+d']);
      const page = await s3.client.send(
        new ListObjectsV2Command({ Bucket, EncodingType: 'url', Delimiter: '/' }),
      );
      expect(page.Contents?.[0]?.Key).toBe('c%2Bd');
      expect(page.CommonPrefixes?.[0]?.Prefix).toMatch(/^a(%20|\+)b\/$/);
    },
  },
];
