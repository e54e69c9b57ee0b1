import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileItemKey } from '../../../shared/files/fileItem.ts';
import { versionsOf } from '../../../shared/files/files.ts';
import { findLostFiles } from '../../../shared/files/findLostFiles.ts';
import { hideDeletedFiles } from '../../../shared/files/hideDeletedFiles.ts';
import { createLog } from '../../../shared/log.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { eventually } from '../../eventually.ts';
import { type FileWorld, fileWorld } from './fileWorld.ts';

let world: FileWorld;
beforeEach(async () => {
  world = await fileWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const log = createLog(() => {});
const { signal } = new AbortController();
const minute = 60_000;
const day = 24 * 60 * minute;

describe('the daily listing', () => {
  const drop = (source: SourceItem, name: string) =>
    world.s3.send(
      new PutObjectCommand({
        Bucket: 'landing',
        Key: `landing/${source.tenant}/${source.sourceId}/${name}`,
        Body: `id\n${name.length}\n`,
      }),
    );
  const lookAt = (milliseconds: number) =>
    findLostFiles(
      {
        ...world.runs,
        s3: world.s3,
        landingBucket: 'landing',
        now: () => new Date(Date.now() + milliseconds),
      },
      log,
      signal,
    );

  it('finds dropped files whose events never came, and has them loaded', async () => {
    const source = await world.addSource();
    await world.land(source, { 'known.csv': 'id\n0\n' });
    for (const name of ['a.csv', 'sub/bé+c.csv', '_SUCCESS', '.hidden']) await drop(source, name);
    expect(await lookAt(20 * minute)).toBe(2);
    const lock = await getLock(world.table, source.tenant, source.sourceId);
    await world.ended(lock?.owner?.runId ?? '');
    expect(await world.ids(source)).toEqual(['0 known.csv', '12 sub/bé+c.csv', '5 a.csv']);
  });

  it('comes once a day, leaves what is just arriving, and looks at nothing twice for long', async () => {
    const source = await world.addSource();
    await drop(source, 'early.csv');
    // Its event may be under way.
    expect(await lookAt(10 * minute)).toBe(0);
    expect(await lookAt(20 * minute)).toBe(0);
    expect(await lookAt(day + 30 * minute)).toBe(1);
    // As seen by a listing that began a day after that one: it is older than what that one looked at.
    await drop(source, 'old.csv');
    expect(await lookAt(2 * day + 40 * minute)).toBe(0);
  });

  it('does not bring back what was deleted, by Headgate or in the bucket', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': 'id\n1\n' });
    await world.run(source);
    await world.run(source, { kind: 'file_delete', files: ['a.csv'] });
    await drop(source, 'b.csv');
    const Key = `landing/${source.tenant}/${source.sourceId}/b.csv`;
    await world.s3.send(new DeleteObjectCommand({ Bucket: 'landing', Key }));
    expect(await lookAt(20 * minute)).toBe(0);
    expect(await world.ids(source)).toEqual([]);
  });
});

describe('the object of a deleted file', () => {
  const hide = () =>
    hideDeletedFiles(
      { table: world.table, s3: world.s3, landingBucket: 'landing', now: () => new Date() },
      log,
      signal,
    );
  async function deleted(source: SourceItem, name: string) {
    await world.land(source, { [name]: `id\n${name.length}\n` });
    await world.run(source);
    const [found] = await versionsOf(world.table, source.tenant, source.sourceId, name);
    await world.run(source, { kind: 'file_delete', files: [name] });
    const { key: Key = '', versionId: VersionId = '' } = found?.file ?? {};
    // Commit writes it down after the run has ended.
    await eventually(async () =>
      expect((await itemOf(source, name, VersionId))?.['state']).toBe('deleted'),
    );
    return { Bucket: 'landing', Key, VersionId };
  }
  const itemOf = async (source: SourceItem, name: string, versionId: string) =>
    (
      await world.table.client.send(
        new GetCommand({
          TableName: world.table.name,
          Key: fileItemKey(source.tenant, source.sourceId, name, versionId),
        }),
      )
    ).Item;

  it('is hidden, so that S3 removes it in time, and its item after it', async () => {
    const source = await world.addSource();
    const version = await deleted(source, 'a.csv');
    const { Bucket, Key } = version;
    expect(await hide()).toBe(1);
    await expect(world.s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toThrow();
    await world.s3.send(new HeadObjectCommand(version));
    const item = await itemOf(source, 'a.csv', version.VersionId);
    const days = (Number(item?.['expiresAt']) * 1000 - Date.now()) / day;
    expect(days).toBeGreaterThan(100);
    expect(item).toMatchObject({ state: 'deleted', hidden: true });
    expect(item?.['gsi2pk']).toBeUndefined();
    expect(await hide()).toBe(0);
  });

  it('is left to a newer version that was dropped in its place', async () => {
    const source = await world.addSource();
    const { Bucket, Key } = await deleted(source, 'a.csv');
    await world.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'id\n2\n' }));
    expect(await hide()).toBe(1);
    const { DeleteMarkers = [] } = await world.s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: Key }),
    );
    expect(DeleteMarkers).toEqual([]);
  });

  it('is left alone when the file was restored since', async () => {
    const source = await world.addSource();
    const version = await deleted(source, 'a.csv');
    const { Bucket, Key, VersionId } = version;
    // As if the index had not noticed yet.
    await world.table.client.send(
      new UpdateCommand({
        TableName: world.table.name,
        Key: fileItemKey(source.tenant, source.sourceId, 'a.csv', VersionId),
        UpdateExpression: 'SET #state = :pending',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':pending': 'pending' },
      }),
    );
    expect(await hide()).toBe(0);
    await world.s3.send(new HeadObjectCommand({ Bucket, Key }));
  });
});
