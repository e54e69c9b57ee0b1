import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { makeHandler as commitHandler } from '../../../functions/commit/handler.ts';
import { makeHandler as failHandler } from '../../../functions/fail/handler.ts';
import { makeHandler as ingestHandler } from '../../../functions/ingest/handler.ts';
import { LambdaFunctionError } from '../../../local/localService.ts';
import { openS3 } from '../../../local/s3/openS3.ts';
import { machineArnOf } from '../../../local/stepfunctions/arns.ts';
import { openStepFunctions } from '../../../local/stepfunctions/openStepFunctions.ts';
import { s3MapStorage } from '../../../local/stepfunctions/s3MapStorage.ts';
import { openObject, uploadFile } from '../../../shared/aws/objects.ts';
import type { Connector } from '../../../shared/connectors/connector.ts';
import type { FanOutOptions } from '../../../shared/fanout/fanOutOptions.ts';
import type { FileItem } from '../../../shared/files/fileItem.ts';
import { recordFiles } from '../../../shared/files/recordFiles.ts';
import { ulid } from '../../../shared/ids.ts';
import type { IngestDependencies } from '../../../shared/ingest/ingestDependencies.ts';
import { listLiveFiles } from '../../../shared/lake/listLiveFiles.ts';
import { prepareCommit } from '../../../shared/lake/prepareCommit.ts';
import { revertTo } from '../../../shared/lake/revertTo.ts';
import { s3ObjectStore } from '../../../shared/lake/s3ObjectStore.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import { mergeCommit } from '../../../shared/merge/mergeCommit.ts';
import { stepFunctionsExecutions } from '../../../shared/runs/executions.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import { createRunLog } from '../../../shared/runs/runLog.ts';
import type { RunRequest } from '../../../shared/runs/runRequest.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import { getStream } from '../../../shared/runs/streams.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { openStreamLoader } from '../../../shared/staging/openStreamLoader.ts';
import { headgateTable } from '../../headgateTable.ts';
import { hostServices, localClientConfig } from '../../local/hostServices.ts';
import { headgateDefinition } from '../../local/stepfunctions/headgateMachine.ts';

export interface Invocation {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface WorldOptions {
  readonly connector: Connector;
  /** Left out: nothing is ever shared out. */
  readonly fanOut?: Partial<FanOutOptions>;
  readonly over?: Partial<IngestDependencies>;
  /** Put around the reading of landed files. */
  readonly openLanded?: (
    open: IngestDependencies['openLanded'],
  ) => IngestDependencies['openLanded'];
  /** Called before each function; what it throws is the function's failure. */
  readonly before?: (invocation: Invocation) => Promise<void> | void;
  /** Called with what it answers; what it throws makes the answer be lost. */
  readonly after?: (invocation: Invocation, answer: unknown) => Promise<void> | void;
  /** Time that is left to an invocation, whenever it asks. */
  readonly remainingMilliseconds?: (invocation: Invocation) => number;
}

export type Row = Readonly<Record<string, unknown>>;

/** Small enough for tests: what follows from a file's size and number is as in production. */
export const smallPortions: FanOutOptions = {
  concurrency: 3,
  minBytes: 200,
  unitBytes: 100,
  minFiles: 5,
  filesPerUnit: 3,
};

const tenant = 'acme';

/**
 * Every loader holds a thread of Node's pool while DuckDB reads from its pipe, and needs another one to write into
 * it: more than this at a time would wait for each other for ever. A function of its own has one.
 */
const loadersAtATime = 2;
let loading = 0;
const waiting: (() => void)[] = [];
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (loading >= loadersAtATime) await new Promise<void>((resolve) => waiting.push(resolve));
  loading++;
  try {
    return await work();
  } finally {
    loading--;
    waiting.shift()?.();
  }
}

const patienceMilliseconds = 60_000;

