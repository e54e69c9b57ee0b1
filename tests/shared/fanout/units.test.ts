import { describe, expect, it } from 'vitest';
import localFiles from '../../../connectors/local_files.ts';
import { ParkUntil } from '../../../shared/connectors/connector.ts';
import { HeadgateError } from '../../../shared/errors.ts';
import { cancelRun } from '../../../shared/runs/cancelRun.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { getUnits } from '../../../shared/runs/units.ts';
import { fanOutWorld, type Invocation } from './fanOutWorld.ts';
import { numbersConnector } from './numbersConnector.ts';

const named = (name: string): Error => Object.assign(new Error('because'), { name });
const isUnit = ({ payload }: Invocation, unit?: number): boolean =>
  payload['op'] === 'unit' && (unit === undefined || payload['unit'] === unit);
const isCollect = ({ payload }: Invocation): boolean =>
  payload['op'] === 'ingest' && payload['checkpoint'] !== null;
const numbers = (rows: readonly Readonly<Record<string, unknown>>[]): number[] =>
  rows.map(({ n }) => Number(n)).sort((left, right) => left - right);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a stream that its connector cuts', () => {
  it('is read by its slices and committed once, with its last checkpoint', async () => {
    await using world = await fanOutWorld({
      connector: numbersConnector({ streams: { a: 100 }, slices: 4 }),
      fanOut: {},
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', committedSeq: 1, counts: { written: 100 } });
    expect(run.stateTransitions).toBe(4 + 3 + 4 * 3);
    expect(run.gigabyteSeconds).toBeGreaterThan(0);
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
    expect((await world.stream(source, 'a'))?.cursor).toEqual({ v: 1, next: 100 });
    expect(world.ops()).toEqual([
      ...['ingest', 'commit'],
      ...['unit', 'unit', 'unit', 'unit'],
      ...['ingest', 'commit'],
    ]);
    // What the state machine is handed names the work and holds none of it.
    for (const { payload } of world.calls.filter((call) => isUnit(call)))
      expect(JSON.stringify(payload).length).toBeLessThan(700);
    expect(await getUnits(world.table, 'acme', run.runId)).toBeNull();
  });

  it('does not keep streams that were read before from being committed first', async () => {
    const connector = numbersConnector({ streams: { a: 5, b: 60 }, slices: 3 });
    await using world = await fanOutWorld({
      connector: {
        ...connector,
        split: async (context, stream, from) =>
          stream.name === 'a' ? null : ((await connector.split?.(context, stream, from)) ?? null),
      },
      fanOut: {},
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', committedSeq: 2 });
    const [, first] = world.calls;
    expect(first?.payload).toMatchObject({ answer: { kind: 'FANOUT', commits: 1 } });
    expect(numbers(await world.rows(source, 'b'))).toEqual(upTo(60));
  });

  it('that fails in a unit fails alone, with the reason the unit had', async () => {
    await using world = await fanOutWorld({
      connector: numbersConnector({
        streams: { a: 20, b: 60 },
        slices: 3,
        onBatch: (stream, first) => {
          if (stream === 'b' && first === 40)
            throw new HeadgateError('source_forbidden', 'You may not read row 40.');
        },
      }),
      fanOut: {},
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({
      status: 'partial',
      error: { code: 'source_forbidden', message: 'You may not read row 40.', stream: 'b' },
    });
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(20));
    expect(await world.rows(source, 'b')).toEqual([]);
  });
});

describe('units', () => {
  const connector = numbersConnector({ streams: { a: 100 }, slices: 4 });

  it('that crash are tried again, and add nothing twice', async () => {
    let crashes = 0;
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      before: (call) => {
        if (isUnit(call, 2) && ++crashes <= 2) throw named('Runtime.ExitError');
      },
    });
    const source = await world.addSource();
    expect((await world.run(source)).status).toBe('succeeded');
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
    expect(world.ops().filter((op) => op === 'unit')).toHaveLength(6);
  });

  it('that crash for good are started anew by another Map, which leaves out what is finished', async () => {
    let crashes = 0;
    await using world = await fanOutWorld({
      connector,
      fanOut: { concurrency: 1 },
      before: (call) => {
        if (isUnit(call, 2) && ++crashes <= 4) throw named('Runtime.ExitError');
      },
    });
    const source = await world.addSource();
    expect((await world.run(source)).status).toBe('succeeded');
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
    const units = world.calls.filter((call) => isUnit(call)).map(({ payload }) => payload['unit']);
    expect(units).toEqual([0, 1, 2, 2, 2, 2, 2, 3]);
    const again = world.calls.filter((call) => isCollect(call))[0];
    expect(again?.payload['checkpoint']).toMatchObject({
      fault: { error: 'States.ExceedToleratedFailureThreshold' },
    });
  });

  it('that never come to their end fail the run, after three Maps', async () => {
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      before: (call) => {
        if (isUnit(call, 1)) throw named('Runtime.ExitError');
      },
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
    expect(run.error?.message).toMatch(/not read to their end/);
    expect(world.calls.filter((call) => isUnit(call, 1))).toHaveLength(3 * 4);
    expect(await world.rows(source, 'a')).toEqual([]);
    expect((await getLock(world.table, 'acme', source.sourceId))?.owner).toBeUndefined();
  });

  it('whose answer is lost do their work once', async () => {
    const answers: unknown[] = [];
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      after: (call, answer) => {
        if (!isUnit(call, 3)) return;
        answers.push(answer);
        if (answers.length === 1) throw named('Lambda.Unknown');
      },
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', counts: { written: 100 } });
    expect(answers).toEqual([
      { kind: 'DONE', unit: 3 },
      { kind: 'DONE', unit: 3 },
    ]);
  });

  it('may be at work twice at a time: what one of them stored counts, and its files are its own', async () => {
    const zombies: Promise<unknown>[] = [];
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      before: (call) => {
        if (isUnit(call)) zombies.push(world.zombie(call));
      },
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', counts: { read: 100, written: 100 } });
    const zombieAnswers = await Promise.allSettled(zombies);
    expect(zombieAnswers).toHaveLength(4);
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
  });

  it('go on in another invocation when their time is over, from where they stored', async () => {
    const read: number[] = [];
    const asked = new Set<Invocation>();
    await using world = await fanOutWorld({
      connector: numbersConnector({
        streams: { a: 100 },
        slices: 2,
        onBatch: (_, first) => read.push(first),
      }),
      fanOut: {},
      // Enough at the start, none after the first batch.
      remainingMilliseconds: (call) => {
        if (!isUnit(call) || !asked.has(call)) {
          asked.add(call);
          return 900_000;
        }
        return 1;
      },
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', committedSeq: 1, counts: { written: 100 } });
    expect([...read].sort((left, right) => left - right)).toEqual(upTo(10).map((n) => n * 10));
    expect(world.calls.filter((call) => isUnit(call)).length).toBeGreaterThan(8);
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
  });

  it('are parked at no cost when the source says so', async () => {
    let parked = false;
    await using world = await fanOutWorld({
      connector: numbersConnector({
        streams: { a: 40 },
        slices: 2,
        onBatch: (_, first) => {
          if (first !== 20 || parked) return;
          parked = true;
          throw new ParkUntil(new Date(Date.now() + 500), 'quota');
        },
      }),
      fanOut: {},
    });
    const source = await world.addSource();
    const started = Date.now();
    const run = await world.run(source);
    expect(Date.now() - started).toBeGreaterThanOrEqual(500);
    expect(run).toMatchObject({ status: 'succeeded', counts: { written: 40 } });
    expect(world.ops().filter((op) => op === 'unit')).toHaveLength(3);
  });

  it('that came to their end are collected although Ingest dies doing it', async () => {
    let deaths = 0;
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      before: (call) => {
        if (isCollect(call) && ++deaths === 1) throw named('Runtime.ExitError');
      },
      after: (call) => {
        if (isCollect(call) && ++deaths === 3) throw named('Lambda.Unknown');
      },
    });
    const source = await world.addSource();
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', committedSeq: 1, counts: { written: 100 } });
    expect(deaths).toBeGreaterThan(2);
    expect(world.ops().filter((op) => op === 'unit')).toHaveLength(4);
    expect(numbers(await world.rows(source, 'a'))).toEqual(upTo(100));
  });

  it('end with a run that is cancelled: nothing of them is seen, and the source is free', async () => {
    const gate = Promise.withResolvers<void>();
    await using world = await fanOutWorld({
      connector,
      fanOut: {},
      before: async (call) => {
        if (isUnit(call)) await gate.promise;
      },
    });
    const source = await world.addSource();
    const runId = await world.request(source);
    await expect.poll(() => world.ops().filter((op) => op === 'unit').length).toBe(3);
    expect(await getUnits(world.table, 'acme', runId)).toMatchObject({ runId });
    expect(await cancelRun(world.runs, { tenant: 'acme', runId, by: 'tests' })).toBe('cancelled');
    expect(await getUnits(world.table, 'acme', runId)).toBeNull();
    expect(await world.executions.describe(runId)).toBe('ended');
    const invoked = world.calls.length;
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The fourth never started, and the three that were at work found out.
    expect(world.calls).toHaveLength(invoked);
    expect(
      world.logged.filter(
        (line) => line.includes('"fence_lost"') || line.includes('no longer holds'),
      ).length,
    ).toBeGreaterThan(0);
    expect((await world.ended(runId)).status).toBe('cancelled');
    expect(await world.rows(source, 'a')).toEqual([]);
    expect((await getLock(world.table, 'acme', source.sourceId))?.owner).toBeUndefined();
    expect((await world.run(source)).status).toBe('succeeded');
  });
});

describe('files that units disagree about for ever', () => {
  it('are read in one go', async () => {
    // Each loader makes what it wants of this one: a column whose type never settles.
    let flips = 0;
    await using world = await fanOutWorld({
      connector: localFiles,
      fanOut: { minFiles: 2, filesPerUnit: 1 },
      after: (call) => {
        if (isUnit(call)) flips++;
      },
      over: {
        openStreamLoader: async (options) => {
          const { openStreamLoader } = await import('../../../shared/staging/openStreamLoader.ts');
          // Units that never hear of the others' types.
          return openStreamLoader(
            options.agreed === undefined ? options : { ...options, agreed: options.schema },
          );
        },
      },
    });
    const source = await world.addSource();
    await world.land(source, {
      '1.csv': 'id,v\n1,1\n',
      '2.csv': 'id,v\n2,x\n',
      '3.csv': 'id,v\n3,3\n',
    });
    const run = await world.run(source);
    expect(run).toMatchObject({ status: 'succeeded', counts: { written: 3 } });
    expect(flips).toBeGreaterThan(4);
    expect((await world.rows(source)).map(({ v }) => v).sort()).toEqual(['1', '3', 'x']);
  });
});
