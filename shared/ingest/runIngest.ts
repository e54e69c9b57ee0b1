import { isDeepStrictEqual } from 'node:util';
import { ParkUntil } from '../connectors/connector.ts';
import { errorTable, HeadgateError } from '../errors.ts';
import { claimFile } from '../files/claimFile.ts';
import type { FileItem } from '../files/fileItem.ts';
import { startAttempt } from '../runs/holdLock.ts';
import {
  type IngestAnswer,
  type IngestInput,
  type StagedCommit,
  stagedWork,
} from '../runs/ingestProtocol.ts';
import { commitLeaseMilliseconds } from '../runs/lock.ts';
import type { LockItem } from '../runs/lockItem.ts';
import { noCounts, type RunError, type RunItem } from '../runs/runItem.ts';
import { markRunning } from '../runs/runs.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { ensureStream } from '../runs/streams.ts';
import { getSource } from '../sources/getSource.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import { answerWith, type InvocationResult } from './answerWith.ts';
import type { Deadline, IngestDependencies } from './ingestDependencies.ts';
import { type KeepAlive, keepAlive } from './keepAlive.ts';
import { landedFiles } from './landedFiles.ts';
import { type LoadedStream, loadStream } from './loadStream.ts';
import { openContext } from './openContext.ts';
import { planStreams, refreshHash, type StreamPlan } from './planStreams.ts';
import { type QueuedStream, type RunCheckpoint, runCheckpoint } from './runCheckpoint.ts';
import { stageMaintenance } from './stageMaintenance.ts';

const maxTries = 3;
const maxParks = 3;
/** A refresh that was broken off is gone on with for this long. */
const stageMilliseconds = 24 * 3_600_000;

/**
 * One invocation of a connector's function: takes a new attempt under the lock, reads what is left of the run's
 * streams into staged files, and answers what Commit has to make real. Never commits anything itself.
 *
 * Throws `fence_lost` when the run no longer holds the lock, and the connector's own HeadgateError when the only
 * stream fails. With several streams a failure is recorded and the others go on; one that may pass is tried again
 * after the others.
 */
export async function runIngest(
  dependencies: IngestDependencies,
  input: IngestInput,
  deadline: Deadline,
): Promise<IngestAnswer> {
  const started = dependencies.now().getTime();
  const { table, now, log } = dependencies;
  const lock = await startAttempt(table, input, now());
  const [run, source] = await Promise.all([
    markRunning(table, input, now()),
    getSource(table, input.tenant, input.sourceId),
  ]);
  if (source === null)
    throw new HeadgateError('not_found', `Source ${input.sourceId} does not exist any more.`);
  using alive = keepAlive(table, input, lock.attempt, lock.progress, now, log);
  const result =
    run.request.kind === 'ingest'
      ? await ingest(dependencies, input, { lock, run, source, alive, deadline })
      : await stageMaintenance(dependencies, input, run);
  alive.signal.throwIfAborted();
  const gigabyteSeconds =
    ((now().getTime() - started) / 1000) * (dependencies.memoryMegabytes / 1024);
  const answer = await answerWith(
    dependencies,
    input,
    lock.attempt,
    result,
    gigabyteSeconds,
    alive.signal,
  );
  await alive.cover(
    answer.kind === 'PARK'
      ? Date.parse(answer.until) - now().getTime() + commitLeaseMilliseconds
      : commitLeaseMilliseconds,
  );
  return answer;
}

interface Invocation {
  readonly lock: LockItem;
  readonly run: RunItem;
  readonly source: SourceItem;
  readonly alive: KeepAlive;
  readonly deadline: Deadline;
}

