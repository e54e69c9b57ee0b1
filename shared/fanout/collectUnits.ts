import type { Context } from '../connectors/connector.ts';
import { errorTable, HeadgateError } from '../errors.ts';
import { failFile } from '../files/failFile.ts';
import type { IngestDependencies } from '../ingest/ingestDependencies.ts';
import { openLoader, scratchFolder } from '../ingest/loadStream.ts';
import type { QueuedStream } from '../ingest/runCheckpoint.ts';
import type { Field } from '../lake/schema.ts';
import type { RunError, RunItem } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { MapFault } from '../runs/unitProtocol.ts';
import { openUnits } from '../runs/units.ts';
import type { Loaded } from '../staging/streamLoader.ts';
import { agreeOnWork, fits, loadsOf } from './agreeOnWork.ts';
import { assemble, type Collected } from './assemble.ts';
import { cutAfterScan, type NextPlan } from './cutAfterScan.ts';
import { type FanOutPlan, fanOutPrefix, type UnitPlace, type UnitWork } from './fanOutPlan.ts';
import { type FanOut, readPlan, readUnits, writeItems, writePlan } from './planObjects.ts';
import { costOf, noCost, readResults, type UnitCost, type UnitResult } from './readResults.ts';

export interface CollectInput {
  readonly run: RunItem;
  readonly attempt: number;
  readonly stream: StreamItem;
  readonly fanOut: NonNullable<QueuedStream['fanOut']>;
  /** Why the Map ended early, if it did. */
  readonly fault: MapFault | undefined;
  readonly context: Context<unknown, unknown>;
}

export type CollectResult = { readonly cost: UnitCost } & CollectOutcome;

type CollectOutcome =
  | ({ readonly kind: 'loaded' } & Collected)
  /** Units have to work again, or for the first time at what the last ones found out. */
  | { readonly kind: 'fanOut'; readonly fanOut: FanOut; readonly tries: number }
  /** They cannot agree: the stream is read in one go. */
  | { readonly kind: 'whole' };

/** A Map is started this often for units that did not come to their end. */
const maxTries = 3;
/** Units are told to agree this often: once their types, once what DuckDB makes of values. */
const maxRounds = 3;

/**
 * Puts together what units did, or has more done. Units that failed in a way that may pass are started again, and
 * finished ones are not; throws the error of one that failed for good.
 */
export async function collectUnits(
  dependencies: IngestDependencies,
  input: CollectInput,
): Promise<CollectResult> {
  const { store, log } = dependencies;
  const { context, fanOut } = input;
  const { signal } = context;
  const plan = await readPlan(store, fanOut.planKey, signal);
  const units = await readUnits(store, plan, signal);
  const results = await readResults(store, plan.places, signal);
  const unfinished = units.filter((_, unit) => results[unit]?.finished !== true);
  if (unfinished.length > 0) {
    const error = failureOf(plan, results, input.fault);
    log.warn('units did not come to their end', {
      stream: plan.stream,
      units: unfinished.length,
      code: error.code,
      reason: error.message,
      fault: input.fault?.error ?? '',
    });
    if (!errorTable[error.code].retryable || fanOut.tries >= maxTries) throw error;
    const prefix = fanOutPrefix(input.run, input.attempt);
    const items = unfinished.map(({ item }) => item);
    const itemsKey = await writeItems(store, prefix, items, signal);
    await openUnits(dependencies.table, input.run, fanOut.planKey, dependencies.now());
    return {
      kind: 'fanOut',
      fanOut: { itemsKey, planKey: fanOut.planKey, units: items.length },
      tries: fanOut.tries + 1,
      cost: noCost,
    };
  }
  // What units of an earlier plan cost was counted then.
  const own = results.filter((_, unit) =>
    fanOut.planKey.startsWith(plan.places[unit]?.prefix ?? ''),
  );
  const cost = costOf(own);
  const works = units.map(({ work }) => work);
  const outcome =
    plan.phase === 'scan'
      ? await again(dependencies, input, cutAfterScan(plan, works, results, log))
      : await settle(dependencies, input, plan, works, results);
  return { ...outcome, cost };
}

/** The reason of a unit that failed for good, else of any; what the state machine knows says less. */
function failureOf(
  { stream }: FanOutPlan,
  results: readonly UnitResult[],
  fault: MapFault | undefined,
): HeadgateError {
  const errors = results.flatMap(({ failure }) => failure?.error ?? []);
  const error = errors.find(({ code }) => !errorTable[code].retryable) ?? errors[0];
  if (error !== undefined)
    return new HeadgateError(error.code, error.message, { facts: error.facts ?? {} });
  return new HeadgateError(
    'internal_error',
    `Some of the parts of "${stream}" were not read to their end${fault === undefined ? '' : ` (${fault.error})`}. The run’s log has the details.`,
  );
}

