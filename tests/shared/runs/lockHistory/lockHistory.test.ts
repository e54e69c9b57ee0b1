import { describe, expect, it } from 'vitest';
import { getLock } from '../../../../shared/runs/lock.ts';
import { headgateTable } from '../../../headgateTable.ts';
import { seeded } from '../../../randomness.ts';
import { checkHistory } from './checkHistory.ts';
import { type Sabotage, Simulation } from './simulation.ts';

const runs = Number(process.env['LOCK_HISTORY_RUNS'] ?? 200);

async function play(sabotage: Sabotage, seed?: number) {
  await using home = await headgateTable();
  const random = seeded('lock history', seed);
  const sources = [];
  for (let index = 0; index < 4; index++) {
    const source = await home.addSource('t1', { connector: 'numbers', syncMode: 'incremental' });
    sources.push(await home.addSource('t1', { ...source, config: { sourceId: source.sourceId } }));
  }
  const simulation = new Simulation(home, sources, random, sabotage);
  await simulation.play(runs);
  await simulation.settle();
  const locks = await Promise.all(
    sources.map(({ sourceId }) => getLock(home.table, 't1', sourceId)),
  );
  return {
    report: checkHistory(home.database.writesOf()),
    tables: await simulation.tables(),
    held: locks.filter((lock) => lock?.owner !== undefined).length,
  };
}

describe('runs that are killed, retried, cancelled and taken over at random', () => {
  it('hold the lock one at a time, and each row lands exactly once', async () => {
    const { report, tables, held } = await play({});
    expect(report.violations).toEqual([]);
    expect(report.holds).toBeGreaterThan(runs / 3);
    expect(report.commits).toBeGreaterThan(runs / 10);
    expect(held).toBe(0);
    for (const { found, wanted } of tables)
      expect(found).toEqual(Array.from({ length: wanted }, (_, index) => index + 1));
  }, 240_000);

  it('are caught when commits stop checking the fence', async () => {
    const { report } = await play({ noFence: true }, 7).catch((error: unknown) => {
      throw new Error('the sabotaged world fell over before it could be judged', { cause: error });
    });
    expect(report.violations.join('\n')).toMatch(/committed while|happened twice/);
  }, 240_000);

  it('are caught when object keys no longer hold the attempt', async () => {
    const { tables } = await play({ noAttemptInKeys: true }, 7);
    const exact = tables.every(
      ({ found, wanted }) =>
        found.length === wanted && found.every((row, index) => row === index + 1),
    );
    expect(exact).toBe(false);
  }, 240_000);
});