async function ingest(
  dependencies: IngestDependencies,
  input: IngestInput,
  invocation: Invocation,
): Promise<InvocationResult> {
  const { connector, table, log } = dependencies;
  const { lock, run, source, alive, deadline } = invocation;
  const taken = new Map<string, FileItem>();
  const context = await openContext(dependencies, source, alive.signal, (signal) =>
    connector.landing
      ? landedFiles({
          table,
          run,
          all: run.request.mode === 'full_refresh',
          open: (key, versionId, from) => dependencies.openLanded(key, versionId, from, signal),
          now: dependencies.now,
          taken: (file) => taken.set(`${file.name}#${file.versionId}`, file),
        })
      : undefined,
  );
  const plans = new Map(
    planStreams(source, await connector.discover(context), run.request, connector.landing).map(
      (plan) => [plan.description.name, plan],
    ),
  );
  let state: RunCheckpoint =
    input.checkpoint === null
      ? {
          v: 1,
          queue: [...plans.keys()].map((stream) => ({ stream, position: null, tries: 0 })),
          failures: [],
          hadData: false,
          parks: 0,
          ...(connector.landing ? { drainedSeq: lock.fileSeq } : {}),
        }
      : runCheckpoint.parse(input.checkpoint);
  const before = state;
  const commits: StagedCommit[] = [];
  const files: FileItem[] = [];
  const advance = (change: Partial<RunCheckpoint>): void => {
    state = { ...state, ...change };
  };
  while (state.queue.length > 0) {
    const [entry, ...rest] = state.queue as [QueuedStream, ...QueuedStream[]];
    const plan = plans.get(entry.stream);
    if (plan === undefined) {
      advance({ queue: rest, failures: [...state.failures, streamIsGone(entry.stream)] });
      continue;
    }
    try {
      const step = await readOne(dependencies, invocation, context, plan, entry, commits.length);
      advance({ hadData: state.hadData || step.hadData });
      if (step.commit !== null) {
        const seq = input.seq + commits.length;
        for (const file of step.files) {
          const item = taken.get(`${file.name}#${file.versionId}`);
          await claimFile(table, run, file, { runId: run.runId, seq }, file);
          const { name, rows, rejected, detected } = file;
          log.info('file read', { file: name, rows, rejected, detected });
          if (item !== undefined) files.push(item);
        }
        const replaces = step.files
          .filter((file) => taken.get(`${file.name}#${file.versionId}`)?.replaces === true)
          .map(({ name }) => name);
        commits.push({ ...step.commit, replaces: plan.replace ? [] : replaces });
      }
      advance({ failures: [...state.failures, ...step.failures] });
      if (step.next === null) {
        advance({ queue: rest });
        continue;
      }
      advance({ queue: [step.next, ...rest] });
      assertMoved(before, state);
      return { kind: 'CONTINUE', state: { ...state, parks: 0 }, commits, files };
    } catch (error) {
      if (error instanceof ParkUntil) {
        // Rows read since the last checkpoint are read again; the streams before this one are committed.
        const moved = commits.length > 0;
        if (!moved && state.parks >= maxParks)
          throw noProgress(`it was parked ${state.parks} times`);
        advance({ parks: moved ? 0 : state.parks + 1 });
        return { kind: 'PARK', state, commits, files, until: error.until, reason: error.message };
      }
      context.signal.throwIfAborted();
      if (plans.size === 1 && commits.length === 0) throw error;
      const failure = asRunError(error, entry.stream);
      const again = errorTable[failure.code].retryable && entry.tries + 1 < maxTries;
      log.warn('a stream failed', { stream: entry.stream, code: failure.code, error, again });
      advance(
        again
          ? { queue: [...rest, { ...entry, tries: entry.tries + 1 }] }
          : { queue: rest, failures: [...state.failures, failure] },
      );
      if (again && rest.length === 0)
        await dependencies.sleep(2000 * (entry.tries + 1), context.signal);
    }
    if (deadline.remainingMilliseconds() < 60_000 && state.queue.length > 0) {
      assertMoved(before, state);
      return { kind: 'CONTINUE', state: { ...state, parks: 0 }, commits, files };
    }
  }
  return { kind: 'DONE', state, commits, files };
}

interface Step {
  readonly commit: Omit<StagedCommit, 'replaces'> | null;
  readonly files: LoadedFiles;
  readonly failures: readonly (RunError & { readonly stream: string })[];
  /** Where to go on with this stream; null when it is read. */
  readonly next: QueuedStream | null;
  readonly hadData: boolean;
}
type LoadedFiles = NonNullable<LoadedStream['loaded']>['files'];

