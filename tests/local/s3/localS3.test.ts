import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectCreated } from '../../../local/s3/eventOutbox.ts';
import { type LocalS3, type OpenS3Options, openS3 } from '../../../local/s3/openS3.ts';
import { eventually } from '../../eventually.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { pattern, refusalOf } from './promises/s3UnderTest.ts';

let folder: string;
let s3: LocalS3;
let client: S3Client;
let endpoint: string;
let close: () => Promise<void>;

async function start(options: Partial<OpenS3Options> = {}): Promise<void> {
  s3 = openS3({ folder, ...options });
  s3.createBucket('plain');
  s3.createBucket('versioned', { versioned: true });
  const host = await hostServices(s3);
  endpoint = host.endpoint;
  client = new S3Client({ ...localClientConfig, endpoint, maxAttempts: 1 });
  close = async () => {
    client.destroy();
    await host.close();
  };
}

const blobNames = async (): Promise<string[]> =>
  (await readdir(join(folder, 'blobs'), { recursive: true })).filter((path) => path.length > 3);
const blobs = async (): Promise<number> => (await blobNames()).length;

const put = (
  Bucket: string,
  Key: string,
  Body: string,
): Promise<{ VersionId?: string | undefined }> =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-local-s3-'));
  await start();
});
afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

describe('what the boot asks for', () => {
  it('creates a bucket once and brings it to new settings without touching its objects', async () => {
    const cors = [{ allowedOrigins: ['*'], allowedMethods: ['GET'] }];
    s3.createBucket('settled', { versioned: true, cors });
    await put('settled', 'key', 'kept');
    s3.createBucket('settled');
    s3.createBucket('settled', {
      cors: [{ allowedOrigins: ['https://a.test'], allowedMethods: ['PUT'] }],
    });
    const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'settled' }));
    expect(versioning.Status).toBe('Enabled');
    const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket: 'settled' }));
    expect(CORSRules).toEqual([{ AllowedOrigins: ['https://a.test'], AllowedMethods: ['PUT'] }]);
    const got = await client.send(new GetObjectCommand({ Bucket: 'settled', Key: 'key' }));
    expect(await got.Body?.transformToString()).toBe('kept');
    s3.createBucket('settled', { versioned: false });
    const suspended = await client.send(new GetBucketVersioningCommand({ Bucket: 'settled' }));
    expect(suspended.Status).toBe('Suspended');
  });

  it('refuses to open a folder that is in use', () => {
    expect(() => openS3({ folder })).toThrow(/another process/);
  });

  it('keeps everything across a restart', async () => {
    await put('versioned', 'key', 'one');
    await close();
    await start();
    await put('versioned', 'key', 'two');
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }));
    expect(Versions).toHaveLength(2);
  });
});

