import { randomBytes } from 'node:crypto';
import type { Context, LandedFile } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { scanStretch } from '../formats/ranges/scanStretch.ts';
import type { Deadline, IngestDependencies } from '../ingest/ingestDependencies.ts';
import type { KeepAlive } from '../ingest/keepAlive.ts';
import {
  type LoadStreamInput,
  loadStream,
  openLoader,
  scratchFolder,
} from '../ingest/loadStream.ts';
import type { Json } from '../json.ts';
import { fenceLost } from '../runs/lock.ts';
import type { RunItem } from '../runs/runItem.ts';
import { getStream } from '../runs/streams.ts';
import type { PartPlace } from '../staging/filePart.ts';
import type { Loaded } from '../staging/streamLoader.ts';
import type { CutFile, FanOutPlan, UnitWork } from './fanOutPlan.ts';
import type { UnitLoad, UnitPart } from './unitPart.ts';

export interface DoUnitInput {
  readonly run: RunItem;
  readonly plan: FanOutPlan;
  readonly unit: number;
  readonly work: UnitWork;
  /** The connector's checkpoint to go on from. */
  readonly from: Json | null;
  readonly context: Context<unknown, unknown>;
  readonly alive: KeepAlive;
  readonly deadline: Deadline;
}

type Done = Omit<UnitPart, 'v' | 'gigabyteSeconds'>;

const nothing: Done = {
  position: null,
  finished: true,
  loaded: null,
  scan: null,
  failures: [],
  fresh: false,
  replacesNullCursor: false,
};

/** Does as much of a unit as the time allows. Everything it leaves behind is named by the answer. */
export async function doUnit(dependencies: IngestDependencies, input: DoUnitInput): Promise<Done> {
  const { plan, work, context, from } = input;
  switch (work.kind) {
    case 'files':
    case 'slice': {
      const slice = work.kind === 'slice' ? { slice: work.slice } : {};
      const streamPlan = {
        ...plan.streamPlan,
        request: { ...plan.streamPlan.request, ...slice },
      };
      const start = work.kind === 'slice' && from === null ? plan.from : from;
      const { loaded, ...result } = await loadStream(dependencies, {
        ...(await sharedInput(dependencies, input)),
        plan: streamPlan,
        from: work.kind === 'slice' ? start : from,
      });
      return {
        ...nothing,
        ...result,
        failures: [...result.failures],
        loaded: loaded === null ? null : unitLoadOf(loaded),
      };
    }
    case 'scan': {
      const { text } = cutOf(plan, work.cut);
      if (text === null) throw new TypeError('a Parquet file has no stretches of rows');
      const file = await onlyFile(context);
      const scan = await scanStretch(file, {
        from: work.from,
        to: work.to,
        dataByte: text.dataByte,
        layout: text.layout,
        pieceBytes: plan.pieceBytes,
        signal: context.signal,
      });
      return { ...nothing, scan };
    }
    default:
      return loadPart(dependencies, input, work);
  }
}

/** Input of a loader that starts from what the units agreed on, with keys of this very try. */
async function sharedInput(
  { table }: IngestDependencies,
  { run, plan, unit, context, alive, deadline }: DoUnitInput,
): Promise<Omit<LoadStreamInput, 'from'>> {
  const stream = await getStream(table, run.tenant, run.sourceId, plan.stream);
  if (stream === null) throw fenceLost({ ...run });
  return {
    run,
    attempt: plan.attempt,
    // Two tries of one unit may run at a time; what the slower one writes must not be under the keys of the other.
    unit: `${unit}-${randomBytes(6).toString('hex')}`,
    plan: plan.streamPlan,
    stream,
    schema: plan.schema,
    context,
    deadline,
    alive,
    shared: {
      agreed: plan.agreed,
      known: plan.known,
      ingestedAt: new Date(plan.ingestedAt),
    },
  };
}

/** One part of one file. That it cannot be read is for who puts the parts together to judge. */
async function loadPart(
  dependencies: IngestDependencies,
  input: DoUnitInput,
  work: Extract<UnitWork, { kind: 'rows' | 'rowGroups' }>,
): Promise<Done> {
  const { plan, context, alive, run } = input;
  const cut = cutOf(plan, work.cut);
  const file = await onlyFile(context);
  await using scratch = await scratchFolder(dependencies.scratchFolder);
  await using loader = await openLoader(
    dependencies,
    await sharedInput(dependencies, input),
    scratch.path,
  );
  try {
    const counts = await loader.load({
      body: {
        kind: 'filePart',
        file,
        options: cut.options,
        place: placeOf(plan, cut, work),
      },
    });
    alive.progress({ pages: 1, rows: counts.read, bytes: counts.bytes });
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'file_unreadable') throw error;
    const { name } = cut.file;
    const failure = {
      code: error.code,
      message: error.message,
      stream: plan.stream,
      facts: { file: name, runId: run.runId },
    };
    return { ...nothing, failures: [failure] };
  }
  return { ...nothing, loaded: unitLoadOf(await loader.finish()) };
}

function placeOf(
  { pieceBytes }: FanOutPlan,
  { text }: CutFile,
  work: Extract<UnitWork, { kind: 'rows' | 'rowGroups' }>,
): PartPlace {
  if (work.kind === 'rowGroups') return { ...work, pieceBytes };
  if (text === null) throw new TypeError('a Parquet file has no stretches of rows');
  return { ...work, layout: text.layout };
}

const cutOf = ({ cuts }: FanOutPlan, cut: number): CutFile => {
  const found = cuts[cut];
  if (found === undefined) throw new TypeError(`the plan cuts no file ${cut}`);
  return found;
};

async function onlyFile({ landing }: Context<unknown, unknown>): Promise<LandedFile> {
  for await (const file of landing?.pending() ?? []) return file;
  throw new TypeError('the unit is about no file');
}

const unitLoadOf = ({
  schema,
  adds,
  rejects,
  counts,
  files,
  drift,
  delivered = [],
  parts = [],
}: Loaded): UnitLoad => ({
  schema: [...schema],
  adds: [...adds],
  rejects: [...rejects],
  counts: { ...counts },
  files: [...files],
  drift,
  delivered: [...delivered],
  parts: parts.map(({ survey, doubtful, isUnreadable, pieces }) => ({
    survey: [...survey],
    doubtful: [...doubtful],
    isUnreadable,
    pieces: [...pieces],
  })),
});
