import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../shared/errors.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { createLog } from '../../../shared/log.ts';
import { cancelRun } from '../../../shared/runs/cancelRun.ts';
import { type CommitDependencies, commitWork } from '../../../shared/runs/commitWork.ts';
import { startAttempt } from '../../../shared/runs/holdLock.ts';
import {
  type CommitInput,
  type StagedCommit,
  type StagedWork,
  stagedKey,
} from '../../../shared/runs/ingestProtocol.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import type { RunRequest } from '../../../shared/runs/runRequest.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import { ensureStream, getStream } from '../../../shared/runs/streams.ts';
import { getSource } from '../../../shared/sources/getSource.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

const dataFile = (name: string, rows: number): DataFile => ({
  path: `s3://lake/${name}`,
  content: 'data',
  rows,
  bytes: 1,
  columnBytes: {},
  valueCounts: {},
  nullCounts: {},
  nanCounts: {},
  lowerBounds: {},
  upperBounds: {},
});

/** A delete file that takes `rows` rows out of a data file. */
const deleted = (name: string, rows: number): DataFile => ({
  ...dataFile(`${name}-deletes`, rows),
  content: 'position_deletes',
  deletesFrom: `s3://lake/${name}`,
});
const removeOld = { kind: 'files' as const, paths: ['s3://lake/old'] };
const threeRead = { read: 3, written: 3, rejected: 0, deduplicated: 0, bytes: 30 };

const staged = (change: Partial<StagedCommit> = {}): StagedCommit => ({
  stream: 'orders',
  schema: [{ id: 1, name: 'id', type: 'long' }],
  adds: [dataFile('a.parquet', 3)],
  rejects: [],
  removes: { kind: 'nothing' },
  replaces: [],
  cursor: { v: 1, last: 3 },
  counts: { read: 3, written: 3, rejected: 0, deduplicated: 0, bytes: 30 },
  ...change,
});

/** A run that holds the lock, has read something, and is about to commit. */
async function setUp() {
  const { sourceId, connector } = await home.addSource('t1');
  const objects = new Map<string, Uint8Array>();
  const snapshots: string[] = [];
  const executions = recordedExecutions();
  const dependencies: CommitDependencies = {
    table: home.table,
    executions,
    now: () => new Date(),
    store: {
      bucket: 'lake',
      get: async (key) => objects.get(key) ?? new Uint8Array(),
      getRange: async () => new Uint8Array(),
      putNew: async (key, body) => void objects.set(key, body),
      delete: async () => {},
    },
    prepareCommit: async ({ current, change, commitId }) => {
      snapshots.push(
        `${change.removes.kind} +${change.adds.map(({ path }) => path.slice(10)).join()}`,
      );
      const version = (current?.version ?? 0) + 1;
      const kept = change.removes.kind === 'everything' ? 0 : (current?.rows ?? 0);
      const rows = kept + change.adds.reduce((sum, file) => sum + file.rows, 0);
      return {
        pointer: {
          metadataKey: commitId,
          snapshotId: `${version}`,
          version,
          rows,
          bytes: 1,
          dataFiles: 1,
        },
        removedRows: 0,
      };
    },
    prepareRevert: async ({ current, to, commitId }) => {
      snapshots.push(`back to ${to.snapshotId}`);
      return {
        pointer: { ...to, metadataKey: commitId, version: current.version + 1 },
        schema: [{ id: 1, name: 'id', type: 'int' }],
      };
    },
    listLiveFiles: async function* () {},
    invocationId: 'x',
    log: createLog(() => {}),
    signal: new AbortController().signal,
  };
  /** Starts a run and its first attempt. */
  const begin = async (request: RunRequest) => {
    await requestRun(dependencies, {
      tenant: 't1',
      sourceId,
      connector,
      request,
      trigger: 'api',
      requestedBy: 'x',
      whenBusy: 'queue',
    });
    const started = executions.started.at(-1);
    if (started === undefined) throw new Error('not started');
    return { input: started, ...(await startAttempt(home.table, started, new Date())) };
  };
  let running = await begin({ kind: 'ingest' });
  const { input } = running;
  const { runId } = input;
  for (const stream of ['orders', 'customers'])
    await ensureStream(home.table, {
      v: 1,
      tenant: 't1',
      sourceId,
      stream,
      table: `shop.${stream}`,
      location: 's3://lake/x',
      metadataPrefix: 'm/',
      lastFieldId: 1,
      schema: [],
      pointer: null,
      rejects: null,
      cursor: null,
      stage: null,
      committedBy: null,
      updatedAt: new Date().toISOString(),
    });
  /** Stages work as Ingest would and answers Commit's input. */
  const stage = (
    commits: readonly StagedCommit[],
    more: Partial<StagedWork> & { readonly kind?: 'DONE' | 'CONTINUE'; readonly seq?: number } = {},
  ): CommitInput => {
    const { kind = 'DONE', seq = 1, ...rest } = more;
    const work: StagedWork = {
      v: 1,
      commits: [...commits],
      files: [],
      failures: [],
      empty: 'no_data',
      gigabyteSeconds: 1,
      ...rest,
    };
    const { attempt } = running;
    const key = `${stagedKey('t1', running.input.runId, attempt)}-${seq}`;
    objects.set(key, new TextEncoder().encode(JSON.stringify(work)));
    const answer = { attempt, stagedKey: key, commits: commits.length };
    return {
      ...running.input,
      seq,
      answer: kind === 'DONE' ? { kind, ...answer } : { kind, ...answer, checkpoint: { at: seq } },
    };
  };
  const read = async () => ({
    run: await getRun(home.table, 't1', running.input.runId),
    lock: await getLock(home.table, 't1', sourceId),
    orders: await getStream(home.table, 't1', sourceId, 'orders'),
    source: await getSource(home.table, 't1', sourceId),
  });
  const next = async (request: RunRequest): Promise<void> => {
    running = await begin(request);
  };
  return { dependencies, stage, read, snapshots, runId, sourceId, executions, input, next };
}