describe('object-created events', () => {
  it('tell of every new object, in an order that the sequencer gives', async () => {
    const events: ObjectCreated[] = [];
    s3.onObjectCreated('versioned', async (event) => {
      events.push(event);
    });
    const ids: (string | undefined)[] = [];
    for (const body of ['1', '22', '333'])
      ids.push((await put('versioned', 'a key/ü', body)).VersionId);
    await put('plain', 'not listened to', 'x');
    await client.send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'a key/ü' }));
    await eventually(() => expect(events).toHaveLength(3));
    const ordered = events.toSorted((a, b) => (a.sequencer < b.sequencer ? -1 : 1));
    expect(ordered.map(({ size, versionId }) => [size, versionId])).toEqual(
      [1, 2, 3].map((size, index) => [size, ids[index]]),
    );
    expect(ordered[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      bucket: 'versioned',
      key: 'a key/ü',
      eTag: 'c4ca4238a0b923820dcc509a6f75849b',
    });
  });

  it('are delivered again until they are taken, without holding up others', async () => {
    const seen: string[] = [];
    s3.onObjectCreated('plain', async ({ key }) => {
      seen.push(key);
      if (key === 'stubborn' && seen.filter((other) => other === key).length < 3)
        throw new Error('not now');
    });
    await put('plain', 'stubborn', 'x');
    await put('plain', 'easy', 'x');
    await eventually(() => expect(seen.filter((key) => key === 'stubborn')).toHaveLength(3));
    expect(seen.indexOf('easy')).toBeLessThan(seen.lastIndexOf('stubborn'));
    await sleep(300);
    expect(seen).toHaveLength(4);
  });

  it('survive a stop while nobody takes them, and their order goes on after it', async () => {
    s3.onObjectCreated('plain', () => new Promise(() => undefined));
    await put('plain', 'key', 'before');
    await close();
    await start();
    const events: ObjectCreated[] = [];
    s3.onObjectCreated('plain', async (event) => {
      events.push(event);
    });
    await put('plain', 'key', 'after');
    await eventually(() => expect(events).toHaveLength(2));
    const [before, after] = events.toSorted((a, b) => a.size - b.size).toReversed();
    expect([before?.size, after?.size]).toEqual([6, 5]);
    expect((after?.sequencer ?? '') > (before?.sequencer ?? '')).toBe(true);
  });

  it('are handed out by the hundred without one being lost or a queue in memory', async () => {
    let [active, most] = [0, 0];
    const keys = new Set<string>();
    s3.onObjectCreated('plain', async ({ key }) => {
      most = Math.max(most, ++active);
      await sleep(2);
      keys.add(key);
      active -= 1;
    });
    for (let batch = 0; batch < 10; batch++)
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => put('plain', `${batch}-${index}`, 'x')),
      );
    await eventually(() => expect(keys.size).toBe(200));
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('values no header can carry', () => {
  const form = async (fields: Record<string, string>): Promise<number> => {
    const post = await createPresignedPost(client, { Bucket: 'plain', Key: 'key', Fields: fields });
    const body = new FormData();
    for (const [name, value] of Object.entries(post.fields)) body.set(name, value);
    body.set('file', new Blob(['x']), 'x');
    return (await fetch(post.url, { method: 'POST', body })).status;
  };

  it('are refused where they come in, so that the object can always be read', async () => {
    expect(await form({ 'x-amz-meta-a': 'a\u0001b' })).toBe(400);
    expect(await form({ 'x-amz-meta-a b': 'x' })).toBe(400);
    expect(await form({ 'x-amz-meta-a': 'größer 日本' })).toBe(204);
    const got = await client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'key' }));
    expect(Buffer.from(got.Metadata?.['a'] ?? '', 'latin1').toString()).toBe('größer 日本');
    const override = new GetObjectCommand({
      Bucket: 'plain',
      Key: 'key',
      ResponseContentDisposition: 'attachment; filename="日本.csv"',
    });
    const refusal = await refusalOf(client.send(override));
    expect([refusal.code, refusal.status]).toEqual(['InvalidArgument', 400]);
  });
});

describe('readers and writers at once', () => {
  it('an object that is overwritten or deleted while it is read comes whole from one version', async () => {
    const bodies = [pattern(6_000_000, 1), pattern(6_000_000, 2)] as const;
    for (const Bucket of ['plain', 'versioned']) {
      await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: bodies[0] }));
      const reading = await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
      await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: bodies[1] }));
      const later = await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
      await client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
      const first = (await reading.Body?.transformToByteArray()) ?? new Uint8Array();
      const second = (await later.Body?.transformToByteArray()) ?? new Uint8Array();
      expect([Buffer.compare(first, bodies[0]), Buffer.compare(second, bodies[1])]).toEqual([0, 0]);
    }
  });

  it('what no version names any more is removed once its last reader is done', async () => {
    await put('plain', 'key', 'x'.repeat(40_000_000));
    const reading = await client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'key' }));
    await put('plain', 'key', 'y');
    expect(await blobs()).toBe(2);
    await reading.Body?.transformToByteArray();
    await eventually(async () => expect(await blobs()).toBe(1));
    await client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'key' }));
    await eventually(async () => expect(await blobs()).toBe(0));
  });

  it('a conditional write that a delete overtakes answers 409', async () => {
    const write = async (
      headers: Record<string, string>,
      meanwhile: () => Promise<unknown>,
    ): Promise<string> => {
      const url = await getSignedUrl(
        new S3Client({
          ...localClientConfig,
          endpoint,
          requestChecksumCalculation: 'WHEN_REQUIRED',
        }),
        new PutObjectCommand({ Bucket: 'plain', Key: 'key' }),
      );
      const before = new Set(await blobNames());
      // The request is under way once its first bytes are on disk.
      const begun = (): Promise<unknown> =>
        eventually(async () => expect(new Set(await blobNames()).isSubsetOf(before)).toBe(false));
      let interrupted: Promise<unknown> = Promise.resolve();
      const answer = new Promise<string>((resolve, reject) => {
        const sending = httpRequest(url, {
          method: 'PUT',
          headers: { ...headers, 'content-length': 10 },
        });
        sending.on('error', reject);
        sending.on('response', (response) => {
          response.setEncoding('utf8');
          let text = '';
          response.on('data', (piece: string) => {
            text += piece;
          });
          response.on('end', () =>
            resolve(`${response.statusCode} ${/<Code>(\w+)/.exec(text)?.[1]}`),
          );
        });
        sending.write('01234');
        interrupted = begun().then(() => meanwhile());
        void interrupted.then(() => sending.end('56789'), reject);
      });
      await interrupted;
      return await answer;
    };
    const remove = (): Promise<unknown> =>
      client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'key' }));
    const create = (body = 'other'): Promise<{ ETag?: string | undefined }> =>
      client.send(new PutObjectCommand({ Bucket: 'plain', Key: 'key', Body: body }));
    const { ETag: first = '' } = await create();
    expect(await write({ 'if-match': first }, remove)).toBe('409 ConditionalRequestConflict');
    expect(await write({ 'if-none-match': '*' }, () => create().then(remove))).toBe(
      '409 ConditionalRequestConflict',
    );
    expect(await write({ 'if-none-match': '*' }, create)).toBe('412 PreconditionFailed');
    expect(await write({ 'if-match': first }, () => create('changed'))).toBe(
      '412 PreconditionFailed',
    );
  });

  it('a client that goes away half way leaves nothing behind', async () => {
    const url = await getSignedUrl(
      new S3Client({ ...localClientConfig, endpoint, requestChecksumCalculation: 'WHEN_REQUIRED' }),
      new PutObjectCommand({ Bucket: 'plain', Key: 'key' }),
    );
    const sending = httpRequest(url, { method: 'PUT', headers: { 'content-length': 10_000_000 } });
    sending.on('error', () => undefined);
    sending.write(Buffer.alloc(3_000_000));
    await eventually(async () => expect(await blobs()).toBe(1));
    sending.destroy();
    await eventually(async () => expect(await blobs()).toBe(0));
    const refusal = await refusalOf(
      client.send(new HeadObjectCommand({ Bucket: 'plain', Key: 'key' })),
    );
    expect(refusal.status).toBe(404);
  });

  it('a body that is refused is taken before the answer, so that its sender comes to an end', async () => {
    const sending = httpRequest(`${endpoint}/plain/key`, {
      method: 'PUT',
      headers: { 'content-length': 8_000_000 },
    });
    const answer = once(sending, 'response') as Promise<[IncomingMessage]>;
    await pipeline(async function* () {
      for (let sent = 0; sent < 80; sent += 1) yield Buffer.alloc(100_000);
    }, sending);
    const [{ statusCode }] = await answer;
    expect(statusCode).toBe(403);
  });

  it('a reader that goes away half way is let go', async () => {
    await put('plain', 'key', 'x'.repeat(20_000_000));
    const reading = await client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'key' }));
    (reading.Body as unknown as { destroy(): void }).destroy();
    await client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'key' }));
    await eventually(async () => expect(await blobs()).toBe(0));
  });
});