async function readOne(
  dependencies: IngestDependencies,
  { lock, run, source, alive, deadline }: Invocation,
  context: Parameters<IngestDependencies['connector']['read']>[0],
  plan: StreamPlan,
  entry: QueuedStream,
  unit: number,
): Promise<Step> {
  const stream = await ensureStream(dependencies.table, newStream(dependencies, source, plan));
  const refresh = refreshOf(dependencies, source, run, plan, entry, stream);
  const result = await loadStream(dependencies, {
    run,
    attempt: lock.attempt,
    unit,
    plan,
    stream,
    schema: await schemaOf(dependencies, stream, refresh.hash, context.signal),
    from: refresh.from,
    context,
    deadline,
    alive,
  });
  const { loaded, position, finished } = result;
  const moved = !isDeepStrictEqual(position, refresh.from);
  if (!finished && !moved)
    throw noProgress(`"${plan.request.name}" delivered no checkpoint in time`);
  const stage =
    plan.replace && (!finished || stream.stage?.hash === refresh.hash)
      ? { hash: refresh.hash, ...(finished ? {} : { position }) }
      : undefined;
  // A loader whose every file was unreadable has nothing to commit either.
  const brought = loaded !== null && (loaded.counts.read > 0 || loaded.files.length > 0);
  const replaces = plan.replace && finished && result.failures.length === 0;
  const nothing = !brought && !replaces && stage === undefined;
  const commit = nothing
    ? null
    : {
        stream: plan.request.name,
        schema: [...(loaded?.schema ?? stream.schema)],
        adds: [
          ...(loaded?.adds ?? []),
          ...(loaded?.rewrites ?? []).flatMap(({ file }) => file ?? []),
        ],
        rejects: [...(loaded?.rejects ?? [])],
        removes:
          plan.replace && finished
            ? { kind: 'everything' as const }
            : loaded !== null && loaded.rewrites.length > 0
              ? { kind: 'files' as const, paths: loaded.rewrites.map(({ path }) => path) }
              : { kind: 'nothing' as const },
        ...(stage === undefined ? {} : { stage }),
        ...(plan.keepsCursor && (finished || !plan.replace) ? { cursor: position } : {}),
        counts: { ...(loaded?.counts ?? noCounts) },
      };
  return {
    commit,
    files: loaded?.files ?? [],
    failures: result.failures.map((failure) => ({ ...failure, stream: plan.request.name })),
    next: finished
      ? null
      : {
          stream: plan.request.name,
          position,
          tries: 0,
          ...(plan.replace ? { stageHash: refresh.hash } : {}),
        },
    hadData: (stream.pointer?.rows ?? 0) > 0,
  };
}

/** Where a stream's read starts, and which parts of an unfinished refresh belong to it. */
function refreshOf(
  { now }: IngestDependencies,
  source: SourceItem,
  run: RunItem,
  plan: StreamPlan,
  entry: QueuedStream,
  stream: StreamItem,
): { readonly from: StreamItem['cursor']; readonly hash: string } {
  const hash = refreshHash(source, plan);
  if (entry.position !== null)
    return { from: entry.position, hash: entry.stageHash ?? `${hash}:${run.runId}` };
  if (!plan.fromStart) return { from: stream.cursor, hash };
  const { stage } = stream;
  const resumable =
    plan.replace &&
    stage !== null &&
    stage.hash.startsWith(`${hash}:`) &&
    now().getTime() - Date.parse(stage.startedAt) < stageMilliseconds;
  return resumable
    ? { from: stage.position, hash: stage.hash }
    : { from: null, hash: `${hash}:${run.runId}` };
}

/** The table's schema, with what the parts of this refresh added to it. */
async function schemaOf(
  { store }: IngestDependencies,
  stream: StreamItem,
  hash: string,
  signal: AbortSignal,
): Promise<StreamItem['schema']> {
  const part = stream.stage?.hash === hash ? stream.stage.parts.at(-1) : undefined;
  if (part === undefined) return stream.schema;
  const bytes = await store.get(part.key, signal);
  const work = stagedWork.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return work.commits[part.index]?.schema ?? stream.schema;
}

const newStream = (
  { store, now }: IngestDependencies,
  source: SourceItem,
  plan: StreamPlan,
): StreamItem => ({
  v: 1,
  tenant: source.tenant,
  sourceId: source.sourceId,
  stream: plan.request.name,
  table: plan.table,
  location: `s3://${store.bucket}/lake/data/${source.tenant}/${source.sourceId}/${plan.table}`,
  metadataPrefix: `lake/metadata/${source.tenant}/${source.sourceId}/${plan.table}/`,
  lastFieldId: 0,
  schema: [],
  pointer: null,
  rejects: null,
  cursor: null,
  stage: null,
  committedBy: null,
  updatedAt: now().toISOString(),
});

function assertMoved(before: RunCheckpoint, after: RunCheckpoint): void {
  if (isDeepStrictEqual(before.queue, after.queue)) throw noProgress('its checkpoint did not move');
}

const noProgress = (why: string): HeadgateError =>
  new HeadgateError('no_progress', `The run was ended because ${why}.`);

const streamIsGone = (stream: string): RunError & { readonly stream: string } => ({
  code: 'source_not_found',
  message: `The source no longer has the stream "${stream}".`,
  stream,
});

/** Only our own messages reach history: a driver's may quote values or credentials. */
const asRunError = (error: unknown, stream: string): RunError & { readonly stream: string } =>
  error instanceof HeadgateError
    ? { code: error.code, message: error.message, stream }
    : {
        code: 'internal_error',
        message: 'Headgate failed while it read this stream. The run’s log has the details.',
        stream,
      };
