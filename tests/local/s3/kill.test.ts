import { createHash, randomInt } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ObjectCreated } from '../../../local/s3/eventOutbox.ts';
import { eventually } from '../../eventually.ts';
import { pattern } from './promises/s3UnderTest.ts';
import { type S3Process, startS3Process } from './s3Process.ts';

let folder: string;
let running: S3Process | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-s3-kill-'));
});
afterEach(async () => {
  await running?.kill();
  await rm(folder, { recursive: true });
});

/** A small seeded generator: numbers below `limit`. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % limit;
  };
}

const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');
const part = 5 * 1024 ** 2;

it('kill -9 at random moments loses no acknowledged object or event and shows nothing torn', async () => {
  const seed = randomInt(2 ** 31);
  console.log(`kill -9 of S3: seed ${seed}`);
  const random = seeded(seed);
  /** Everything that was ever sent under a key: the only bodies that may be seen. */
  const sent = new Map<string, Set<string>>();
  /** The last acknowledged body of a key; what was sent after it may or may not be there. */
  const acknowledged = new Map<string, { readonly hash: string; readonly later: Set<string> }>();
  const acknowledgedVersions = new Map<string, string>();

  const begin = (name: string, hash: string): void => {
    sent.set(name, (sent.get(name) ?? new Set()).add(hash));
    acknowledged.get(name)?.later.add(hash);
  };
  const confirm = (name: string, hash: string, versionId: string | undefined): void => {
    acknowledged.set(name, { hash, later: new Set() });
    if (versionId !== undefined) acknowledgedVersions.set(`${name} ${versionId}`, hash);
  };

  /** Writes to keys of its own until the process dies. */
  async function write({ client }: S3Process, writer: number): Promise<void> {
    for (;;) {
      const Bucket = random(2) === 0 ? 'plain' : 'versioned';
      const Key = `writer-${writer}/key-${random(4)}`;
      const name = `${Bucket}/${Key}`;
      const bodySeed = random(2 ** 24);
      if (random(4) > 0) {
        const Body = pattern(random(300_000), bodySeed);
        begin(name, md5(Body));
        const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        confirm(name, md5(Body), VersionId);
        continue;
      }
      const pieces = [pattern(part, bodySeed), pattern(random(100_000) + 1, bodySeed + 1)];
      const hash = md5(Buffer.concat(pieces));
      begin(name, hash);
      const { UploadId = '' } = await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key }),
      );
      const id = { Bucket, Key, UploadId };
      const Parts = await Promise.all(
        pieces.map(async (Body, index) => {
          const PartNumber = index + 1;
          const { ETag } = await client.send(new UploadPartCommand({ ...id, PartNumber, Body }));
          return { PartNumber, ETag: ETag ?? '' };
        }),
      );
      const { VersionId } = await client.send(
        new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } }),
      );
      confirm(name, hash, VersionId);
    }
  }

  const read = async ({ client }: S3Process, name: string, VersionId?: string): Promise<string> => {
    const slash = name.indexOf('/');
    const got = await client.send(
      new GetObjectCommand({
        Bucket: name.slice(0, slash),
        Key: name.slice(slash + 1),
        ...(VersionId === undefined ? {} : { VersionId }),
      }),
    );
    return md5((await got.Body?.transformToByteArray()) ?? new Uint8Array());
  };

  for (let round = 0; round < 6; round++) {
    running = await startS3Process(folder);
    const s3 = running;
    for (const [name, { hash, later }] of acknowledged)
      expect([name, [hash, ...later]]).toEqual([
        name,
        expect.arrayContaining([await read(s3, name)]),
      ]);
    for (const [version, hash] of acknowledgedVersions) {
      const [name = '', id = ''] = version.split(' ');
      expect([version, await read(s3, name, id)]).toEqual([version, hash]);
    }
    for (const Bucket of ['plain', 'versioned']) {
      const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents)
        expect(sent.get(`${Bucket}/${Key}`)).toContain(await read(s3, `${Bucket}/${Key}`));
    }
    const writers = Promise.allSettled([0, 1, 2].map((writer) => write(s3, writer)));
    await sleep(150 + random(350));
    await s3.kill();
    await writers;
  }
  expect(acknowledged.size).toBeGreaterThan(5);

  // A listener at last: every acknowledged version of all rounds is told of, old ones too.
  running = await startS3Process(folder, true);
  const { client, lines } = running;
  const { Versions = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket: 'versioned' }),
  );
  await eventually(() => expect(lines.length).toBeGreaterThanOrEqual(Versions.length));
  await sleep(200);
  const events = lines.map((line) => JSON.parse(line) as ObjectCreated);
  const told = new Set(events.map(({ bucket, key, versionId }) => `${bucket}/${key} ${versionId}`));
  for (const { Key, VersionId } of Versions)
    expect(told).toContain(`versioned/${Key} ${VersionId}`);
  expect(new Set(events.map(({ sequencer }) => sequencer)).size).toBe(events.length);

  // What the kills left half written is swept after a start: every file is one the index names.
  await running.kill();
  const index = new DatabaseSync(join(folder, 'index.sqlite'), { readOnly: true });
  const named = index.prepare('SELECT blob FROM segments UNION ALL SELECT blob FROM parts').all();
  index.close();
  running = await startS3Process(folder);
  await eventually(async () => {
    const files = (await readdir(join(folder, 'blobs'), { recursive: true })).filter(
      (path) => path.length > 3,
    );
    expect(files.map((path) => path.slice(3)).toSorted()).toEqual(
      named.map(({ blob }) => blob).toSorted(),
    );
  });
});
