import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getFile, versionsOf } from '../../../shared/files/files.ts';
import { sourceItemKey } from '../../../shared/sources/sourceItem.ts';
import { type FileWorld, fileWorld } from './fileWorld.ts';

let world: FileWorld;
beforeAll(async () => {
  world = await fileWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const csv = (...ids: readonly number[]): string => `id\n${ids.map((id) => `${id}\n`).join('')}`;
const undo = (source: Awaited<ReturnType<FileWorld['addSource']>>, undoes: string) =>
  world.run(source, { kind: 'undo', undoes });

describe('a file whose rows were cleared', () => {
  it('stays on disk, and no run takes it by itself', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2) });
    await world.run(source);
    await world.run(source, { kind: 'clear' });
    expect(await world.files(source)).toEqual(['a.csv on_disk', 'b.csv on_disk']);
    await world.land(source, { 'c.csv': csv(3) });
    await world.run(source);
    expect(await world.ids(source)).toEqual(['3 c.csv']);
    expect(await world.files(source)).toEqual(['a.csv on_disk', 'b.csv on_disk', 'c.csv loaded 1']);
  });

  it('is loaded by a full refresh, and its bytes under another name before', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2) });
    await world.run(source);
    await world.run(source, { kind: 'clear' });
    await world.land(source, { 'c.csv': csv(1) });
    await world.run(source);
    expect(await world.ids(source)).toEqual(['1 c.csv']);
    await world.run(source, { mode: 'full_refresh' });
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 b.csv']);
    expect(await world.files(source)).toEqual([
      'a.csv loaded 1',
      'b.csv loaded 1',
      'c.csv loaded 0 as a.csv',
    ]);
  });

  it('waits as before when it was waiting', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1) });
    await world.run(source);
    await world.land(source, { 'b.csv': csv(2) });
    await world.run(source, { kind: 'clear' });
    expect(await world.files(source)).toEqual(['a.csv on_disk', 'b.csv pending']);
    await world.run(source);
    expect(await world.ids(source)).toEqual(['2 b.csv']);
  });
});

describe('an undone run', () => {
  it('leaves the files that it loaded on disk, and those before it loaded', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1) });
    await world.run(source);
    await world.land(source, { 'b.csv': csv(2), 'c.csv': csv(1) });
    const run = await world.run(source);
    expect((await undo(source, run.runId)).status).toBe('succeeded');
    expect(await world.files(source)).toEqual(['a.csv loaded 1', 'b.csv on_disk', 'c.csv on_disk']);
    expect(await world.ids(source)).toEqual(['1 a.csv']);
    await world.run(source);
    expect(await world.ids(source)).toEqual(['1 a.csv']);
  });

  it('gives back the files that it deleted, and the versions that it replaced', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2) });
    await world.run(source);
    const deleted = await world.run(source, { kind: 'file_delete', files: ['a.csv'] });
    await undo(source, deleted.runId);
    expect(await world.files(source)).toEqual(['a.csv loaded 1', 'b.csv loaded 1']);
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 b.csv']);
    await world.land(source, { 'b.csv': csv(3, 4) }, true);
    const replaced = await world.run(source);
    expect(await world.ids(source)).toEqual(['1 a.csv', '3 b.csv', '4 b.csv']);
    await undo(source, replaced.runId);
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 b.csv']);
    expect(await world.files(source)).toEqual([
      'a.csv loaded 1',
      'b.csv loaded 1',
      'b.csv on_disk',
    ]);
    // What is loaded again stands for its bytes again.
    await world.land(source, { 'c.csv': csv(1) });
    await world.run(source);
    expect(await world.files(source)).toContain('c.csv loaded 0 as a.csv');
  });

  it('of a clear loads all files again', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2), 'c.csv': csv(2) });
    await world.run(source);
    const before = await world.files(source);
    const cleared = await world.run(source, { kind: 'clear' });
    await undo(source, cleared.runId);
    expect(await world.files(source)).toEqual(before);
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 b.csv']);
  });

  it('of a full refresh leaves files as the run before it left them', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1) });
    await world.run(source);
    await world.land(source, { 'b.csv': csv(2) });
    const refreshed = await world.run(source, { mode: 'full_refresh' });
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 b.csv']);
    await undo(source, refreshed.runId);
    expect(await world.files(source)).toEqual(['a.csv loaded 1', 'b.csv on_disk']);
    expect(await world.ids(source)).toEqual(['1 a.csv']);
  });
});

