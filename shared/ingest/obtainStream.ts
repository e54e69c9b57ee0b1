import type { Context } from '../connectors/connector.ts';
import { type CollectResult, collectUnits } from '../fanout/collectUnits.ts';
import type { FanOutPlan } from '../fanout/fanOutPlan.ts';
import { planFanOut } from '../fanout/planFanOut.ts';
import type { FanOut } from '../fanout/planObjects.ts';
import { noCost, type UnitCost } from '../fanout/readResults.ts';
import type { Json } from '../json.ts';
import type { Field } from '../lake/schema.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { closeUnits, getUnits } from '../runs/units.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { Invocation } from './invocation.ts';
import { type LoadableBatch, type LoadedStream, loadStream } from './loadStream.ts';
import type { StreamPlan } from './planStreams.ts';
import { replayRejects } from './replayRejects.ts';
import type { QueuedStream } from './runCheckpoint.ts';
import type { StagedParts } from './stagedParts.ts';

export interface ObtainInput {
  readonly context: Context<unknown, unknown>;
  readonly plan: StreamPlan;
  readonly entry: QueuedStream;
  readonly stream: StreamItem;
  readonly schema: readonly Field[];
  readonly parts: StagedParts;
  readonly from: Json | null;
  readonly hash: string;
  readonly unit: number;
}

export type Obtained = { readonly cost: UnitCost } & (
  | {
      readonly kind: 'loaded';
      readonly result: LoadedStream;
      /** Landed files that units loaded. */
      readonly files: FanOutPlan['files'];
      /** Those that were not shared out, because the bytes of a loaded one are the same. */
      readonly duplicates: readonly StagedFile[];
    }
  | { readonly kind: 'fanOut'; readonly fanOut: FanOut; readonly tries: number }
);

/**
 * The rows of one stream, staged: read here, or by units that run side by side, which then come first. Units that
 * cannot agree leave it to be read here after all.
 */
export async function obtainStream(
  dependencies: IngestDependencies,
  invocation: Invocation,
  input: ObtainInput,
): Promise<Obtained> {
  const { lock, run, alive, deadline, taken, duplicates, fault } = invocation;
  const { entry, plan, stream, hash, context } = input;
  const common = { ...input, run, attempt: lock.attempt };
  let whole = entry.whole === true;
  let cost = noCost;
  if (entry.fanOut !== undefined) {
    const { fanOut } = entry;
    const collected: CollectResult = await collectUnits(dependencies, { ...common, fanOut, fault });
    if (collected.kind === 'fanOut') return collected;
    await takeOver(dependencies, invocation);
    if (collected.kind === 'loaded') return collected;
    whole = true;
    ({ cost } = collected);
  }
  const isStart = entry.position === null;
  const isReplay = run.request.kind === 'replay';
  const planned = isReplay
    ? ({
        kind: 'read',
        batches: replayRejects({ ...dependencies, ...input, run, signal: context.signal }),
      } as const)
    : whole
      ? ({ kind: 'read', batches: null } as const)
      : await planFanOut(dependencies, { ...common, stageHash: hash, isStart, taken, duplicates });
  if (planned.kind === 'fanOut') return { ...planned, tries: 1, cost };
  const { connector } = dependencies;
  const batches =
    planned.batches ??
    // Files that lie elsewhere are taken as they are delivered; landed ones as they are handed out.
    (connector.openFile === undefined ? null : connector.read(context, plan.request, input.from));
  const result = await loadStream(dependencies, {
    run,
    attempt: lock.attempt,
    unit: input.unit,
    plan,
    stream,
    schema: input.schema,
    parts: input.parts,
    from: input.from,
    context,
    deadline,
    alive,
    ...(batches === null ? {} : { batches: connector.landing ? batches : noting(batches, taken) }),
  });
  return { kind: 'loaded', result, files: [], duplicates: [], cost };
}

/** The same batches; each file among them is noted as taken. */
async function* noting(
  batches: AsyncIterable<LoadableBatch>,
  taken: Invocation['taken'],
): AsyncGenerator<LoadableBatch> {
  for await (const batch of batches) {
    if (batch.body.kind === 'file') {
      const { name, versionId } = batch.body.file;
      taken.set(`${name}#${versionId}`, {
        name,
        versionId,
        replaces: batch.replacesFile === true,
      });
    }
    yield batch;
  }
}

/** What the units did is the run's progress from now on; those still at work are told that they are not wanted. */
async function takeOver({ table }: IngestDependencies, { run, alive }: Invocation): Promise<void> {
  const units = await getUnits(table, run.tenant, run.runId);
  if (units === null) return;
  const { pages, rows, bytes } = units;
  alive.progress({ pages, rows, bytes });
  await closeUnits(table, run);
}
