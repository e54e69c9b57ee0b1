import type { RunRequest } from '../../shared/runs/runRequest.ts';
import { listRuns } from '../../shared/runs/runs.ts';
import type { SourceItem } from '../../shared/sources/sourceItem.ts';
import { headgateTable } from '../headgateTable.ts';
import { generator, type Randomness, seeded } from '../randomness.ts';
import { compare, type Expectation } from './compare.ts';
import { OneSource } from './oneSource.ts';
import { tableReader } from './readTable.ts';
import type { Sabotage } from './sabotage.ts';
import type { SourceDatabase } from './sourceDatabase.ts';
import { wiringOf } from './wiring.ts';
import { lagSeconds, Workload } from './workload.ts';

interface Mode {
  readonly source: Partial<SourceItem>;
  readonly keyed: boolean;
  readonly growing: boolean;
  readonly prompt?: true;
  readonly dated?: true;
  readonly expectation: Expectation;
  /** Besides plain runs. */
  readonly requests: readonly ('backfill' | 'refresh' | 'detect_deletes' | 'set_cursor' | 'undo')[];
  /** Deleted rows leave the table, too. */
  readonly detects?: true;
}

const incremental = { syncMode: 'incremental', cursorField: 'at' } as const;

/** Every way a database's table is kept. */
export const modes = {
  'full refresh': {
    source: { syncMode: 'full_refresh' },
    keyed: true,
    growing: false,
    expectation: 'exact',
    requests: ['undo'],
  },
  'full refresh without a key': {
    source: { syncMode: 'full_refresh' },
    keyed: false,
    growing: false,
    expectation: 'exact',
    requests: ['undo'],
  },
  'full refresh append': {
    source: { syncMode: 'full_refresh_append' },
    keyed: true,
    growing: false,
    expectation: 'copies',
    requests: ['undo'],
  },
  append: {
    source: incremental,
    keyed: true,
    growing: true,
    expectation: 'versions',
    requests: ['backfill', 'refresh', 'set_cursor', 'undo'],
  },
  'append without a lag': {
    source: incremental,
    keyed: true,
    growing: true,
    prompt: true,
    expectation: 'versions',
    requests: ['backfill', 'refresh', 'undo'],
  },
  'append without a key': {
    source: incremental,
    keyed: false,
    growing: true,
    expectation: 'exact',
    requests: ['backfill', 'refresh', 'set_cursor', 'undo'],
  },
  'append of a log': {
    source: incremental,
    keyed: false,
    growing: true,
    dated: true,
    expectation: 'exact',
    requests: ['backfill', 'refresh', 'undo'],
  },
  upsert: {
    source: { ...incremental, primaryKey: ['id'] },
    keyed: true,
    growing: false,
    expectation: 'newest',
    requests: ['backfill', 'refresh', 'set_cursor', 'undo'],
  },
  'upsert, deletes removed': {
    source: { ...incremental, primaryKey: ['id'], rules: { onDelete: 'remove' } },
    keyed: true,
    growing: false,
    expectation: 'exact',
    requests: ['backfill', 'refresh', 'detect_deletes', 'undo'],
    detects: true,
  },
  'upsert, deletes marked': {
    source: { ...incremental, primaryKey: ['id'], rules: { onDelete: 'tombstone' } },
    keyed: true,
    growing: false,
    expectation: 'exact',
    requests: ['detect_deletes', 'undo'],
    detects: true,
  },
} as const satisfies Record<string, Mode>;
export type ModeName = keyof typeof modes;

export interface Played {
  readonly mode: ModeName;
  readonly engine: string;
  readonly seed: number;
  readonly steps: number;
  readonly runs: number;
  readonly checks: number;
  readonly rows: number;
  readonly ends: Readonly<Record<string, number>>;
  /** At the first check that found any. */
  readonly problems: readonly string[];
}

const stepsBetweenChecks = 250;

/**
 * A random history of one table and of the runs that keep its copy: writers with clocks that are behind and
 * transactions that stay open, runs that are killed, retried, throttled, asked for twice, given up and committed late,
 * backfills, resets and undos. Every few hundred steps everything settles, and the copy is compared with the source
 * row by row. Ends at the first difference.
 */
