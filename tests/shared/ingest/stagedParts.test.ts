import { expect, it } from 'vitest';
import { type StagedParts, withRewrites } from '../../../shared/ingest/stagedParts.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';

const file = (path: string) => ({ path }) as DataFile;
const parts = { adds: [file('a'), file('b')], rewrites: [] } as unknown as StagedParts;
const pathsOf = ({ adds, rewrites }: StagedParts) => ({
  adds: adds.map(({ path }) => path),
  rewrites: rewrites.map((each) => [each.path, each.file?.path ?? null]),
});

it('puts a rewritten file of a part in its place, and drops one without rows', () => {
  const changed = withRewrites(parts, [
    { path: 'a', file: file('a2') },
    { path: 'b', file: null },
  ]);
  expect(pathsOf(changed)).toEqual({ adds: ['a2'], rewrites: [] });
});

it('remembers which file of the table goes, however often it is written again', () => {
  const once = withRewrites(parts, [{ path: 'live', file: file('live2') }]);
  const twice = withRewrites(once, [
    { path: 'live2', file: file('live3') },
    { path: 'a', file: file('a2') },
  ]);
  expect(pathsOf(twice)).toEqual({ adds: ['a2', 'b'], rewrites: [['live', 'live3']] });
});