async function again(
  dependencies: IngestDependencies,
  { run, attempt, context }: CollectInput,
  { plan, units, done }: NextPlan,
): Promise<CollectOutcome> {
  const { store, table, now, log } = dependencies;
  const prefix = fanOutPrefix(run, attempt);
  const chosen = units.flatMap((_, unit) => (done[unit] == null ? [unit] : []));
  const places = units.map((_, unit) => done[unit] ?? { prefix, unit });
  const fanOut = await writePlan(
    store,
    prefix,
    { ...plan, attempt, places },
    units,
    chosen,
    context.signal,
  );
  await openUnits(table, run, fanOut.planKey, now());
  log.info('sharing out a stream', {
    stream: plan.stream,
    phase: plan.phase,
    round: plan.round,
    units: chosen.length,
  });
  return { kind: 'fanOut', fanOut, tries: 1 };
}

/** All units loaded what they had to: what is to be done again, if anything, and what it comes to. */
async function settle(
  dependencies: IngestDependencies,
  input: CollectInput,
  plan: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
): Promise<CollectOutcome> {
  const { run, stream, context, attempt } = input;
  const unreadable = unreadableCuts(units, results);
  if (unreadable.size > 0) return again(dependencies, input, withWhole(plan, units, unreadable));
  await using scratch = await scratchFolder(dependencies.scratchFolder);
  const known = knownFields(plan, results);
  await using loader = await openLoader(
    dependencies,
    {
      run,
      attempt,
      unit: 'collected',
      plan: plan.streamPlan,
      stream,
      schema: plan.schema,
      context,
      shared: { known, ingestedAt: new Date(plan.ingestedAt) },
    },
    scratch.path,
  );
  const agreed = await agreeOnWork(loader, plan, units, results);
  const stale = results.map((result) => !loadsOf(result).every((load) => fits(load, agreed)));
  if (stale.includes(true)) {
    dependencies.log.info('units disagree on types, and some are done again', {
      stream: plan.stream,
      units: stale.filter((isStale) => isStale).length,
      round: plan.round,
    });
    if (plan.round + 1 >= maxRounds) return { kind: 'whole' };
    return again(dependencies, input, {
      plan: { ...plan, round: plan.round + 1, agreed: [...agreed], known: [...known, ...agreed] },
      units,
      done: plan.places.map((place, unit) => (stale[unit] === true ? null : place)),
    });
  }
  // Live files whose columns got another type.
  const { schema, rewrites }: Pick<Loaded, 'schema' | 'rewrites'> = await loader.finish();
  const collected = assemble(plan, units, results, schema, rewrites);
  for (const failure of collected.result.failures)
    await failNamed(dependencies, run, plan, failure);
  return { kind: 'loaded', ...collected };
}

async function failNamed(
  { table }: IngestDependencies,
  run: RunItem,
  { files }: FanOutPlan,
  failure: RunError,
): Promise<void> {
  const file = files.find(({ name }) => name === failure.facts?.['file']);
  if (file !== undefined) await failFile(table, run, file, failure);
}

/** Every field that any loader of this work made, so that the same column keeps the same id. */
function knownFields(plan: FanOutPlan, results: readonly UnitResult[]): readonly Field[] {
  const before = new Set(plan.schema.map(({ id }) => id));
  const all = new Map(
    [plan.known, ...results.flatMap((result) => loadsOf(result).map(({ schema }) => schema))]
      .flat()
      .filter(({ id }) => !before.has(id))
      .map((field) => [`${field.id} ${field.type}`, field]),
  );
  return [...all.values()];
}

/**
 * Files of which a part cannot be read, or not one row: reading them in one go says what is wrong with them, as it
 * would have without parts.
 */
function unreadableCuts(
  units: readonly UnitWork[],
  results: readonly UnitResult[],
): ReadonlySet<number> {
  const cuts = new Set<number>();
  const readable = new Set<number>();
  const suspects = new Set<number>();
  for (const [unit, work] of units.entries()) {
    if (work.kind !== 'rows' && work.kind !== 'rowGroups') continue;
    const { parts } = results[unit] as UnitResult;
    if (parts.some(({ failures }) => failures.length > 0)) cuts.add(work.cut);
    const reports = parts.flatMap(({ loaded }) => loaded?.parts ?? []);
    if (reports.some(({ isUnreadable }) => isUnreadable)) suspects.add(work.cut);
    if (parts.some(({ loaded }) => (loaded?.counts.written ?? 0) > 0)) readable.add(work.cut);
  }
  for (const cut of suspects) if (!readable.has(cut)) cuts.add(cut);
  return cuts;
}

/** The same plan, with one unit in place of all the parts of such a file. */
function withWhole(
  plan: FanOutPlan,
  units: readonly UnitWork[],
  whole: ReadonlySet<number>,
): NextPlan {
  const seen = new Set<number>();
  const next = units.flatMap((work, unit): { work: UnitWork; done: UnitPlace | null }[] => {
    const place = plan.places[unit] ?? null;
    if (!('cut' in work) || !whole.has(work.cut)) return [{ work, done: place }];
    const file = plan.cuts[work.cut]?.file;
    if (seen.has(work.cut) || file === undefined) return [];
    seen.add(work.cut);
    return [{ work: { kind: 'files', files: [file] }, done: null }];
  });
  return {
    plan,
    units: next.map(({ work }) => work),
    done: next.map(({ done }) => done),
  };
}
