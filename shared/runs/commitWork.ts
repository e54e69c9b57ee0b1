import { HeadgateError } from '../errors.ts';
import { settleFiles } from '../files/settleFiles.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type {
  ObjectStore,
  PrepareCommitFunction,
  PrepareRevertFunction,
} from '../lake/tableChange.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import type { Log } from '../log.ts';
import { recordSchema } from '../schema/recordSchema.ts';
import { flagBreakingDrift } from '../sources/attention.ts';
import { getSource } from '../sources/getSource.ts';
import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { attemptOf } from './attemptOf.ts';
import { changesRows, endOf, transitionsOf } from './endOfWork.ts';
import { afterRelease, type RunDependencies } from './endRun.ts';
import { keepLock } from './holdLock.ts';
import {
  type CommitInput,
  type StagedCommit,
  type StagedWork,
  stagedWork,
} from './ingestProtocol.ts';
import { commitLeaseMilliseconds, fenceLost, getLock } from './lock.ts';
import { pauseAfterFailures } from './pauseAfterFailures.ts';
import { prepareStreamCommit } from './prepareStreamCommit.ts';
import { assertRejectLimits, rejectLimitsOf } from './rejectLimits.ts';
import { releaseLock } from './releaseLock.ts';
import { noCounts, type RunItem } from './runItem.ts';
import { addCounts, commitRun, getRun } from './runs.ts';
import { summarise } from './sourceSummary.ts';
import { commitStream, getStream } from './streams.ts';

