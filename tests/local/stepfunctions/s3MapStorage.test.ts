import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openS3 } from '../../../local/s3/openS3.ts';
import type { MapStorage } from '../../../local/stepfunctions/mapStorage.ts';
import { s3MapStorage } from '../../../local/stepfunctions/s3MapStorage.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';

let client: S3Client;
let storage: MapStorage;
let close: () => Promise<void>;
const { signal } = new AbortController();
beforeEach(async () => {
  const s3 = openS3({ folder: mkdtempSync(join(tmpdir(), 'headgate-map-s3-')) });
  s3.createBucket('scratch', { versioned: true });
  const host = await hostServices(s3);
  client = new S3Client({ ...localClientConfig, endpoint: host.endpoint, forcePathStyle: true });
  storage = s3MapStorage(client);
  close = host.close;
});
afterEach(async () => {
  client.destroy();
  await close();
});

const put = async (Key: string, Body: string): Promise<string> =>
  (await client.send(new PutObjectCommand({ Bucket: 'scratch', Key, Body }))).VersionId!;
const textOf = async (bytes: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(bytes)).toString();

it('reads an object, by version when asked', async () => {
  const old = await put('units.jsonl', 'old');
  await put('units.jsonl', 'new');
  const place = { bucket: 'scratch', key: 'units.jsonl' };
  expect(await textOf(storage.read(place, signal))).toBe('new');
  expect(await textOf(storage.read({ ...place, versionId: old }, signal))).toBe('old');
  const missing = { bucket: 'scratch', key: 'none' };
  await expect(textOf(storage.read(missing, signal))).rejects.toBeInstanceOf(NoSuchKey);
});

it('lists objects below a prefix', async () => {
  for (const key of ['parts/b', 'parts/a', 'other']) await put(key, '1');
  const listed = await Array.fromAsync(storage.list('scratch', 'parts/', signal));
  expect(listed).toMatchObject([
    { Key: 'parts/a', Size: 1 },
    { Key: 'parts/b', Size: 1 },
  ]);
  expect(Date.parse((listed[0] as { LastModified: string }).LastModified)).not.toBeNaN();
});

it('writes an object larger than one part from small pieces', async () => {
  const piece = 'ü'.repeat(512 * 1024);
  const pieces = Array.from({ length: 6 }, () => piece);
  const bytes = await storage.write({ bucket: 'scratch', key: 'result.json' }, pieces, signal);
  expect(bytes).toBe(6 * 1024 * 1024);
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket: 'scratch', Key: 'result.json' }),
  );
  expect(await Body!.transformToString()).toBe(pieces.join(''));
});
