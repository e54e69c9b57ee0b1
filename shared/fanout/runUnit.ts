import { isDeepStrictEqual } from 'node:util';
import { type Context, ParkUntil } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { Deadline, IngestDependencies } from '../ingest/ingestDependencies.ts';
import type { KeepAlive } from '../ingest/keepAlive.ts';
import { noProgress } from '../ingest/noProgress.ts';
import { openContext } from '../ingest/openContext.ts';
import { fenceLost } from '../runs/lock.ts';
import type { RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import { type UnitAnswer, type UnitInput, unitCheckpoint } from '../runs/unitProtocol.ts';
import { quietUnits } from '../runs/units.ts';
import { getSource } from '../sources/getSource.ts';
import { doUnit } from './doUnit.ts';
import {
  type FanOutPlan,
  failureKey,
  partKey,
  type UnitPlace,
  type UnitWork,
} from './fanOutPlan.ts';
import { namedFiles } from './namedFiles.ts';
import { readJson, readPlan, readUnit, writeJson } from './planObjects.ts';
import { type UnitFailure, type UnitPart, unitPart } from './unitPart.ts';
import { unitsAlive } from './unitsAlive.ts';

const maxParks = 3;

/**
 * One invocation for one unit of a FANOUT: does the next part of it, and stores what came of it. A part that is
 * stored already is not done again, so a Map that is started anew skips what is finished. Commits nothing and holds
 * no lock.
 *
 * Throws `fence_lost` when the run is over, and whatever the connector throws; why is stored beside the unit.
 */
export async function runUnit(
  dependencies: IngestDependencies,
  input: UnitInput,
  deadline: Deadline,
): Promise<UnitAnswer> {
  const { table, store, now, log } = dependencies;
  const started = now().getTime();
  using alive = await unitsAlive(table, input, input.planKey, now, log);
  const { signal } = alive;
  const plan = await readPlan(store, input.planKey, signal);
  const place = plan.places[input.unit];
  if (place === undefined) throw new TypeError(`the plan has no unit ${input.unit}`);
  const before = unitCheckpoint.parse(input.checkpoint ?? { v: 1, parts: 0, parks: 0 });
  const { part, last } = await storedParts(dependencies, place, before.parts, signal);
  if (last?.finished === true) return { kind: 'DONE', unit: input.unit };
  try {
    const done = await doNextPart(dependencies, input, {
      plan,
      place,
      part,
      from: last?.position ?? null,
      alive,
      deadline,
      started,
    });
    return done.finished
      ? { kind: 'DONE', unit: input.unit }
      : { kind: 'CONTINUE', checkpoint: { v: 1, parts: part + 1, parks: 0 } };
  } catch (error) {
    if (error instanceof ParkUntil) {
      const parks = part > before.parts ? 0 : before.parks;
      if (parks >= maxParks) throw noProgress(`a part of it was parked ${parks} times`);
      await quietUnits(table, input, input.planKey, error.until);
      return {
        kind: 'PARK',
        checkpoint: { v: 1, parts: part, parks: parks + 1 },
        until: error.until.toISOString(),
        reason: error.message,
      };
    }
    signal.throwIfAborted();
    await writeJson(store, failureKey(place, part), failureOf(error, plan.stream), signal);
    throw error;
  }
}

/** The first part that is not stored, and the one before it. */
async function storedParts(
  { store }: IngestDependencies,
  place: UnitPlace,
  known: number,
  signal: AbortSignal,
): Promise<{ readonly part: number; readonly last: UnitPart | null }> {
  let last: UnitPart | null = null;
  for (let part = Math.max(0, known - 1); ; part++) {
    const stored = await readJson(store, partKey(place, part), signal);
    if (stored === null) return { part, last };
    last = unitPart.parse(stored);
    if (last.finished) return { part, last };
  }
}

interface NextPart {
  readonly plan: FanOutPlan;
  readonly place: UnitPlace;
  readonly part: number;
  readonly from: UnitPart['position'];
  readonly alive: KeepAlive;
  readonly deadline: Deadline;
  readonly started: number;
}

/** Does one part and stores it; where another try was first, its word counts. */
async function doNextPart(
  dependencies: IngestDependencies,
  input: UnitInput,
  { plan, place, part, from, alive, deadline, started }: NextPart,
): Promise<UnitPart> {
  const { table, store, now, memoryMegabytes } = dependencies;
  const { signal } = alive;
  const work = await readUnit(store, plan, input, signal);
  const run = await getRun(table, input.tenant, input.runId);
  if (run === null) throw fenceLost(input);
  const context = await contextOf(dependencies, run, plan, work, signal);
  const done = await doUnit(dependencies, {
    run,
    plan,
    unit: input.unit,
    work,
    from,
    context,
    alive,
    deadline,
  });
  if (!done.finished && isDeepStrictEqual(done.position, from))
    throw noProgress(`a part of "${plan.stream}" delivered no checkpoint in time`);
  signal.throwIfAborted();
  const result: UnitPart = {
    v: 1,
    ...done,
    gigabyteSeconds: ((now().getTime() - started) / 1000) * (memoryMegabytes / 1024),
  };
  await alive.cover(0);
  const key = partKey(place, part);
  if (await writeJson(store, key, result, signal)) return result;
  return unitPart.parse(await readJson(store, key, signal));
}

/** What the connector is handed: of the landed files only those the unit is about. */
async function contextOf(
  dependencies: IngestDependencies,
  run: RunItem,
  { cuts }: FanOutPlan,
  work: UnitWork,
  signal: AbortSignal,
): Promise<Context<unknown, unknown>> {
  const { connector, table, openLanded } = dependencies;
  const source = await getSource(table, run.tenant, run.sourceId);
  if (source === null)
    throw new HeadgateError('not_found', `Source ${run.sourceId} does not exist any more.`);
  const files =
    work.kind === 'files'
      ? work.files
      : 'cut' in work
        ? cuts.slice(work.cut, work.cut + 1).map(({ file }) => file)
        : [];
  const context = await openContext(dependencies, source, signal, (given) =>
    connector.landing
      ? namedFiles(
          {
            table,
            run,
            open: (key, versionId, from) => openLanded(key, versionId, from, given),
          },
          files,
        )
      : undefined,
  );
  if (connector.openFile === undefined || files.length === 0) return context;
  const elsewhere = files.map((file) => connector.openFile?.(context, file)).filter(isThere);
  return {
    ...context,
    landing: {
      async *pending() {
        yield* elsewhere;
      },
    },
  };
}

const isThere = <Value>(value: Value | undefined): value is Value => value !== undefined;

/** Only our own messages reach history: a driver's may quote values or credentials. */
const failureOf = (error: unknown, stream: string): UnitFailure => ({
  v: 1,
  error:
    error instanceof HeadgateError
      ? { code: error.code, message: error.message, stream }
      : {
          code: 'internal_error',
          message: 'Headgate failed while it read this stream. The run’s log has the details.',
          stream,
        },
});
