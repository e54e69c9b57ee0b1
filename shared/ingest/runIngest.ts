import { isDeepStrictEqual } from 'node:util';
import { ParkUntil, type StreamDescription } from '../connectors/connector.ts';
import { errorTable, HeadgateError } from '../errors.ts';
import { addCost, noCost } from '../fanout/readResults.ts';
import { claimLoaded } from '../files/claimLoaded.ts';
import { type FileRef, refKey } from '../files/fileItem.ts';
import { startAttempt } from '../runs/holdLock.ts';
import type { IngestAnswer, IngestInput, StagedCommit } from '../runs/ingestProtocol.ts';
import { commitLeaseMilliseconds } from '../runs/lock.ts';
import type { FileCounts, RunError } from '../runs/runItem.ts';
import { markRunning } from '../runs/runs.ts';
import { listStreams } from '../runs/streams.ts';
import { getSource } from '../sources/getSource.ts';
import { answerWith, type InvocationResult } from './answerWith.ts';
import type { Deadline, IngestDependencies } from './ingestDependencies.ts';
import type { Invocation } from './invocation.ts';
import { keepAlive } from './keepAlive.ts';
import { landedFiles } from './landedFiles.ts';
import { noProgress } from './noProgress.ts';
import { openContext } from './openContext.ts';
import { planStreams, type StreamPlan } from './planStreams.ts';
import { readStream, type Step } from './readStream.ts';
import { asReplay, withRejects } from './replayRejects.ts';
import { type QueuedStream, type RunCheckpoint, runCheckpoint } from './runCheckpoint.ts';
import { stageMaintenance } from './stageMaintenance.ts';

const maxTries = 3;
const maxParks = 3;

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
  const landed = { taken: new Map(), duplicates: new Map() } as const;
  const result = readingKinds.has(run.request.kind)
    ? await ingest(dependencies, input, { lock, run, source, alive, deadline, ...landed })
    : await stageMaintenance(dependencies, input, run, lock.attempt);
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

/** Kinds of runs that read rows; the others only change tables and cursors. */
const readingKinds: ReadonlySet<string> = new Set(['ingest', 'detect_deletes', 'replay']);

async function plansOf(
  { connector, table }: IngestDependencies,
  { run, source }: Invocation,
  descriptions: readonly StreamDescription[],
): Promise<readonly StreamPlan[]> {
  const { request } = run;
  const plans = planStreams(source, descriptions, request, connector.landing);
  if (request.kind !== 'replay') return plans;
  const streams = await listStreams(table, run.tenant, run.sourceId);
  const rejecting = new Set(withRejects(streams, request).map(({ stream }) => stream));
  return plans.filter((plan) => rejecting.has(plan.request.name)).map(asReplay);
}

