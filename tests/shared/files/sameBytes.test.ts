import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileWorld, fileWorld } from './fileWorld.ts';

let world: FileWorld;
beforeAll(async () => {
  world = await fileWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const one = 'id\n1\n2\n';
const other = 'id\n7\n8\n9\n';

describe('the same bytes', () => {
  it('load once, under whatever name they come again, and the run counts the duplicate', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one });
    expect(world.counted(await world.run(source))).toMatchObject({ written: 2, loaded: 1 });
    await world.land(source, { 'b.csv': one });
    expect(world.counted(await world.run(source))).toEqual({
      status: 'succeeded',
      result: 'nothing_new',
      read: 0,
      written: 0,
      loaded: 0,
      duplicates: 1,
    });
    expect(await world.files(source)).toEqual(['a.csv loaded 2', 'b.csv loaded 0 as a.csv']);
    expect(await world.ids(source)).toEqual(['1 a.csv', '2 a.csv']);
  });

  it('load once within one run too', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one, 'b.csv': other, 'c.csv': one, 'd.csv': one });
    expect(world.counted(await world.run(source))).toMatchObject({
      read: 5,
      written: 5,
      loaded: 2,
      duplicates: 2,
    });
    expect(await world.files(source)).toEqual([
      'a.csv loaded 2',
      'b.csv loaded 3',
      'c.csv loaded 0 as a.csv',
      'd.csv loaded 0 as a.csv',
    ]);
    expect(await world.ids(source)).toHaveLength(5);
  });

  it('take their rejects with them', async () => {
    const source = await world.addSource();
    const bad = 'id,x\n1,2\n3,4,5\n6,7\n';
    await world.land(source, { 'a.csv': bad, 'b.csv': bad });
    const run = await world.run(source);
    expect(run.counts).toMatchObject({ read: 3, written: 2, rejected: 1 });
    expect(await world.rejects(source)).toHaveLength(1);
  });

  it('of a large file are found without loading it, and without reading a new one twice', async () => {
    const bytesRead = new Map<string, number>();
    await using counting = await fileWorld({
      openLanded: (open) =>
        async function* (key, versionId, from, signal) {
          for await (const chunk of open(key, versionId, from, signal)) {
            bytesRead.set(key, (bytesRead.get(key) ?? 0) + chunk.length);
            yield chunk;
          }
        },
    });
    const read = (name: string): number =>
      [...bytesRead].find(([key]) => key.endsWith(name))?.[1] ?? 0;
    const source = await counting.addSource();
    const large = (first: number): string =>
      `id\n${Array.from({ length: 160_000 }, (_, n) => `${1_000_000 + n + first}\n`).join('')}`;
    const bytes = large(0).length;
    await counting.land(source, { 'a.csv': large(0), 'b.csv': large(500_000) });
    await counting.run(source);
    expect(read('a.csv')).toBe(bytes);
    await counting.land(source, { 'c.csv': large(500_000), 'd.csv': large(700_000) });
    const run = await counting.run(source);
    expect(counting.counted(run)).toMatchObject({ read: 160_000, loaded: 1, duplicates: 1 });
    expect(await counting.files(source)).toContain('c.csv loaded 0 as b.csv');
    const loadedFiles = counting.logged.filter(
      (line) => line.includes('file read') && line.includes(run.runId),
    );
    expect(loadedFiles).toHaveLength(1);
    // Beginnings are compared with those of two files of the same size, in chunks of the transport's own size.
    const look = 512 * 1024;
    expect(read('d.csv')).toBeLessThan(bytes + look);
    expect(read('c.csv')).toBeLessThan(bytes + 2 * look);
  });

  it('load again when the run is told to', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one });
    await world.run(source);
    await world.land(source, { 'b.csv': one });
    expect(world.counted(await world.run(source, { force: true }))).toMatchObject({ written: 2 });
    expect(await world.ids(source)).toEqual(['1 a.csv', '1 b.csv', '2 a.csv', '2 b.csv']);
  });

  it('under the name of a loaded file change nothing but its version', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one });
    await world.run(source);
    const before = await world.stream(source);
    await world.land(source, { 'a.csv': one }, true);
    expect(world.counted(await world.run(source))).toMatchObject({ read: 0, duplicates: 1 });
    expect(await world.files(source)).toEqual(['a.csv file_deleted 2', 'a.csv loaded 2']);
    expect((await world.stream(source))?.pointer?.snapshotId).toBe(before?.pointer?.snapshotId);
    // And what it is now is what the next one is compared with.
    await world.land(source, { 'b.csv': one });
    await world.run(source);
    expect(await world.files(source)).toContain('b.csv loaded 0 as a.csv');
  });

  it('load again once the rows they stood for are deleted', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one, 'b.csv': one, 'c.csv': other });
    await world.run(source);
    await world.run(source, { kind: 'file_delete', files: ['a.csv'] });
    expect(await world.files(source)).toEqual([
      'a.csv file_deleted 2',
      'b.csv pending',
      'c.csv loaded 3',
    ]);
    await world.run(source);
    expect(await world.ids(source)).toEqual([
      '1 b.csv',
      '2 b.csv',
      '7 c.csv',
      '8 c.csv',
      '9 c.csv',
    ]);
    await world.land(source, { 'd.csv': one });
    await world.run(source);
    expect(await world.files(source)).toContain('d.csv loaded 0 as b.csv');
  });

  it('load again once the rows they stood for are replaced, be it by the same run', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': one });
    await world.run(source);
    await world.land(source, { 'b.csv': one });
    await world.land(source, { 'a.csv': other }, true);
    await world.run(source);
    await world.run(source);
    expect(await world.ids(source)).toEqual([
      '1 b.csv',
      '2 b.csv',
      '7 a.csv',
      '8 a.csv',
      '9 a.csv',
    ]);
  });

  it('are not taken for loaded after a run that failed, or that loaded nothing of them', async () => {
    let broken = false;
    await using failing = await fileWorld({
      before: ({ name }) => {
        if (broken && name === 'commit') throw new Error('no commit today');
      },
    });
    const source = await failing.addSource();
    broken = true;
    await failing.land(source, { 'a.csv': one });
    expect((await failing.run(source)).status).toBe('failed');
    expect(await failing.files(source)).toEqual(['a.csv pending']);
    broken = false;
    await failing.land(source, { 'b.csv': one });
    await failing.run(source);
    expect(await failing.ids(source)).toEqual(['1 a.csv', '2 a.csv']);
    expect(await failing.files(source)).toEqual(['a.csv loaded 2', 'b.csv loaded 0 as a.csv']);
  });

  it('load once where files are shared out among units', async () => {
    await using shared = await fileWorld({ fanOut: {} });
    const source = await shared.addSource();
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`f${n}.csv`, `id\n${n % 4}\n`]),
    );
    await shared.land(source, files);
    expect(shared.counted(await shared.run(source))).toMatchObject({ loaded: 4, duplicates: 8 });
    expect(await shared.ids(source)).toEqual(['0 f0.csv', '1 f1.csv', '2 f2.csv', '3 f3.csv']);
    const again = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`g${n}.csv`, `id\n${n % 6}\n`]),
    );
    await shared.land(source, again);
    expect(shared.counted(await shared.run(source))).toMatchObject({ loaded: 2, duplicates: 10 });
    expect(await shared.ids(source)).toHaveLength(6);
    expect(shared.ops()).toContain('unit');
  });
});