describe('commitWork', () => {
  it('moves pointer, cursor and counts, ends the run and frees the lock in one go', async () => {
    const { dependencies, stage, read } = await setUp();
    expect(await commitWork(dependencies, stage([staged()]))).toEqual({ seq: 2 });
    const { run, lock, orders, source } = await read();
    expect(run).toMatchObject({
      status: 'succeeded',
      result: 'loaded',
      committedSeq: 1,
      counts: { read: 3, written: 3 },
      streams: { orders: { status: 'succeeded' } },
    });
    expect(lock?.owner).toBeUndefined();
    expect(orders).toMatchObject({ pointer: { version: 1, rows: 3 }, cursor: { v: 1, last: 3 } });
    expect(source).toMatchObject({
      recordCount: 3,
      syncCount: 1,
      lastRun: { status: 'succeeded' },
    });
  });

  it('happens once, however often it is called', async () => {
    const { dependencies, stage, read, snapshots } = await setUp();
    const input = stage([staged()]);
    for (let times = 0; times < 3; times++)
      expect(await commitWork(dependencies, input)).toEqual({ seq: 2 });
    expect(snapshots).toHaveLength(1);
    expect((await read()).source).toMatchObject({ recordCount: 3, syncCount: 1 });
  });

  it.each([
    [
      'rows are missing',
      { counts: { read: 4, written: 3, rejected: 0, deduplicated: 0, bytes: 1 } },
    ],
    ['files hold fewer rows than it says', { adds: [dataFile('a', 2)] }],
    [
      'rejects were counted but not kept',
      { counts: { read: 4, written: 3, rejected: 1, deduplicated: 0, bytes: 1 } },
    ],
  ])('refuses to succeed when %s', async (_, change) => {
    const { dependencies, stage, read, snapshots } = await setUp();
    await expect(commitWork(dependencies, stage([staged(change)]))).rejects.toMatchObject({
      code: 'not_reconciled',
    });
    expect(snapshots).toEqual([]);
    expect((await read()).run).toMatchObject({ status: 'queued', committedSeq: 0 });
  });

  it('is refused after the run was cancelled', async () => {
    const { dependencies, stage, read, runId } = await setUp();
    await cancelRun(dependencies, { tenant: 't1', runId, by: 'Ada' });
    await expect(commitWork(dependencies, stage([staged()]))).rejects.toMatchObject({
      code: 'fence_lost',
    });
    expect((await read()).orders?.pointer).toBeNull();
  });

  it('is refused for an attempt that a later one took the place of', async () => {
    const { dependencies, stage, read, input } = await setUp();
    const commit = stage([staged()]);
    await startAttempt(home.table, input, new Date());
    await expect(commitWork(dependencies, commit)).rejects.toBeInstanceOf(HeadgateError);
    expect((await read()).orders?.pointer).toBeNull();
  });

  it('takes what an earlier attempt committed late for no work of its own', async () => {
    const { dependencies, stage, read, input, snapshots } = await setUp();
    await commitWork(dependencies, stage([staged()], { kind: 'CONTINUE' }));
    const { attempt } = await startAttempt(home.table, input, new Date());
    // It began where the first did, and read further.
    const other = stage([staged({ adds: [dataFile('b', 3)] })], { kind: 'CONTINUE' });
    const later = { ...other, answer: { ...other.answer, attempt } };
    await expect(commitWork(dependencies, later)).rejects.toMatchObject({ code: 'fence_lost' });
    expect(snapshots).toHaveLength(1);
    expect((await read()).orders?.pointer).toMatchObject({ rows: 3 });
  });

  it('hands the lock to a request that waits, and starts it', async () => {
    const { dependencies, stage, read, sourceId, executions } = await setUp();
    const waiting = await requestRun(dependencies, {
      tenant: 't1',
      sourceId,
      connector: 'postgres',
      request: { kind: 'ingest' },
      trigger: 'api',
      requestedBy: 'y',
      whenBusy: 'queue',
    });
    await commitWork(dependencies, stage([staged()]));
    expect((await read()).lock?.owner?.runId).toBe(waiting.runId);
    expect(executions.started.at(-1)?.runId).toBe(waiting.runId);
  });

  it('keeps the lock and the run open between the parts of an incremental read', async () => {
    const { dependencies, stage, read } = await setUp();
    await commitWork(dependencies, stage([staged()], { kind: 'CONTINUE' }));
    expect(await read()).toMatchObject({
      run: { status: 'queued', committedSeq: 1 },
      lock: { owner: {} },
      orders: { pointer: { rows: 3 } },
    });
    await commitWork(dependencies, stage([staged({ adds: [dataFile('b', 3)] })], { seq: 2 }));
    expect(await read()).toMatchObject({
      run: { status: 'succeeded', committedSeq: 2, counts: { written: 6 } },
      orders: { pointer: { rows: 6 } },
    });
  });

  it('keeps the parts of a full refresh aside and swaps the table in one snapshot', async () => {
    const { dependencies, stage, read, snapshots } = await setUp();
    const part = { hash: 'h:1', position: { at: 1 } };
    await commitWork(dependencies, stage([staged({ stage: part })], { kind: 'CONTINUE' }));
    expect(snapshots).toEqual([]);
    // Nothing of it can be seen, so nothing of it is counted yet.
    expect(await read()).toMatchObject({
      orders: { pointer: null, stage: { hash: 'h:1' } },
      run: { counts: { read: 0, written: 0 } },
    });
    await commitWork(
      dependencies,
      stage(
        [
          staged({
            adds: [dataFile('a.parquet', 3), dataFile('b.parquet', 3)],
            counts: { read: 6, written: 6, rejected: 0, deduplicated: 0, bytes: 60 },
            stage: { hash: 'h:1' },
            removes: { kind: 'everything' },
          }),
        ],
        { seq: 2 },
      ),
    );
    expect(snapshots).toEqual(['everything +a.parquet,b.parquet']);
    expect(await read()).toMatchObject({
      orders: { pointer: { rows: 6 }, stage: null },
      run: { counts: { read: 6, written: 6 } },
    });
  });

  it('refuses deletes that were computed against another snapshot than the table’s', async () => {
    const { dependencies, stage, read, snapshots } = await setUp();
    await expect(commitWork(dependencies, stage([staged({ basedOn: '7' })]))).rejects.toThrow(
      /made for snapshot 7/,
    );
    expect(snapshots).toEqual([]);
    expect((await read()).orders).toMatchObject({ pointer: null, committedBy: null });
  });

  it.each([
    ['counts a superseded row that no delete file takes out', { superseded: 1 }],
    ['deletes a row that it does not count as superseded', { deletes: [deleted('a.parquet', 1)] }],
    ['removes a file without counting its rows', { removes: removeOld }],
    [
      'counts a lost row as written',
      { counts: { read: 4, written: 4, rejected: 0, deduplicated: 0, bytes: 1 } },
    ],
    [
      'forgets a row that it read',
      { counts: { read: 4, written: 3, rejected: 0, deduplicated: 0, bytes: 1 } },
    ],
    [
      'counts a reject that it does not keep',
      { counts: { ...threeRead, written: 2, rejected: 1 } },
    ],
  ] as const)('does not let a run succeed that %s', async (_, change) => {
    const { dependencies, stage, read, snapshots } = await setUp();
    await commitWork(
      dependencies,
      stage([staged({ adds: [dataFile('old', 3)] })], { kind: 'CONTINUE' }),
    );
    snapshots.length = 0;
    await expect(
      commitWork(
        {
          ...dependencies,
          listLiveFiles: async function* () {
            yield { file: dataFile('old', 3), deletes: null };
          },
        },
        stage([staged(change as Partial<StagedCommit>)], { seq: 2 }),
      ),
    ).rejects.toMatchObject({ code: 'not_reconciled' });
    expect(snapshots).toEqual([]);
    expect(await read()).toMatchObject({
      run: { committedSeq: 1 },
      orders: { pointer: { rows: 3 } },
    });
  });

  it('ends a run whose rows were all there already as nothing new, and moves its cursor', async () => {
    const { dependencies, stage, read } = await setUp();
    const overlap = staged({
      adds: [],
      cursor: { v: 1, last: 4 },
      counts: { read: 3, written: 0, rejected: 0, deduplicated: 3, bytes: 30 },
    });
    await commitWork(dependencies, stage([overlap], { empty: 'nothing_new' }));
    expect(await read()).toMatchObject({
      run: { status: 'succeeded', result: 'nothing_new', counts: { deduplicated: 3 } },
      orders: { cursor: { last: 4 } },
    });
  });

  it('undoes all commits of the last run: table and cursor go back together', async () => {
    const { dependencies, stage, read, snapshots, next } = await setUp();
    await commitWork(dependencies, stage([staged({ cursor: { v: 1, last: 3 } })]));
    await next({ kind: 'ingest' });
    const more = (name: string, last: number) =>
      staged({ adds: [dataFile(name, 3)], cursor: { v: 1, last } });
    await commitWork(dependencies, stage([more('b.parquet', 6)], { kind: 'CONTINUE' }));
    await commitWork(dependencies, stage([more('c.parquet', 9)], { seq: 2 }));
    expect((await read()).orders).toMatchObject({ pointer: { rows: 9 }, cursor: { last: 9 } });
    await next({ kind: 'undo' });
    snapshots.length = 0;
    const nothing = { read: 0, written: 0, rejected: 0, deduplicated: 0, bytes: 0 };
    await commitWork(dependencies, stage([staged({ adds: [], counts: nothing, reverts: true })]));
    expect(snapshots).toEqual(['back to 1']);
    expect(await read()).toMatchObject({
      run: { status: 'succeeded' },
      orders: { pointer: { rows: 3, version: 4 }, cursor: { last: 3 }, schema: [{ type: 'int' }] },
      source: { recordCount: 3 },
    });
  });

  it('commits each stream by itself and calls a run with a failed one partial', async () => {
    const { dependencies, stage, read } = await setUp();
    const failure = {
      code: 'source_forbidden',
      message: 'No access.',
      stream: 'customers',
    } as const;
    await commitWork(dependencies, stage([staged()], { failures: [failure] }));
    expect((await read()).run).toMatchObject({
      status: 'partial',
      error: { code: 'source_forbidden' },
      streams: { orders: { status: 'succeeded' }, customers: { status: 'failed' } },
    });
  });

  it('fails a run all of whose streams failed', async () => {
    const { dependencies, stage, read } = await setUp();
    const failure = { code: 'source_forbidden', message: 'No access.', stream: 'orders' } as const;
    await commitWork(dependencies, stage([], { failures: [failure] }));
    expect((await read()).run).toMatchObject({
      status: 'failed',
      error: { message: 'No access.' },
    });
    expect((await read()).lock?.owner).toBeUndefined();
  });

  it.each(['nothing_new', 'no_data'] as const)('ends an empty run as %s', async (empty) => {
    const { dependencies, stage, read, snapshots } = await setUp();
    await commitWork(dependencies, stage([], { empty }));
    expect((await read()).run).toMatchObject({
      status: 'succeeded',
      result: empty,
      committedSeq: 0,
    });
    expect(snapshots).toEqual([]);
  });
});
