import { describe, expect, it } from 'vitest';
import { getLock } from '../../../../shared/runs/lock.ts';
import { headgateTable } from '../../../headgateTable.ts';
import { seeded } from '../../../randomness.ts';
import { checkHistory } from './checkHistory.ts';
import { type Sabotage, Simulation } from './simulation.ts';

const runs = Number(process.env['LOCK_HISTORY_RUNS'] ?? 200);

async function play(sabotage: Sabotage) {
  await using home = await headgateTable();
  const random = seeded('lock history');
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
    expect(tables.filter((table) => !isExact(table))).toEqual([]);
  }, 240_000);

  it('are caught when commits stop checking the fence', async () => {
    const caught = await caughtBy({ noFence: true }, ({ report }) =>
      /committed while|happened twice/.test(report.violations.join()),
    );
    expect(caught).toBe(true);
  }, 240_000);

  it('are caught when object keys no longer hold the attempt', async () => {
    const caught = await caughtBy(
      { noAttemptInKeys: true },
      ({ tables }) => !tables.every(isExact),
    );
    expect(caught).toBe(true);
  }, 240_000);
});

const isExact = ({ found, wanted }: { found: readonly number[]; wanted: number }): boolean =>
  found.length === wanted && found.every((row, index) => row === index + 1);

/** A sabotaged world needs its unlucky moment, which a few tries always meet. */
async function caughtBy(
  sabotage: Sabotage,
  isCaught: (world: Awaited<ReturnType<typeof play>>) => boolean,
): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) if (isCaught(await play(sabotage))) return true;
  return false;
}
