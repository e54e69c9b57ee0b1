import { isDeepStrictEqual } from 'node:util';
import type { ParkUntil } from '../connectors/connector.ts';
import type { FanOut } from '../fanout/planObjects.ts';
import type { UnitCost } from '../fanout/readResults.ts';
import type { Json } from '../json.ts';
import { tableDataPrefix, tableMetadataPrefix } from '../lake/dataPrefix.ts';
import type { StagedCommit, StagedFile } from '../runs/ingestProtocol.ts';
import type { RunError } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { ensureStream } from '../runs/streams.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { Invocation } from './invocation.ts';
import { leaveOutDuplicates } from './leaveOutDuplicates.ts';
import type { LoadedStream } from './loadStream.ts';
import { noProgress } from './noProgress.ts';
import { type Obtained, obtainStream } from './obtainStream.ts';
import { isStaged, type StreamPlan } from './planStreams.ts';
import { isRenewable, renew, renewedPlan } from './renewal.ts';
import type { QueuedStream } from './runCheckpoint.ts';
import { readParts, startOf } from './stagedParts.ts';
import { partCommit, wholeCommit } from './streamCommits.ts';

/** What one stream came to in one invocation. */
export interface Step {
  readonly commit: StagedCommit | null;
  /** Landed files that the commit loads, or finds loaded already. */
  readonly files: readonly StagedFile[];
  /** Names of which the source may have rows from before. */
  readonly replaces: ReadonlySet<string>;
  /** The commit's rows are all that the table will have. */
  readonly isEverything: boolean;
  readonly failures: readonly (RunError & { readonly stream: string })[];
  /** Where to go on with this stream; null when it is read. */
  readonly next: QueuedStream | null;
  readonly hadData: boolean;
  /** The source asked to wait; `next` goes on then. */
  readonly park?: ParkUntil;
  /** Units go on with it: `next` says where their work is collected. */
  readonly fanOut?: FanOut;
  readonly cost: UnitCost;
}

/**
 * Reads one stream as far as the time goes, and stages what Commit makes of it. `unit` is the place of its commit
 * among those of this invocation.
 */
