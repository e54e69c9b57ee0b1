import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { pattern } from './promises/s3UnderTest.ts';
import { startS3Process } from './s3Process.ts';

const megabyte = 1024 ** 2;
const pieces = 384;

it('an object larger than the memory it may use goes in and out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-s3-memory-'));
  const s3 = await startS3Process(folder);
  try {
    const before = await s3.peakMegabytes();
    const piece = pattern(megabyte);
    const sent = createHash('md5');
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < pieces; count++) {
        sent.update(piece);
        yield piece;
      }
    }
    await s3.client.send(
      new PutObjectCommand({
        Bucket: 'plain',
        Key: 'large',
        Body: Readable.from(source(), { objectMode: false }),
        ContentLength: pieces * megabyte,
      }),
    );
    const got = await s3.client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'large' }));
    const received = createHash('md5');
    for await (const chunk of got.Body as Readable) received.update(chunk);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    const grown = (await s3.peakMegabytes()) - before;
    expect(grown).toBeLessThan(150);
  } finally {
    await s3.kill();
    await rm(folder, { recursive: true });
  }
});