async function ingest(
  dependencies: IngestDependencies,
  input: IngestInput,
  invocation: Invocation,
): Promise<InvocationResult> {
  const { connector, table, log } = dependencies;
  const { lock, run, source, alive, deadline, taken, duplicates } = invocation;
  const context = await openContext(dependencies, source, alive.signal, (signal) =>
    connector.landing
      ? landedFiles({
          table,
          run,
          all: run.request.mode === 'full_refresh',
          open: (key, versionId, from) => dependencies.openLanded(key, versionId, from, signal),
          taken: (file) => taken.set(refKey(file), file),
          duplicate: (file, { of, contentHash }) => {
            const { name, versionId } = file;
            const nothing = { rows: 0, rejected: 0, detected: file.detected ?? '' };
            taken.set(refKey(file), file);
            duplicates.set(refKey(file), {
              name,
              versionId,
              ...nothing,
              contentHash,
              duplicateOf: of,
            });
          },
        })
      : undefined,
  );
  const plans = new Map(
    (await plansOf(dependencies, invocation, await connector.discover(context))).map((plan) => [
      plan.description.name,
      plan,
    ]),
  );
  const { fault, ...start }: RunCheckpoint =
    input.checkpoint === null
      ? {
          v: 1,
          queue: [...plans.keys()].map((stream) => ({ stream, position: null, tries: 0 })),
          failures: [],
          hadData: false,
          parks: 0,
          // Only a run that takes all waiting files may say that none waits any more.
          ...(connector.landing && run.request.kind === 'ingest'
            ? { drainedSeq: lock.fileSeq }
            : {}),
        }
      : runCheckpoint.parse(input.checkpoint);
  let state: RunCheckpoint = start;
  const before = state;
  const commits: StagedCommit[] = [];
  const files: FileRef[] = [];
  let fileCounts: FileCounts = { loaded: 0, duplicates: 0 };
  let cost = noCost;
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
      const step = await readStream(
        dependencies,
        { ...invocation, fault },
        context,
        plan,
        entry,
        commits.length,
      );
      advance({ hadData: state.hadData || step.hadData });
      cost = addCost(cost, step.cost);
      advance({ failures: [...state.failures, ...step.failures] });
      if (step.commit !== null) {
        const seq = input.seq + commits.length;
        files.push(...(await claimFilesOf(dependencies, invocation, seq, step, state.failures)));
        fileCounts = addFileCounts(fileCounts, step.files);
        commits.push(step.commit);
      }
      if (step.next === null) {
        advance({ queue: rest });
        continue;
      }
      advance({ queue: [step.next, ...rest] });
      if (step.park !== undefined) {
        advance({ parks: 0 });
        const { until, message: reason } = step.park;
        return { kind: 'PARK', state, commits, files, fileCounts, cost, until, reason };
      }
      assertMoved(before, state);
      const moved = { state: { ...state, parks: 0 }, commits, files, fileCounts, cost };
      return step.fanOut === undefined
        ? { kind: 'CONTINUE', ...moved }
        : { kind: 'FANOUT', fanOut: step.fanOut, ...moved };
    } catch (error) {
      if (error instanceof ParkUntil) {
        // Rows read since the last checkpoint are read again; the streams before this one are committed.
        const moved = commits.length > 0;
        if (!moved && state.parks >= maxParks)
          throw noProgress(`it was parked ${state.parks} times`);
        advance({ parks: moved ? 0 : state.parks + 1 });
        const { until, message: reason } = error;
        return { kind: 'PARK', state, commits, files, fileCounts, cost, until, reason };
      }
      context.signal.throwIfAborted();
      if (plans.size === 1 && commits.length === 0) throw error;
      const failure = asRunError(error, entry.stream);
      const again = errorTable[failure.code].retryable && entry.tries + 1 < maxTries;
      log.warn('a stream failed', { stream: entry.stream, code: failure.code, error, again });
      // What its units did is not gone on with.
      const { fanOut: _, ...plain } = entry;
      advance(
        again
          ? { queue: [...rest, { ...plain, tries: entry.tries + 1 }] }
          : { queue: rest, failures: [...state.failures, failure] },
      );
      if (again && rest.length === 0)
        await dependencies.sleep(2000 * (entry.tries + 1), context.signal);
    }
    if (deadline.remainingMilliseconds() < 60_000 && state.queue.length > 0) {
      assertMoved(before, state);
      return { kind: 'CONTINUE', state: { ...state, parks: 0 }, commits, files, fileCounts, cost };
    }
  }
  return { kind: 'DONE', state, commits, files, fileCounts, cost };
}

/** Files that a commit changes, claimed for it. */
async function claimFilesOf(
  { connector, table, now, log }: IngestDependencies,
  { lock, run }: Invocation,
  seq: number,
  { files, replaces, isEverything }: Step,
  failures: readonly RunError[],
): Promise<readonly FileRef[]> {
  if (!connector.landing || (files.length === 0 && !isEverything)) return [];
  const { tenant, sourceId, runId } = run;
  const { token, attempt } = lock;
  for (const { name, rows, rejected, detected, duplicateOf } of files)
    if (duplicateOf === undefined) log.info('file read', { file: name, rows, rejected, detected });
    else log.info('file is loaded already', { file: name, duplicateOf: duplicateOf.name });
  return claimLoaded(
    table,
    { tenant, sourceId, runId, token, attempt, seq, at: now() },
    { files, replaces, ...(isEverything ? { everything: { failures } } : {}) },
  );
}

const addFileCounts = (counts: FileCounts, files: Step['files']): FileCounts => {
  const duplicates = files.filter(({ duplicateOf }) => duplicateOf !== undefined).length;
  return {
    loaded: counts.loaded + files.length - duplicates,
    duplicates: counts.duplicates + duplicates,
  };
};

function assertMoved(before: RunCheckpoint, after: RunCheckpoint): void {
  if (isDeepStrictEqual(before.queue, after.queue)) throw noProgress('its checkpoint did not move');
}

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