export interface CommitDependencies extends RunDependencies {
  /** The lake bucket. */
  readonly store: ObjectStore;
  readonly prepareCommit: PrepareCommitFunction;
  readonly prepareRevert: PrepareRevertFunction;
  readonly listLiveFiles: (
    store: ObjectStore,
    pointer: TablePointer,
    signal: AbortSignal,
  ) => AsyncIterable<LiveFile>;
  /** Unique for this invocation: two tries of one commit must not write the same keys. */
  readonly invocationId: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const maxTries = 6;
/** Where the SOURCE item stands in a commit's transaction: refused only when the source is gone. */
const sourcePosition = 3;

/**
 * Makes an Ingest answer real. Each staged commit is one Iceberg snapshot and one DynamoDB transaction that moves
 * the stream's pointer, cursor and counts, checks the fence, and stores the commit's number; the last of a DONE
 * also ends the run, and frees the lock or hands it on. A commit that finds its own number stored has happened.
 *
 * Throws `fence_lost` when the run was cancelled or taken over, `not_reconciled` when rows read and rows accounted
 * for differ. Answers the number of the next commit.
 */
export async function commitWork(
  dependencies: CommitDependencies,
  input: CommitInput,
): Promise<{ readonly seq: number }> {
  const { table, store, signal } = dependencies;
  const { answer } = input;
  const nextSeq = input.seq + answer.commits;
  const run = await getRun(table, input.tenant, input.runId);
  if (run === null) throw fenceLost(input);
  if (run.status !== 'queued' && run.status !== 'running') {
    const happened = answer.kind === 'DONE' && run.status !== 'cancelled';
    if (happened && hasCommitted(run, input, nextSeq - 1)) return { seq: nextSeq };
    throw fenceLost(input);
  }
  const work =
    answer.stagedKey === null
      ? nothingStaged
      : stagedWork.parse(
          JSON.parse(new TextDecoder().decode(await store.get(answer.stagedKey, signal))),
        );
  if (work.commits.length !== answer.commits)
    throw new HeadgateError(
      'internal_error',
      `${answer.stagedKey} holds ${work.commits.length} commits, the answer says ${answer.commits}.`,
    );
  for (const [index, commit] of work.commits.entries())
    await commitOne(dependencies, input, work, commit, index);
  if (work.commits.length === 0) await commitNothing(dependencies, input, work);
  if (work.files.length > 0)
    await settleFiles(table, input, work.files).catch((error: unknown) =>
      // The files' state follows from the run anyway; the next run settles them.
      dependencies.log.warn('files of a committed run were not settled', { error }),
    );
  return { seq: nextSeq };
}

const nothingStaged: StagedWork = {
  v: 1,
  commits: [],
  files: [],
  failures: [],
  empty: 'nothing_new',
  gigabyteSeconds: 0,
};

async function commitOne(
  dependencies: CommitDependencies,
  input: CommitInput,
  work: StagedWork,
  commit: StagedCommit,
  index: number,
): Promise<void> {
  const { table, now, log } = dependencies;
  const seq = input.seq + index;
  const last = input.answer.kind === 'DONE' && index === work.commits.length - 1;
  for (let tries = 1; tries <= maxTries; tries++) {
    const run = await getRun(table, input.tenant, input.runId);
    if (run !== null && hasCommitted(run, input, seq)) return;
    const stream = await getStream(table, input.tenant, input.sourceId, commit.stream);
    if (run === null || stream === null) throw fenceLost(input);
    await assertFewRejects(table, run, commit);
    const prepared = await prepareStreamCommit(dependencies, input, stream, commit, seq);
    // What is kept aside is counted by the commit that shows it.
    const own = commit.stage?.position === undefined ? commit.counts : noCounts;
    const counts = addCounts(run.counts, own);
    const end = last ? endOf(run, work, changesRows(counts, work), now()) : null;
    const lock = await getLock(table, input.tenant, input.sourceId);
    if (lock === null) throw fenceLost(input);
    const { attempt } = input.answer;
    const release = last
      ? releaseLock(table, lock, input, now(), {
          attempt,
          ...(work.drainedSeq === undefined ? {} : { drainedSeq: work.drainedSeq }),
        })
      : null;
    const recorded = await recordSchema(table, {
      runId: input.runId,
      seq,
      stream,
      schema: prepared.schema,
      drift: commit.drift,
      now: now(),
    });
    if (recorded.breaking !== null)
      await flagBreakingDrift(table, input, commit.stream, recorded.breaking, now());
    const result = await transact(table, [
      release?.item ?? keepLock(table, input, attempt, leaseAfter(input, now())),
      commitRun(
        table,
        run,
        {
          seq,
          counts: own,
          stream: commit.stream,
          failures: last || index === 0 ? work.failures : [],
          gigabyteSeconds: index === 0 ? work.gigabyteSeconds : 0,
          attempt,
          files: index === 0 ? work.fileCounts : undefined,
        },
        end,
        index === 0 ? transitionsOf(input, work) : 0,
      ),
      commitStream(table, stream, {
        ...prepared,
        committedBy: { runId: input.runId, seq },
        now: now(),
      }),
      summarise(table, run, prepared.rowsDelta, end, counts),
      ...recorded.items,
    ]);
    if (result.done) {
      log.info('committed', {
        runId: input.runId,
        stream: commit.stream,
        seq,
        counts: commit.counts,
        snapshotId: prepared.pointer?.snapshotId,
      });
      if (release !== null) await afterRelease(dependencies, release);
      return;
    }
    await assertStillHeld(dependencies, input, result.refused);
  }
  throw new HeadgateError(
    'service_unavailable',
    `Commit ${seq} of run ${input.runId} kept losing races.`,
  );
}

/**
 * Whether commit `seq` has happened. Throws `fence_lost` when it was that of an earlier attempt, whose answer came late:
 * it holds other rows, and this attempt went on from where that one began.
 */
function hasCommitted(run: RunItem, input: CommitInput, seq: number): boolean {
  if (run.committedSeq < seq) return false;
  const attempt = attemptOf(run, seq);
  if (attempt !== null && attempt !== input.answer.attempt) throw fenceLost(input);
  return true;
}

/** A replay's rejects were rejected before; of anything else the source's settings may allow only so many. */
async function assertFewRejects(table: Table, run: RunItem, commit: StagedCommit): Promise<void> {
  const before = run.streams[commit.stream]?.counts ?? noCounts;
  if (commit.counts.rejected === 0 || commit.replayed !== undefined) return;
  const source = await getSource(table, run.tenant, run.sourceId);
  if (source === null) return;
  assertRejectLimits(
    commit.stream,
    rejectLimitsOf(source, commit.stream),
    addCounts(before, commit.counts),
  );
}

/** A DONE without commits still ends the run; anything else only keeps the lock. */
async function commitNothing(
  dependencies: CommitDependencies,
  input: CommitInput,
  work: StagedWork,
): Promise<void> {
  const { table, now } = dependencies;
  const { attempt } = input.answer;
  for (let tries = 1; tries <= maxTries; tries++) {
    const [run, lock] = await Promise.all([
      getRun(table, input.tenant, input.runId),
      getLock(table, input.tenant, input.sourceId),
    ]);
    if (run === null || lock === null) throw fenceLost(input);
    const end =
      input.answer.kind === 'DONE' ? endOf(run, work, changesRows(run.counts, work), now()) : null;
    const release =
      end === null
        ? null
        : releaseLock(table, lock, input, now(), {
            attempt,
            ...(work.drainedSeq === undefined ? {} : { drainedSeq: work.drainedSeq }),
          });
    const result = await transact(table, [
      release?.item ?? keepLock(table, input, attempt, leaseAfter(input, now())),
      commitRun(
        table,
        run,
        end === null
          ? null
          : {
              seq: null,
              counts: noCounts,
              stream: null,
              failures: work.failures,
              gigabyteSeconds: work.gigabyteSeconds,
              attempt,
            },
        end,
        transitionsOf(input, work),
      ),
      ...(end === null ? [] : [summarise(table, run, 0, end, run.counts)]),
    ]);
    if (result.done) {
      if (release !== null) await afterRelease(dependencies, release);
      if (end?.status === 'failed') await pauseAfterFailures(table, input, now());
      return;
    }
    await assertStillHeld(dependencies, input, result.refused);
  }
  throw new HeadgateError(
    'service_unavailable',
    `The end of run ${input.runId} kept losing races.`,
  );
}

/** Returns when the refusal was a race that a second look mends; throws when the fence is gone. */
async function assertStillHeld(
  { table }: CommitDependencies,
  input: CommitInput,
  refused: readonly number[],
): Promise<void> {
  const lock = await getLock(table, input.tenant, input.sourceId);
  const held =
    lock?.owner?.runId === input.runId &&
    lock.token === input.token &&
    lock.attempt === input.answer.attempt;
  if (!held || refused.includes(sourcePosition)) {
    const run = await getRun(table, input.tenant, input.runId);
    const ended = run !== null && run.status !== 'queued' && run.status !== 'running';
    // Our own transaction, whose answer was lost, ended the run: the next look at its number says so.
    if (ended && run.status !== 'cancelled' && run.status !== 'failed') return;
    throw fenceLost(input);
  }
}

/** A parked run is silent until its end; Ingest's first write renews the lease. */
const leaseAfter = ({ answer }: CommitInput, now: Date): Date =>
  new Date(
    answer.kind === 'PARK'
      ? Date.parse(answer.until) + 5 * 60_000
      : now.getTime() + commitLeaseMilliseconds,
  );