describe('a deleted file', () => {
  it('takes its rows and rejects with it, every version', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': 'id,x\n1,1\n2,2,2\n', 'b.csv': 'id,x\n3,3\n' });
    await world.run(source);
    await world.land(source, { 'a.csv': 'id,x\n4,4\n' }, true);
    await world.run(source, { kind: 'file_delete', files: ['a.csv'] });
    expect(await world.ids(source)).toEqual(['3 b.csv']);
    expect(await world.rejects(source)).toEqual([]);
    expect(await versionsOf(world.table, source.tenant, source.sourceId, 'a.csv')).toEqual([]);
    await world.run(source);
    expect(await world.ids(source)).toEqual(['3 b.csv']);
  });

  it('is gone also where nothing was ever loaded', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2) });
    await world.run(source, { kind: 'file_delete', files: ['a.csv'] });
    expect(await world.files(source)).toEqual(['a.csv file_deleted', 'b.csv pending']);
    await world.run(source);
    expect(await world.ids(source)).toEqual(['2 b.csv']);
  });

  it('does not bring back rows of other files that its own took the place of', async () => {
    const source = await world.addSource({ primaryKey: ['id'] });
    await world.land(source, { 'a.csv': 'id,v\n1,old\n2,old\n' });
    await world.run(source);
    await world.land(source, { 'b.csv': 'id,v\n1,new\n' });
    await world.run(source);
    await world.run(source, { kind: 'file_delete', files: ['b.csv'] });
    expect(await world.ids(source)).toEqual(['2 a.csv']);
  });

  it('of an upserted table can be replaced, and loses the rows that its next version lacks', async () => {
    const source = await world.addSource({ primaryKey: ['id'] });
    await world.land(source, { 'a.csv': 'id,v\n1,a\n2,a\n', 'b.csv': 'id,v\n3,b\n' });
    await world.run(source);
    await world.land(source, { 'a.csv': 'id,v\n2,c\n4,c\n' }, true);
    await world.run(source);
    expect(await world.ids(source)).toEqual(['2 a.csv', '3 b.csv', '4 a.csv']);
  });
});

describe('a full refresh', () => {
  it('leaves on disk what is not among its files any more', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.txt': csv(2) });
    await world.run(source);
    await world.table.client.send(
      new UpdateCommand({
        TableName: world.table.name,
        Key: sourceItemKey(source.tenant, source.sourceId),
        UpdateExpression: 'SET config = :config',
        ExpressionAttributeValues: { ':config': { pattern: '*.csv' } },
      }),
    );
    await world.run(source, { mode: 'full_refresh' });
    expect(await world.ids(source)).toEqual(['1 a.csv']);
    expect(await world.files(source)).toEqual(['a.csv loaded 1', 'b.txt on_disk']);
  });

  it('says of a loaded file that it failed when its bytes are gone, and loads the others', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2) });
    await world.run(source);
    const [gone] = await versionsOf(world.table, source.tenant, source.sourceId, 'a.csv');
    const { key: Key, versionId: VersionId } = gone?.file ?? { key: '', versionId: '' };
    await world.s3.send(new DeleteObjectCommand({ Bucket: 'landing', Key, VersionId }));
    const run = await world.run(source, { mode: 'full_refresh' });
    expect(run.status).toBe('partial');
    expect(run.error?.message).toContain('a.csv is not in the bucket any more');
    expect(await world.ids(source)).toEqual(['2 b.csv']);
    expect(await world.files(source)).toEqual(['a.csv failed', 'b.csv loaded 1']);
    const file = await getFile(world.table, source.tenant, source.sourceId, 'a.csv', VersionId);
    expect(file?.error?.code).toBe('file_unreadable');
  });
});

it('a newer version that waits is loaded in the place of older ones', async () => {
  const source = await world.addSource();
  await world.land(source, { 'a.csv': csv(1) });
  await world.land(source, { 'a.csv': csv(2) }, true);
  await world.land(source, { 'a.csv': csv(3) }, true);
  await world.run(source);
  expect(await world.ids(source)).toEqual(['3 a.csv']);
  expect(await world.files(source)).toEqual([
    'a.csv file_deleted',
    'a.csv file_deleted',
    'a.csv loaded 1',
  ]);
});