export async function play(
  database: SourceDatabase,
  name: ModeName,
  steps: number,
  { seed, sabotage }: { readonly seed?: number; readonly sabotage?: Sabotage } = {},
): Promise<Played> {
  const mode: Mode = modes[name];
  const { seed: first } = seeded(`history of "${name}" on ${database.name}`, seed);
  // Each step draws from its own sequence, so that a request more or less does not change all that follows.
  let sequence = generator(first);
  const random: Randomness = {
    seed: first,
    next: () => sequence.next(),
    below: (limit) => sequence.below(limit),
    chance: (probability) => sequence.chance(probability),
    pick: (items) => sequence.pick(items),
  };
  await using home = await headgateTable();
  using reader = await tableReader();
  await database.createTable({ keyed: mode.keyed, dated: mode.dated === true });
  const source = await home.addSource('t1', {
    connector: database.name,
    // No overlap to hide behind: a bound that is off by one row loses it.
    config: {
      ...database.config,
      lagSeconds: mode.prompt === true ? 0 : lagSeconds,
      overlapSeconds: 0,
    },
    secretRef: { arn: 'arn:aws:secretsmanager:us-east-1:1:secret:x' },
    table: 'items',
    streams: { [database.stream]: {} },
    ...mode.source,
  });
  using wiring = wiringOf(sabotage, random);
  const headgate = new OneSource(home, source, database, random, wiring);
  // The history before this one left the clock at its end; a read by it would be ahead of its writers.
  await database.setClock(headgate.now);
  const workload = new Workload(database, random, mode, () => headgate.now.getTime());
  let checks = 0;
  let rows = 0;

  const pass = async (milliseconds: number): Promise<void> => {
    await workload.closeUntil(headgate.now.getTime() + milliseconds);
    headgate.pass(milliseconds);
    await database.setClock(headgate.now);
  };
  const check = async (): Promise<readonly string[]> => {
    await workload.finish();
    await headgate.settle();
    await pass(5 * 60_000);
    // What came after an unfinished read began is the run's behind the one that ends it.
    if (await headgate.hasParts()) await headgate.run({ kind: 'ingest' });
    await headgate.run({ kind: 'ingest' });
    if (mode.detects === true) await headgate.run({ kind: 'detect_deletes' });
    checks += 1;
    const items = await database.items();
    rows = items.length;
    return compare(mode.expectation, items, await reader.read(headgate), workload.versions);
  };
  /** When a machine's lease has run out another run does its work; then the first one's answer arrives. */
  const takeOver = async (): Promise<void> => {
    await headgate.request({ kind: 'ingest' });
    await headgate.giveUp();
    await pass(40 * 60_000);
    await headgate.reap();
    await headgate.request({ kind: 'ingest' });
    for (let turn = 0; turn < 10; turn++) await headgate.advance();
    await headgate.comeLate();
  };
  const special = async (): Promise<RunRequest | null> => {
    switch (random.pick(mode.requests)) {
      case 'backfill': {
        const to = headgate.now.getTime() - random.below(900_000);
        const from = to - 1000 * (1 + random.below(1800));
        return {
          kind: 'ingest',
          startDate: new Date(from).toISOString(),
          endDate: new Date(to).toISOString(),
        };
      }
      case 'refresh':
        return { kind: 'ingest', mode: 'full_refresh' };
      case 'detect_deletes':
        return { kind: 'detect_deletes' };
      case 'set_cursor':
        return { kind: 'set_cursor', streams: [database.stream], cursor: null };
      case 'undo': {
        const [last] = await listRuns(home.table, 't1', source.sourceId, { limit: 1 });
        return last === undefined ? null : { kind: 'undo', undoes: last.runId };
      }
    }
  };

  let problems: readonly string[] = [];
  let step = 0;
  while (step < steps && problems.length === 0) {
    step += 1;
    sequence = generator(first + step * 7919);
    const dice = random.below(1000);
    if (dice < 330) await workload.write();
    else if (dice < 400) await pass(random.pick([200, 1000, 3000, 10_000]));
    else if (dice < 425) await pass(20 * 60_000);
    else if (dice < 520) await headgate.request({ kind: 'ingest' });
    else if (dice < 535) {
      const request = await special();
      if (request !== null) await headgate.request(request);
    } else if (dice < 550) await headgate.reap();
    else if (dice < 555) headgate.crash();
    else if (dice < 570) await takeOver();
    else await headgate.advance();
    if (step % stepsBetweenChecks === 0 || step === steps) problems = await check();
  }
  const runs = await countRuns(home, source);
  return {
    mode: name,
    engine: database.name,
    seed: random.seed,
    steps: step,
    runs,
    checks,
    rows,
    ends: headgate.ends,
    problems,
  };
}

async function countRuns(
  home: Awaited<ReturnType<typeof headgateTable>>,
  { sourceId }: SourceItem,
): Promise<number> {
  const runs = await listRuns(home.table, 't1', sourceId, { limit: 100_000 });
  return runs.length;
}