describe('lifecycle rules', () => {
  it('expire objects, superseded versions, lone markers and unfinished uploads of their prefix', async () => {
    await close();
    const day = 86_400_000;
    let later = 0;
    await start({ now: () => new Date(Date.now() + later), sweepSeconds: 0.05 });
    client = new S3Client({ ...localClientConfig, endpoint, maxAttempts: 1 });
    const lifecycle = [
      {
        prefix: 'runs/',
        expireAfterDays: 2,
        expireNoncurrentAfterDays: 1,
        abortUploadsAfterDays: 2,
      },
    ];
    s3.createBucket('plain', { lifecycle });
    s3.createBucket('versioned', { lifecycle });
    const keys = async (bucket: string): Promise<string[]> => {
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      return [
        ...(listed.Versions ?? []).map(({ Key, IsLatest }) => `${Key}${IsLatest ? '' : ' old'}`),
        ...(listed.DeleteMarkers ?? []).map(({ Key }) => `${Key} marker`),
      ];
    };
    for (const bucket of ['plain', 'versioned'])
      for (const key of ['runs/1', 'runs/2', 'run', 'runs0', 'lake/1']) await put(bucket, key, 'x');
    await put('versioned', 'runs/1', 'y');
    for (const Key of ['runs/large', 'lake/large'])
      await client.send(new CreateMultipartUploadCommand({ Bucket: 'plain', Key }));
    await sleep(200);
    expect(await keys('plain')).toHaveLength(5);
    expect(await keys('versioned')).toContain('runs/1 old');

    // The clients' clock does not move with the server's: signing takes the server's time.
    const advance = (days: number): void => {
      later = days * day;
      client.config.systemClockOffset = later;
    };
    advance(1.5);
    await eventually(async () => expect(await keys('versioned')).not.toContain('runs/1 old'));
    expect(await keys('versioned')).toContain('runs/1');
    advance(2.5);
    await eventually(async () => expect(await keys('plain')).toEqual(['lake/1', 'run', 'runs0']));
    await eventually(async () => expect(await keys('versioned')).toContain('runs/1 marker'));
    await eventually(async () => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'plain' }));
      expect(Uploads?.map(({ Key }) => Key)).toEqual(['lake/large']);
    });
    advance(6);
    await eventually(async () =>
      expect((await keys('versioned')).toSorted()).toEqual(['lake/1', 'run', 'runs0']),
    );
  });
});