/** The deployed state machine and the real functions, over the embedded services, in this process. */
export async function fanOutWorld(options: WorldOptions) {
  const { connector, before = () => undefined, after = () => undefined } = options;
  await using cleanUp = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-fanout-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const own = await headgateTable();
  cleanUp.use(own);
  const { table } = own;
  const s3Service = openS3({ folder: join(folder, 's3') });
  s3Service.createBucket('lake');
  s3Service.createBucket('landing', { versioned: true });
  const s3Host = await hostServices(s3Service);
  cleanUp.defer(() => s3Host.close());
  const s3 = new S3Client({ ...localClientConfig, endpoint: s3Host.endpoint });
  const store = s3ObjectStore(s3, 'lake');
  const now = (): Date => new Date();
  const logged: string[] = [];
  const runLog = createRunLog((line) => logged.push(line));
  const openLanded: IngestDependencies['openLanded'] = (key, versionId, from, signal) =>
    openObject(s3, 'landing', key, { versionId, from }, signal);
  const dependencies: IngestDependencies = {
    connector,
    table,
    store,
    upload: (localPath, key, signal) => uploadFile(s3, 'lake', key, localPath, signal),
    download: (path, signal) => openObject(s3, 'lake', path.slice('s3://lake/'.length), {}, signal),
    openLanded: options.openLanded?.(openLanded) ?? openLanded,
    listLiveFiles,
    openStreamLoader,
    merge: mergeCommit,
    readMaskKey: async () => Buffer.alloc(32, 7),
    readSecret: async () => ({}),
    createFetch: () => fetch,
    resolveHost: async (host) => host,
    now,
    sleep: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    log: runLog.log,
    memoryMegabytes: 1769,
    threads: 1,
    scratchFolder: folder,
    ...(options.fanOut === undefined ? {} : { fanOut: { ...smallPortions, ...options.fanOut } }),
    ...options.over,
  };
  const calls: Invocation[] = [];
  /** Functions at work. The machine forgets them when it is closed; what they write into must outlive them. */
  const atWork = new Set<Promise<unknown>>();
  cleanUp.defer(async () => {
    await Promise.allSettled(atWork);
  });
  const tracked = (work: Promise<unknown>): Promise<unknown> => {
    const noted = work.finally(() => atWork.delete(noted));
    atWork.add(noted);
    return noted;
  };
  const handler = ingestHandler(dependencies, runLog);
  const ingest: typeof handler = (event, context) => inTurn(() => handler(event, context));
  const contextOf = (invocation: Invocation) =>
    ({
      getRemainingTimeInMillis: () => options.remainingMilliseconds?.(invocation) ?? 900_000,
    }) as never;
  const invoke = async (functionName: string, payload: unknown): Promise<unknown> => {
    const name = functionName.split(':').at(-1) ?? '';
    const invocation = { name, payload: payload as Invocation['payload'] };
    calls.push(invocation);
    try {
      await before(invocation);
      const answer = await tracked(
        name.startsWith('ingest-')
          ? ingest(payload, contextOf(invocation))
          : name === 'commit'
            ? commit(payload)
            : fail(payload),
      );
      await after(invocation, answer);
      return answer === undefined ? null : JSON.parse(JSON.stringify(answer));
    } catch (error) {
      const { name: errorType, message } = error as Error;
      const cause = JSON.stringify({ errorType, errorMessage: message, trace: [] });
      throw new LambdaFunctionError(errorType, message, cause);
    }
  };
  const stepFunctions = openStepFunctions({
    folder: join(folder, 'sfn'),
    invoke,
    mapStorage: s3MapStorage(s3),
    random: () => 0,
    sleep: async (milliseconds, signal) => {
      // Waits of the machine are real, those before a retry are not.
      await sleep(Math.min(milliseconds, 2000) === 2000 ? 20 : milliseconds, undefined, { signal });
    },
  });
  stepFunctions.createStateMachine({ name: 'ingest', definition: headgateDefinition });
  const sfnHost = await hostServices(stepFunctions);
  cleanUp.defer(() => sfnHost.close());
  const sfn = new SFNClient({ ...localClientConfig, endpoint: sfnHost.endpoint });
  const executions = stepFunctionsExecutions(sfn, machineArnOf('ingest'));
  const runs = { table, executions, now };
  const commit = commitHandler(
    { ...runs, store, prepareCommit, prepareRevert: revertTo, listLiveFiles },
    runLog,
    () => ulid(now()).slice(-8),
  );
  const fail = failHandler(runs, runLog.log);
  const closing = cleanUp.move();

  const query = async (pointer: TablePointer | null, sql: string): Promise<readonly Row[]> => {
    if (pointer === null) return [];
    const database = await DuckDBInstance.create(':memory:');
    const connection = await database.connect();
    const { signal } = new AbortController();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      const views: string[] = [];
      for await (const { file, deletes } of listLiveFiles(store, pointer, signal)) {
        const fetched = async (path: string): Promise<string> => {
          const local = join(folder, `read-${views.length}-${ulid(now())}.parquet`);
          const bytes = await store.get(path.slice('s3://lake/'.length), signal);
          await import('node:fs/promises').then(({ writeFile }) => writeFile(local, bytes));
          return local;
        };
        const data = `read_parquet('${await fetched(file.path)}', file_row_number = true)`;
        const gone =
          deletes === null
            ? ''
            : ` WHERE file_row_number NOT IN (SELECT pos FROM read_parquet('${await fetched(deletes.path)}'))`;
        views.push(`SELECT * FROM ${data}${gone}`);
      }
      if (views.length === 0) return [];
      await connection.run(`CREATE VIEW t AS ${views.join(' UNION ALL BY NAME ')}`);
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  };
  let arrivals = 0;
  return {
    table,
    store,
    s3,
    calls,
    logged,
    executions,
    sfn,
    runs,
    /** One more invocation that nobody waits for, as one that the platform gave up. */
    zombie: (invocation: Invocation) => tracked(ingest(invocation.payload, contextOf(invocation))),
    async addSource(change: Partial<SourceItem> = {}): Promise<SourceItem> {
      return own.addSource(tenant, {
        connector: connector.name,
        namespace: 'shop',
        table: 'things',
        syncMode: 'incremental',
        ...change,
      });
    },
    /** Files land, one after the other, as one batch. */
    async land(
      { sourceId }: SourceItem,
      files: Readonly<Record<string, string | Uint8Array>>,
      replaces = false,
    ): Promise<void> {
      const items: FileItem[] = [];
      for (const [name, body] of Object.entries(files)) {
        const key = `landing/${tenant}/${sourceId}/${name}`;
        const { VersionId: versionId = '', ETag: etag = '' } = await s3.send(
          new PutObjectCommand({ Bucket: 'landing', Key: key, Body: body }),
        );
        const modifiedAt = new Date(Date.UTC(2026, 0, 1) + 1000 * arrivals++).toISOString();
        items.push({
          v: 1,
          tenant,
          sourceId,
          name,
          versionId,
          key,
          bytes: Buffer.byteLength(body),
          etag,
          modifiedAt,
          replaces,
          state: 'pending',
        });
      }
      await recordFiles(table, tenant, sourceId, items);
    },
    async request(source: SourceItem, change: Partial<RunRequest> = {}): Promise<string> {
      const { runId } = await requestRun(runs, {
        tenant,
        sourceId: source.sourceId,
        connector: connector.name,
        request: { kind: 'ingest', ...change },
        trigger: 'api',
        requestedBy: 'tests',
        whenBusy: 'reject',
      });
      return runId;
    },
    async ended(runId: string): Promise<RunItem> {
      const deadline = Date.now() + patienceMilliseconds;
      for (;;) {
        const run = await getRun(table, tenant, runId);
        if (run !== null && run.status !== 'queued' && run.status !== 'running') return run;
        if (Date.now() > deadline)
          expect.unreachable(`the run does not end:\n${logged.slice(-20).join('\n')}`);
        await sleep(20);
      }
    },
    async run(source: SourceItem, change: Partial<RunRequest> = {}): Promise<RunItem> {
      return this.ended(await this.request(source, change));
    },
    stream: ({ sourceId }: SourceItem, name = 'files') => getStream(table, tenant, sourceId, name),
    /** Live rows, values as text, in no order. */
    async rows(source: SourceItem, name = 'files', sql = 'SELECT COLUMNS(*)::VARCHAR FROM t') {
      return query((await this.stream(source, name))?.pointer ?? null, sql);
    },
    async rejects(source: SourceItem, name = 'files') {
      const sql = 'SELECT line, row_text, column_name, reason, _source_file FROM t ORDER BY 5, 1';
      return query((await this.stream(source, name))?.rejects ?? null, sql);
    },
    /** Names of what was invoked, of Ingest functions the op. */
    ops: () => calls.map(({ name, payload }) => String(payload['op'] ?? name)),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
export type FanOutWorld = Awaited<ReturnType<typeof fanOutWorld>>;

/** User columns of rows, sorted, for comparison. */
export const comparable = (rows: readonly Row[]): readonly string[] =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .filter(([name]) => !['_run_id', '_ingested_at', 'file_row_number'].includes(name))
          .sort(([left], [right]) => (left < right ? -1 : 1)),
      ),
    )
    .sort();
