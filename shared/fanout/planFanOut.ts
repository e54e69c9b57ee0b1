import type { Batch, Context } from '../connectors/connector.ts';
import type { FileItem } from '../files/fileItem.ts';
import type { IngestDependencies } from '../ingest/ingestDependencies.ts';
import { openLoader, scratchFolder } from '../ingest/loadStream.ts';
import type { StreamPlan } from '../ingest/planStreams.ts';
import type { Json } from '../json.ts';
import type { Field } from '../lake/schema.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { openUnits } from '../runs/units.ts';
import type { Proposal } from '../staging/proposal.ts';
import { type FanOutOptions, pieceBytesOf } from './fanOutOptions.ts';
import { type FanOutPlan, fanOutPrefix, type UnitWork } from './fanOutPlan.ts';
import { type FanOut, writePlan } from './planObjects.ts';
import { shareFiles, type WaitingFile } from './shareFiles.ts';
import { loadUnitsOf, scanUnitsOf } from './unitsOf.ts';

export interface PlanFanOutInput {
  readonly run: RunItem;
  readonly attempt: number;
  readonly plan: StreamPlan;
  readonly stream: StreamItem;
  readonly schema: readonly Field[];
  readonly from: Json | null;
  readonly stageHash: string;
  /** Nothing of this read is delivered yet. */
  readonly isStart: boolean;
  readonly context: Context<unknown, unknown>;
  /** Landed files handed out so far, by `name#versionId`. */
  readonly taken: ReadonlyMap<string, Pick<FileItem, 'replaces'>>;
  /** Landed files that were not, because the bytes of a loaded one are the same. */
  readonly duplicates: ReadonlyMap<string, StagedFile>;
}

export type Planned =
  | { readonly kind: 'fanOut'; readonly fanOut: FanOut }
  /** Not worth it. `batches`: what the connector was asked for already. */
  | { readonly kind: 'read'; readonly batches: AsyncIterable<Batch<unknown>> | null };

const here: Planned = { kind: 'read', batches: null };
/** As many as one Map starts children for, and a plan names at most. */
const mostFiles = 10_000;
/** Files whose beginnings say what columns units begin with. */
const mostHeads = 8;

/**
 * Shares out what is left of a stream, if that is worth it: many or large landed files, or what the connector itself
 * cuts. Nothing of it is read here but beginnings.
 */
export async function planFanOut(
  dependencies: IngestDependencies,
  input: PlanFanOutInput,
): Promise<Planned> {
  const { connector, fanOut } = dependencies;
  if (fanOut === undefined) return here;
  if (connector.landing || connector.openFile !== undefined)
    return planFiles(dependencies, input, fanOut);
  if (!input.isStart || connector.split === undefined) return here;
  const split = await connector.split(input.context, input.plan.request, input.from);
  if (split === null || split.slices.length < 2) return here;
  const { columns } = input.plan.description;
  const made = await makePlan(dependencies, input, {
    proposals: columns === null ? [] : [{ kind: 'declared', columns }],
    shared: {
      position: split.checkpoint as Json,
      finished: true,
      files: [],
      cuts: [],
      sequence: [],
    },
    phase: 'load',
    units: split.slices.map((slice) => ({ kind: 'slice', slice })),
  });
  return { kind: 'fanOut', fanOut: made };
}

async function planFiles(
  dependencies: IngestDependencies,
  input: PlanFanOutInput,
  options: FanOutOptions,
): Promise<Planned> {
  const { context, plan, from, taken, duplicates } = input;
  const waiting: WaitingFile[] = [];
  let position = from;
  let finished = true;
  const batches: Batch<unknown>[] = [];
  const reading = dependencies.connector.read(context, plan.request, from)[Symbol.asyncIterator]();
  const replacing = new Set<string>();
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
    const batch = next.value;
    batches.push(batch);
    // Files that are gone, or the end of a read that is over: nothing to share out.
    if (batch.body.kind !== 'file') return { kind: 'read', batches: again(batches, reading) };
    const { checkpoint } = batch;
    position = (typeof checkpoint === 'function' ? checkpoint() : checkpoint) as Json;
    if (batch.replacesFile === true) replacing.add(batch.body.file.name);
    waiting.push({ file: batch.body.file, options: batch.body.options });
    if (waiting.length < mostFiles) continue;
    finished = false;
    await reading.return?.();
    break;
  }
  const shared = await shareFiles(waiting, options, context.signal);
  if (shared === null) return { kind: 'read', batches: again(batches) };
  const { cuts, sequence } = shared;
  const scans = scanUnitsOf(cuts, options.unitBytes);
  const loads = loadUnitsOf(
    cuts.map((cut) => ({ cut, units: cut.parts })),
    sequence,
  );
  const made = await makePlan(dependencies, input, {
    proposals: [
      { kind: 'heads', files: headsOf(waiting, new Set(cuts.map(({ file }) => file.name))) },
    ],
    shared: {
      position,
      finished,
      files: waiting.map(({ file: { name, versionId, bytes } }) => ({
        name,
        versionId,
        bytes,
        replaces: replacing.has(name) || taken.get(`${name}#${versionId}`)?.replaces === true,
      })),
      duplicates: [...duplicates.values()],
      cuts: [...cuts],
      sequence: [...sequence],
    },
    phase: scans.length > 0 ? 'scan' : 'load',
    units: scans.length > 0 ? scans : loads,
  });
  return { kind: 'fanOut', fanOut: made };
}

