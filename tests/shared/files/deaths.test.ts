import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../shared/errors.ts';
import { Claimers } from '../../../shared/files/claimers.ts';
import { claimFiles } from '../../../shared/files/claimFiles.ts';
import { getFile, versionsOf } from '../../../shared/files/files.ts';
import { resolveFile } from '../../../shared/files/resolveFile.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import { type FileWorld, fileWorld } from './fileWorld.ts';

const csv = (...ids: readonly number[]): string => `id\n${ids.map((id) => `${id}\n`).join('')}`;
const many = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}.csv`, csv(n)]));

/** A clock of an invocation that has time for one more file only, whenever it is asked. */
function hurried(): () => number {
  let asked = 0;
  return () => (asked++ === 0 ? 900_000 : 1);
}

describe('an invocation that dies', () => {
  it('after it claimed files takes none with it that the next one has no time for', async () => {
    let ingests = 0;
    let clock = hurried();
    await using world = await fileWorld({
      before: ({ payload }) => {
        if (payload['op'] === 'ingest') {
          ingests += 1;
          clock = hurried();
        }
      },
      after: ({ payload }) => {
        if (payload['op'] === 'ingest' && ingests === 1)
          throw new HeadgateError('internal_error', 'the answer was lost');
      },
      // The first has all the time there is.
      remainingMilliseconds: () => (ingests === 1 ? 900_000 : clock()),
    });
    const source = await world.addSource();
    await world.land(source, many(4));
    expect((await world.run(source)).status).toBe('succeeded');
    // The lost one, and one for each file.
    expect(ingests).toBe(5);
    expect(await world.ids(source)).toEqual(['0 f0.csv', '1 f1.csv', '2 f2.csv', '3 f3.csv']);
    expect(await world.files(source)).toEqual([0, 1, 2, 3].map((n) => `f${n}.csv loaded 1`));
  });

  it('between two parts of a refresh leaves files waiting that no table shows', async () => {
    let commits = 0;
    let clock = hurried();
    let isBroken = true;
    await using world = await fileWorld({
      before: ({ name, payload }) => {
        if (payload['op'] === 'ingest') clock = hurried();
        if (name === 'commit' && isBroken && commits++ > 0) throw new Error('no commit today');
      },
      remainingMilliseconds: () => (isBroken ? clock() : 900_000),
    });
    const source = await world.addSource();
    await world.land(source, many(3));
    expect((await world.run(source, { mode: 'full_refresh' })).status).toBe('failed');
    expect(await world.files(source)).toEqual([0, 1, 2].map((n) => `f${n}.csv pending`));
    isBroken = false;
    await world.run(source);
    expect(await world.ids(source)).toEqual(['0 f0.csv', '1 f1.csv', '2 f2.csv']);
  });

  it('leaves deleted, cleared and replaced files as they were', async () => {
    let isBroken = false;
    await using world = await fileWorld({
      before: ({ name }) => {
        if (isBroken && name === 'commit') throw new Error('no commit today');
      },
    });
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1), 'b.csv': csv(2), 'c.csv': csv(2) });
    await world.run(source);
    const before = await world.files(source);
    isBroken = true;
    const { status } = await world.run(source, { kind: 'file_delete', files: ['b.csv'] });
    expect(status).toBe('failed');
    await world.run(source, { kind: 'clear' });
    await world.run(source, { mode: 'full_refresh' });
    expect(await world.files(source)).toEqual(before);
    await world.land(source, { 'a.csv': csv(3) }, true);
    await world.run(source);
    expect(await world.files(source)).toEqual([...before, 'a.csv pending']);
    isBroken = false;
    await world.run(source);
    expect(await world.ids(source)).toEqual(['2 b.csv', '3 a.csv']);
  });
});

describe('a claim', () => {
  let world: FileWorld;
  beforeAll(async () => {
    world = await fileWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('is refused to an invocation that another one has followed', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1) });
    const { runId } = await world.run(source);
    const { tenant, sourceId } = source;
    const versions = await versionsOf(world.table, tenant, sourceId, 'a.csv');
    const { name, versionId, fence } = versions[0]?.file ?? { name: '', versionId: '' };
    expect(fence).toEqual({ token: 1, attempt: 1 });
    const claim = (token: number, attempt: number) =>
      claimFiles(
        world.table,
        { tenant, sourceId, runId, token, attempt, seq: 2, at: new Date() },
        new Claimers(world.table, tenant),
        [{ name, versionId, to: 'deleted' }],
      );
    await claim(3, 2);
    await expect(claim(3, 1)).rejects.toMatchObject({ code: 'fence_lost' });
    await expect(claim(2, 5)).rejects.toMatchObject({ code: 'fence_lost' });
    await claim(3, 2);
    // The run committed once only, so the file is what it was.
    expect(await world.files(source)).toEqual(['a.csv loaded 1']);
  });

  it('means nothing when the commit it names was made of another attempt’s work', async () => {
    const source = await world.addSource();
    await world.land(source, { 'a.csv': csv(1) });
    const { runId } = await world.run(source);
    const run = (await getRun(world.table, source.tenant, runId)) as RunItem;
    expect(run.attempts).toEqual([{ from: 1, attempt: 1 }]);
    const [stored] = await versionsOf(world.table, source.tenant, source.sourceId, 'a.csv');
    const file = await getFile(
      world.table,
      source.tenant,
      source.sourceId,
      'a.csv',
      stored?.file.versionId ?? '',
    );
    const claimed = (attempt: number) =>
      resolveFile(
        {
          ...(file as NonNullable<typeof file>),
          state: 'pending',
          claim: { runId, seq: 1, attempt, to: 'loaded' },
        },
        run,
      ).status;
    expect(claimed(1)).toBe('loaded');
    expect(claimed(2)).toBe('pending');
  });
});
