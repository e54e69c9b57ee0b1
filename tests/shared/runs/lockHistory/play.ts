import { getLock } from '../../../../shared/runs/lock.ts';
import { headgateTable } from '../../../headgateTable.ts';
import { seeded } from '../../../randomness.ts';
import { checkHistory, type HistoryReport } from './checkHistory.ts';
import { type Sabotage, Simulation } from './simulation.ts';

export interface World {
  readonly seed: number;
  readonly report: HistoryReport;
  readonly tables: Awaited<ReturnType<Simulation['tables']>>;
  /** Locks that are still held when everything has come to rest. */
  readonly held: number;
}

/** Plays a world of four sources until `runs` runs were started, lets it come to rest, and judges it. */
export async function play(runs: number, sabotage: Sabotage = {}): Promise<World> {
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
    seed: random.seed,
    report: checkHistory(home.database.writesOf()),
    tables: await simulation.tables(),
    held: locks.filter((lock) => lock?.owner !== undefined).length,
  };
}

/** Every row number once, and none missing. */
export const isExact = ({ found, wanted }: { found: readonly number[]; wanted: number }): boolean =>
  found.length === wanted && found.every((row, index) => row === index + 1);
