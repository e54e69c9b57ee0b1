import { isDeepStrictEqual } from 'node:util';
import type { ParkUntil } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { FanOut } from '../fanout/planObjects.ts';
import type { UnitCost } from '../fanout/readResults.ts';
import type { FileItem } from '../files/fileItem.ts';
import type { Json } from '../json.ts';
import { dataPrefix, tableDataPrefix, tableMetadataPrefix } from '../lake/dataPrefix.ts';
import { holdsUpload } from '../lake/holdsUpload.ts';
import type { StagedCommit, StagedFile } from '../runs/ingestProtocol.ts';
import type { LockItem } from '../runs/lockItem.ts';
import { noCounts, type RunError, type RunItem } from '../runs/runItem.ts';
import { addCounts } from '../runs/runs.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { ensureStream } from '../runs/streams.ts';
import type { MapFault } from '../runs/unitProtocol.ts';
import { mergeDrifts } from '../schema/newDrift.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Deadline, IngestDependencies } from './ingestDependencies.ts';
import type { KeepAlive } from './keepAlive.ts';
import { leaveOutDuplicates } from './leaveOutDuplicates.ts';
import { type LoadedStream, scratchFolder } from './loadStream.ts';
import { mergeStream } from './mergeStream.ts';
import { type Obtained, obtainStream } from './obtainStream.ts';
import { isStaged, type StreamPlan } from './planStreams.ts';
import { isRenewable, renew, renewedPlan } from './renewal.ts';
import type { QueuedStream } from './runCheckpoint.ts';
import { readParts, type StagedParts, startOf, withRewrites } from './stagedParts.ts';

export interface Invocation {
  readonly lock: LockItem;
  readonly run: RunItem;
  readonly source: SourceItem;
  readonly alive: KeepAlive;
  readonly deadline: Deadline;
  /** Landed files handed out so far, by `name#versionId`; those that units loaded are added. */
  readonly taken: Map<string, Pick<FileItem, 'name' | 'versionId' | 'replaces'>>;
  /** Files that were not handed out, because the bytes of a loaded one are the same, by `name#versionId`. */
  readonly duplicates: Map<string, StagedFile>;
  /** Why the units of the run before did not all come to their end. */
  readonly fault?: MapFault | undefined;
}

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
    ? partOf(plan, stream, hash, result, landed.files)
    : await wholeOf(dependencies, invocation, context.signal, {
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

/** Names of files in the table that the source has no more. */
async function goneFiles(
  { listLiveFiles, store }: IngestDependencies,
  { pointer, schema }: StreamItem,
  isGone: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const id = schema.find(({ name }) => name === '_source_file')?.id;
  if (id === undefined || pointer === null) return [];
  const names = new Set<string>();
  for await (const { file } of listLiveFiles(store, pointer, signal)) {
    const lower = file.lowerBounds[id];
    if (lower !== undefined && lower === file.upperBounds[id])
      names.add(Buffer.from(lower, 'base64').toString());
  }
  return [...names].filter(isGone).sort();
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

/** A part of an unfinished read: kept aside by Commit, which remembers where to go on. */
function partOf(
  plan: StreamPlan,
  stream: StreamItem,
  hash: string,
  { loaded, position }: LoadedStream,
  files: readonly StagedFile[],
): StagedCommit {
  return {
    stream: plan.request.name,
    schema: [...(loaded?.schema ?? stream.schema)],
    adds: [...(loaded?.adds ?? [])],
    rejects: [...(loaded?.rejects ?? [])],
    removes: { kind: 'nothing' },
    replaces: [],
    stage: { hash, position, rewrites: [...(loaded?.rewrites ?? [])] },
    drift: loaded?.drift ?? null,
    ...(files.length === 0 ? {} : { files: [...files] }),
    counts: { ...(loaded?.counts ?? noCounts) },
  };
}

interface Whole {
  readonly plan: StreamPlan;
  readonly stream: StreamItem;
  readonly hash: string;
  readonly parts: StagedParts;
  readonly result: LoadedStream;
  readonly files: readonly StagedFile[];
  readonly unit: number;
  readonly fresh: boolean;
}

/** The commit that shows what was read, with the parts of it that were kept aside; null when nothing changes. */
async function wholeOf(
  dependencies: IngestDependencies,
  { lock, run, taken }: Invocation,
  signal: AbortSignal,
  { plan, stream, hash, parts, result, files, unit, fresh }: Whole,
): Promise<StagedCommit | null> {
  const { loaded, position, finished, failures } = result;
  // That none of a refresh's files could be read does not make the table empty.
  const shows = isStaged(plan.effect) && failures.length === 0;
  const resumed = stream.stage?.hash === hash;
  const gone =
    result.removesFiles === undefined || plan.effect === 'replace'
      ? []
      : await goneFiles(dependencies, stream, result.removesFiles, signal);
  // A loader whose every file was unreadable has nothing to commit either.
  const brought =
    gone.length > 0 || files.length > 0 || (loaded !== null && loaded.counts.read > 0);
  // The cursor stands in a read that is over now: left there, every next run would only end that read again.
  const completes = finished && plan.keepsCursor && stream.unfinished === true;
  if (!brought && !shows && !resumed && !completes && !result.replacesNullCursor) return null;
  const names = (loaded?.files ?? [])
    .filter(({ name, versionId }) => taken.get(`${name}#${versionId}`)?.replaces === true)
    .map(({ name }) => name);
  const replaces = plan.effect === 'replace' ? [] : [...names, ...gone];
  const schema = loaded?.schema ?? parts.schema ?? stream.schema;
  const read = withRewrites(parts, loaded?.rewrites ?? []);
  await using scratch = await scratchFolder(dependencies.scratchFolder);
  const merged = await mergeStream(dependencies, {
    plan,
    stream,
    schema,
    adds: [...read.adds, ...(loaded?.adds ?? [])],
    counts: addCounts(parts.counts, loaded?.counts ?? noCounts),
    rewrites: read.rewrites,
    replacesNullCursor: result.replacesNullCursor,
    fresh,
    isReplaced: holdsUpload(schema, replaces),
    dataPrefix: dataPrefix(run, stream, lock.attempt, `${unit}-merged`),
    runId: run.runId,
    workFolder: scratch.path,
    signal,
  });
  const rejects = [...parts.rejects, ...(loaded?.rejects ?? [])];
  const changes =
    brought ||
    shows ||
    resumed ||
    completes ||
    merged.adds.length + (merged.deletes?.length ?? 0) + rejects.length > 0 ||
    merged.removes.kind !== 'nothing';
  if (!changes) return null;
  return {
    stream: plan.request.name,
    schema: [...schema],
    rejects,
    ...(loaded?.replayed === undefined ? {} : { replayed: [...loaded.replayed] }),
    ...(loaded !== null && brought && plan.effect !== 'keepOnly'
      ? { drift: mergeDrifts([...parts.drifts, loaded.drift]) }
      : {}),
    replaces,
    ...merged,
    ...(resumed ? { stage: { hash } } : {}),
    ...(plan.keepsCursor && (finished || plan.effect !== 'replace')
      ? { cursor: position, unfinished: !finished }
      : {}),
  };
}

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

export const noProgress = (why: string): HeadgateError =>
  new HeadgateError('no_progress', `The run was ended because ${why}.`);