/** What was asked for already, then the rest of the reading where it is not over. */
async function* again(
  batches: readonly Batch<unknown>[],
  reading?: AsyncIterator<Batch<unknown>>,
): AsyncGenerator<Batch<unknown>> {
  try {
    yield* batches;
    if (reading === undefined) return;
    for (let next = await reading.next(); next.done !== true; next = await reading.next())
      yield next.value;
  } finally {
    await reading?.return?.();
  }
}

/** Of files that are cut, and a few of the others. */
function headsOf(
  waiting: readonly WaitingFile[],
  cut: ReadonlySet<string>,
): readonly WaitingFile[] {
  const others = waiting.filter(({ file }) => !cut.has(file.name));
  const step = Math.max(1, Math.floor(others.length / 4));
  return [
    ...waiting.filter(({ file }) => cut.has(file.name)),
    ...others.filter((_, index) => index % step === 0),
  ].slice(0, mostHeads);
}

interface Draft {
  readonly proposals: readonly Proposal[];
  readonly shared: Pick<
    FanOutPlan,
    'position' | 'finished' | 'files' | 'duplicates' | 'cuts' | 'sequence'
  >;
  readonly phase: FanOutPlan['phase'];
  readonly units: readonly UnitWork[];
}

async function makePlan(
  dependencies: IngestDependencies,
  input: PlanFanOutInput,
  { proposals, shared, phase, units }: Draft,
): Promise<FanOut> {
  const { table, store, now, log, fanOut } = dependencies;
  const { run, attempt, plan, schema, from, stageHash, context } = input;
  const { signal } = context;
  const ingestedAt = now();
  const agreed = await agreedBefore(dependencies, input, ingestedAt, proposals);
  const before = new Set(schema.map(({ id }) => id));
  const prefix = fanOutPrefix(run, attempt);
  const made = await writePlan(
    store,
    prefix,
    {
      v: 1,
      stream: plan.request.name,
      attempt,
      phase,
      round: 0,
      streamPlan: plan,
      from,
      stageHash,
      pieceBytes: pieceBytesOf(fanOut as FanOutOptions),
      ingestedAt: ingestedAt.toISOString(),
      schema: [...schema],
      agreed: [...agreed],
      known: agreed.filter(({ id }) => !before.has(id)),
      ...shared,
      places: units.map((_, unit) => ({ prefix, unit })),
    },
    units,
    units.map((_, unit) => unit),
    signal,
  );
  await openUnits(table, run, made.planKey, now());
  log.info('sharing out a stream', { stream: plan.request.name, phase, units: units.length });
  return made;
}

/** The schema that all units begin with: types are known from the source, or guessed from beginnings of files. */
async function agreedBefore(
  dependencies: IngestDependencies,
  input: PlanFanOutInput,
  ingestedAt: Date,
  proposals: readonly Proposal[],
): Promise<readonly Field[]> {
  await using scratch = await scratchFolder(dependencies.scratchFolder);
  await using loader = await openLoader(
    dependencies,
    { ...input, unit: 'plan', shared: { agreed: input.schema, known: [], ingestedAt } },
    scratch.path,
  );
  // System columns, whatever the others are.
  let agreed = await loader.propose({ kind: 'columns', columns: [] });
  for (const proposal of proposals) agreed = await loader.propose(proposal);
  return agreed;
}