export async function readStream(
  dependencies: IngestDependencies,
  invocation: Invocation,
  context: Parameters<IngestDependencies['connector']['read']>[0],
  planned: StreamPlan,
  entry: QueuedStream,
  unit: number,
): Promise<Step> {
  const { run, source, taken, duplicates } = invocation;
  const stream = await ensureStream(dependencies.table, newStream(dependencies, source, planned));
  const isEmpty = (stream.pointer?.rows ?? 0) === 0;
  const plan =
    entry.renewed === true
      ? renewedPlan(planned)
      : startsOver(dependencies, planned, entry, stream)
        ? ({ ...planned, effect: 'replace', fromStart: true } as const)
        : planned;
  const { from, hash } =
    entry.fanOut ?? startOf(dependencies.now(), source, run, plan, entry, stream);
  const parts = await readParts(dependencies.store, stream, hash, context.signal);
  const schema = parts.schema ?? stream.schema;
  const input = { context, plan, entry, stream, schema, parts, from, hash, unit };
  let obtained: Obtained;
  try {
    obtained = await obtainStream(dependencies, invocation, input);
  } catch (error) {
    if (!isRenewable(error, run, plan, from)) throw error;
    const renewed = await renew(dependencies, run, stream, error);
    return readStream(dependencies, invocation, context, planned, renewed, unit);
  }
  const { cost } = obtained;
  if (obtained.kind === 'fanOut') {
    const { fanOut, tries } = obtained;
    return {
      commit: null,
      files: [],
      replaces: new Set(),
      isEverything: false,
      failures: [],
      next: { ...entry, tries: 0, fanOut: { planKey: fanOut.planKey, tries, from, hash } },
      hadData: !isEmpty,
      fanOut,
      cost,
    };
  }
  for (const file of obtained.files) taken.set(`${file.name}#${file.versionId}`, file);
  const { connector } = dependencies;
  const landed = connector.landing
    ? await leaveOutDuplicates(dependencies.table, run, obtained.result.loaded, {
        known: [...duplicates.values(), ...obtained.duplicates],
        earlier: parts.files,
        stays: plan.effect !== 'replace',
      })
    : { loaded: obtained.result.loaded, files: obtained.result.loaded?.files ?? [] };
  duplicates.clear();
  const result: LoadedStream = {
    ...withoutFailed(connector, obtained.result),
    loaded: landed.loaded,
  };
  const { position, finished, failures } = result;
  if (!finished && isDeepStrictEqual(position, from))
    throw noProgress(`"${plan.request.name}" delivered no checkpoint in time`);
  // What an earlier run began ends where that run froze it: this one reads on to its own end.
  const goesOn =
    stream.unfinished === true &&
    entry.position === null &&
    !plan.fromStart &&
    !isDeepStrictEqual(position, from);
  const fromEmpty = entry.position === null ? isEmpty : entry.fromEmpty === true;
  const isPart = isStaged(plan.effect) && !finished;
  const commit = isPart
    ? partCommit(plan, stream, hash, result, landed.files)
    : await wholeCommit(dependencies, invocation, context.signal, {
        plan,
        stream,
        hash,
        parts,
        result,
        files: landed.files,
        unit,
        fresh: result.fresh && fromEmpty,
      });
  return {
    commit,
    // What is kept aside is claimed with the commit that shows it.
    files: isPart ? [] : [...parts.files, ...landed.files],
    replaces: new Set([...taken.values()].flatMap(({ name, replaces }) => (replaces ? name : []))),
    isEverything: !isPart && plan.effect === 'replace',
    failures: failures.map((failure) => ({ ...failure, stream: plan.request.name })),
    next:
      finished && !goesOn
        ? null
        : {
            stream: plan.request.name,
            position,
            tries: 0,
            ...(fromEmpty ? { fromEmpty } : {}),
            ...(entry.renewed === true ? { renewed: true } : {}),
            ...(isStaged(plan.effect) ? { stageHash: hash } : {}),
          },
    hadData: !isEmpty,
    ...(result.park === undefined ? {} : { park: result.park }),
    cost,
  };
}

/** Files that could not be loaded are delivered again by the next read. */
function withoutFailed(
  { forgetFiles }: IngestDependencies['connector'],
  result: LoadedStream,
): LoadedStream {
  const names = result.failures.flatMap(({ facts }) => {
    const name = facts?.['file'];
    return typeof name === 'string' ? [name] : [];
  });
  if (forgetFiles === undefined || names.length === 0 || result.position === null) return result;
  return { ...result, position: forgetFiles(result.position, names) as Json };
}

/**
 * Rows without a key cannot be told from those that are there, so a read of them from the beginning (the first after
 * other modes, or after its cursor was forgotten) takes their place instead of adding to them.
 */
const startsOver = (
  { connector }: IngestDependencies,
  { effect, request }: StreamPlan,
  { position, stageHash }: QueuedStream,
  { cursor, pointer }: StreamItem,
): boolean =>
  effect === 'append' &&
  request.mode === 'incremental' &&
  !connector.landing &&
  (position === null ? cursor === null && (pointer?.rows ?? 0) > 0 : stageHash !== undefined);

const newStream = (
  { store, now }: IngestDependencies,
  source: SourceItem,
  plan: StreamPlan,
): StreamItem => {
  const { tenant, sourceId } = source;
  const place = { tenant, sourceId, table: plan.table };
  return {
    v: 1,
    ...place,
    stream: plan.request.name,
    location: `s3://${store.bucket}/${tableDataPrefix(place)}`,
    metadataPrefix: tableMetadataPrefix(place),
    lastFieldId: 0,
    schema: [],
    pointer: null,
    rejects: null,
    cursor: null,
    stage: null,
    committedBy: null,
    updatedAt: now().toISOString(),
  };
};
