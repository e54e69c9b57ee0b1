import { describe, expect, it } from 'vitest';
import localFiles from '../../../connectors/local_files.ts';
import { comparable, fanOutWorld } from './fanOutWorld.ts';

describe('a large CSV file', () => {
  it('is loaded in parts as it is in one go, in one commit', async () => {
    const csv = `id,name,amount\n${Array.from({ length: 60 }, (_, n) => `${n},"na ""me""\n${n}",${n}.5`).join('\n')}\n`;
    await using parts = await fanOutWorld({ connector: localFiles, fanOut: {} });
    await using whole = await fanOutWorld({ connector: localFiles });
    const results = [];
    for (const world of [parts, whole]) {
      const source = await world.addSource();
      await world.land(source, { 'a.csv': csv });
      const run = await world.run(source);
      expect(run.error, world.logged.slice(-30).join('\n')).toBeUndefined();
      const stream = await world.stream(source);
      results.push({
        counts: run.counts,
        rows: comparable(await world.rows(source)),
        types: stream?.schema.map(({ name, type }) => `${name} ${type}`),
        committedSeq: run.committedSeq,
      });
    }
    expect(results[0]).toEqual(results[1]);
    expect(parts.ops().filter((op) => op === 'unit').length).toBeGreaterThan(5);
    expect(whole.ops()).toEqual(['ingest', 'commit']);
  });
});
