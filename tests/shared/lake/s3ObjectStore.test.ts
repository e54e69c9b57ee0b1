import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3 } from '../../../local/s3/openS3.ts';
import { s3ObjectStore } from '../../../shared/lake/s3ObjectStore.ts';
import type { ObjectStore } from '../../../shared/lake/tableChange.ts';
import { hostServices, localClientConfig } from '../../local/hostServices.ts';
import { never } from './testTable.ts';

let folder: string;
let host: Awaited<ReturnType<typeof hostServices>>;
let client: S3Client;
let store: ObjectStore;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-store-'));
  host = await hostServices(openS3({ folder }));
  client = new S3Client({ ...localClientConfig, endpoint: host.endpoint, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  store = s3ObjectStore(client, 'lake');
});
afterAll(async () => {
  client.destroy();
  await host.close();
  rmSync(folder, { recursive: true });
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const put = (key: string, body: string) =>
  store.putNew(key, Buffer.from(body), 'text/plain', never);

describe('the lake in S3', () => {
  it('gives back what was put, whole and in parts', async () => {
    await put('a/whole.txt', '0123456789');
    expect(text(await store.get('a/whole.txt', never))).toBe('0123456789');
    expect(text(await store.getRange('a/whole.txt', 2, 5, never))).toBe('234');
    expect(text(await store.getRange('a/whole.txt', 8, 99, never))).toBe('89');
    expect(text(await store.getRange('a/whole.txt', 3, 3, never))).toBe('');
  });

  it('never writes over a key, also when two try at once', async () => {
    await put('a/once.txt', 'first');
    await expect(put('a/once.txt', 'second')).rejects.toMatchObject({ code: 'file_changed' });
    expect(text(await store.get('a/once.txt', never))).toBe('first');
    const tries = await Promise.allSettled(
      ['one', 'two', 'three'].map((body) => put('a/race.txt', body)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('says that a key is not there', async () => {
    await expect(store.get('a/none', never)).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.getRange('a/none', 0, 1, never)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('deletes any number of keys, and takes those that are gone for deleted', async () => {
    const keys = Array.from({ length: 1_050 }, (_, index) => `b/${index}`);
    for (const key of ['b/0', 'b/999', 'b/1049']) await put(key, 'x');
    await store.delete(keys, never);
    for (const key of ['b/0', 'b/999', 'b/1049'])
      await expect(store.get(key, never)).rejects.toMatchObject({ code: 'not_found' });
    await store.delete([], never);
  });

  it('fails when S3 deleted only some: for good where it is forbidden, else to be tried again', async () => {
    const refusing = new S3Client({ region: 'us-east-1' });
    const mock = mockClient(refusing);
    const answer = (Code: string) =>
      mock.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'k', Code }] });
    answer('AccessDenied');
    const forbidden = s3ObjectStore(refusing, 'lake').delete(['k'], never);
    await expect(forbidden).rejects.toThrow(/k \(AccessDenied\)/);
    await expect(forbidden).rejects.not.toHaveProperty('code');
    answer('SlowDown');
    await expect(s3ObjectStore(refusing, 'lake').delete(['k'], never)).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });

  it('stops when it is told to', async () => {
    const stopped = AbortSignal.abort();
    await expect(store.get('a/whole.txt', stopped)).rejects.toThrow();
    await expect(store.putNew('a/late', Buffer.from(''), 'text/plain', stopped)).rejects.toThrow();
  });
});
