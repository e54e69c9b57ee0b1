import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { sourceIdOfRun } from '../ids.ts';
import type { Counts } from '../staging/streamLoader.ts';
import { sourceKey, type Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import { withAttempt } from './attemptOf.ts';
import { type Fence, fenceLost, getLock } from './lock.ts';
import type { LockSeat } from './lockItem.ts';
import {
  type FileCounts,
  noCounts,
  type RunError,
  type RunItem,
  type RunResult,
  type RunStatus,
  runItem,
  runItemKey,
  runItemPrefix,
} from './runItem.ts';

const newRun = (tenant: string, sourceId: string, seat: LockSeat): RunItem => ({
  v: 1,
  tenant,
  sourceId,
  runId: seat.runId,
  connector: seat.connector,
  request: seat.request,
  trigger: seat.trigger,
  requestedBy: seat.requestedBy,
  status: 'queued',
  token: 0,
  committedSeq: 0,
  counts: noCounts,
  streams: {},
  createdAt: seat.requestedAt,
  gigabyteSeconds: 0,
  stateTransitions: 0,
});

/** Writes the history item of a run that sits on the lock or waits behind it; one that is there stays. */
export async function recordRun(
  table: Table,
  tenant: string,
  sourceId: string,
  seat: LockSeat,
): Promise<void> {
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...runItemKey(tenant, seat.runId), ...newRun(tenant, sourceId, seat) },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

const parseRun = ({ pk, sk, ...item }: Record<string, unknown>): RunItem => runItem.parse(item);

/**
 * One run, or null. A run whose lock is taken but whose history item is still to come (a crash between the two
 * writes) is answered as queued.
 */
export async function getRun(table: Table, tenant: string, runId: string): Promise<RunItem | null> {
  const sourceId = sourceIdOfRun(runId);
  if (sourceId === null) return null;
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: runItemKey(tenant, runId),
      ConsistentRead: true,
    }),
  );
  if (Item !== undefined) return parseRun(Item);
  const lock = await getLock(table, tenant, sourceId);
  const seat = [lock?.owner, lock?.pending].find((candidate) => candidate?.runId === runId);
  return seat === undefined ? null : newRun(tenant, sourceId, seat);
}

/** Runs of a source, newest first; `before` is the last run id of the page before. */
export async function listRuns(
  table: Table,
  tenant: string,
  sourceId: string,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<readonly RunItem[]> {
  const { Items } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': sourceKey(tenant, sourceId), ':prefix': runItemPrefix },
      ScanIndexForward: false,
      Limit: limit,
      ...(before === undefined ? {} : { ExclusiveStartKey: runItemKey(tenant, before) }),
    }),
  );
  return (Items ?? []).map(parseRun);
}

/** `queued → running`, once. Throws `fence_lost` when the run is already over. */
export async function markRunning(table: Table, fence: Fence, now: Date): Promise<RunItem> {
  try {
    const { Attributes } = await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: runItemKey(fence.tenant, fence.runId),
        UpdateExpression:
          'SET #status = :running, #token = :token, startedAt = if_not_exists(startedAt, :now)',
        ConditionExpression: '#status IN (:queued, :running)',
        ExpressionAttributeNames: { '#status': 'status', '#token': 'token' },
        ExpressionAttributeValues: {
          ':running': 'running',
          ':queued': 'queued',
          ':token': fence.token,
          ':now': now.toISOString(),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return parseRun(Attributes ?? {});
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw fenceLost(fence, error);
  }
}

export interface RunEnd {
  readonly status: Exclude<RunStatus, 'queued' | 'running'>;
  readonly result?: RunResult;
  readonly error?: RunError;
  readonly finishedAt: Date;
}

/** What one commit adds to its run. */
export interface RunCommit {
  /** null: nothing was committed, the number stays. */
  readonly seq: number | null;
  readonly counts: Counts;
  readonly stream: string | null;
  readonly failures: readonly (RunError & { readonly stream: string })[];
  readonly gigabyteSeconds: number;
  /** Of the Ingest invocation whose work it is. */
  readonly attempt: number;
  readonly files?: FileCounts | undefined;
}

/**
 * Part of a transaction: counts, the commit's number, and the end of the run where it is the last. Refused when
 * the commit before this one is missing, this one happened already, or the run is over.
 */
export function commitRun(
  table: Table,
  run: RunItem,
  commit: RunCommit | null,
  end: RunEnd | null,
  stateTransitions: number,
): TransactItem {
  const sets = ['stateTransitions = stateTransitions + :transitions'];
  const names: Record<string, string> = { '#status': 'status' };
  const values: Record<string, unknown> = {
    ':running': 'running',
    ':queued': 'queued',
    ':transitions': stateTransitions,
  };
  const conditions = ['#status IN (:queued, :running)'];
  if (commit !== null) {
    if (commit.seq !== null) {
      conditions.push('committedSeq = :before');
      sets.push('committedSeq = :seq', 'attempts = :attempts');
      Object.assign(values, {
        ':before': commit.seq - 1,
        ':seq': commit.seq,
        ':attempts': withAttempt(run, commit.seq, commit.attempt),
      });
    }
    if (commit.files !== undefined) {
      names['#files'] = 'files';
      values[':files'] = {
        loaded: (run.files?.loaded ?? 0) + commit.files.loaded,
        duplicates: (run.files?.duplicates ?? 0) + commit.files.duplicates,
      };
      sets.push('#files = :files');
    }
    sets.push('gigabyteSeconds = gigabyteSeconds + :gigabyteSeconds');
    values[':gigabyteSeconds'] = commit.gigabyteSeconds;
    names['#counts'] = 'counts';
    for (const [name, value] of Object.entries(commit.counts)) {
      names[`#${name}`] = name;
      values[`:${name}`] = value;
      sets.push(`#counts.#${name} = #counts.#${name} + :${name}`);
    }
    const streams = { ...run.streams };
    if (commit.stream !== null) {
      const before = streams[commit.stream];
      streams[commit.stream] = {
        status: 'succeeded',
        counts: addCounts(before?.counts ?? noCounts, commit.counts),
      };
    }
    for (const { stream, ...error } of commit.failures)
      streams[stream] = {
        status: 'failed',
        counts: streams[stream]?.counts ?? noCounts,
        error: { ...error, stream },
      };
    sets.push('streams = :streams');
    values[':streams'] = streams;
  }
  if (end !== null) {
    sets.push('#status = :status', 'finishedAt = :finished');
    values[':status'] = end.status;
    values[':finished'] = end.finishedAt.toISOString();
    for (const [name, value] of [
      ['result', end.result],
      ['error', end.error],
    ] as const) {
      if (value === undefined) continue;
      names[`#${name}`] = name;
      values[`:${name}`] = value;
      sets.push(`#${name} = :${name}`);
    }
  }
  return {
    Update: {
      TableName: table.name,
      Key: runItemKey(run.tenant, run.runId),
      UpdateExpression: `SET ${sets.join(', ')}`,
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    },
  };
}

export const addCounts = (a: Counts, b: Counts): Counts => ({
  read: a.read + b.read,
  written: a.written + b.written,
  rejected: a.rejected + b.rejected,
  deduplicated: a.deduplicated + b.deduplicated,
  bytes: a.bytes + b.bytes,
});
