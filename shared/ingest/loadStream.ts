import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type Batch,
  type Context,
  ParkUntil,
  type StreamRequest,
} from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { failFile } from '../files/failFile.ts';
import type { Json } from '../json.ts';
import { dataPrefix } from '../lake/dataPrefix.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import type { RunError, RunItem } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { reserveFieldIds } from '../runs/streams.ts';
import { columnRulesOf, needsMaskKey } from '../schema/columnRules.ts';
import { decodedColumns } from '../staging/decodedColumns.ts';
import type { Loaded, StreamLoader } from '../staging/streamLoader.ts';
import type { Deadline, IngestDependencies } from './ingestDependencies.ts';
import type { KeepAlive } from './keepAlive.ts';
import { duckDbMegabytes } from './mergeStream.ts';
import type { StreamPlan } from './planStreams.ts';
import type { ReplayBatch } from './replayRejects.ts';
import type { StagedParts } from './stagedParts.ts';

export interface LoadStreamInput {
  readonly run: RunItem;
  readonly attempt: number;
  /** Place of this stream's commit among those of this invocation; part of its object keys. */
  readonly unit: number | string;
  readonly plan: StreamPlan;
  readonly stream: StreamItem;
  /** The table's schema with what earlier parts of this refresh added. */
  readonly schema: readonly Field[];
  /** Earlier parts of this read, whose files change with a column's type, too. */
  readonly parts?: Pick<StagedParts, 'adds' | 'rewrites'>;
  readonly from: Json | null;
  readonly context: Context<unknown, unknown>;
  readonly deadline: Deadline;
  readonly alive: KeepAlive;
  /** What was asked of the connector already; left out: it is asked here. */
  readonly batches?: AsyncIterable<LoadableBatch>;
  /** Present for one unit of several: what it shares with the others. */
  readonly shared?: SharedWork;
}

/** What loaders of the same commit have in common. */
export interface SharedWork {
  /** What units agreed on; left out for who puts their work together. */
  readonly agreed?: readonly Field[];
  readonly known: readonly Field[];
  readonly ingestedAt: Date;
}

export interface LoadedStream {
  /** null when the source had nothing. */
  readonly loaded: Loaded | null;
  /** The last checkpoint, whose rows are all in `loaded`; the given one when nothing moved. */
  readonly position: Json | null;
  /** False when the invocation's time was over first. */
  readonly finished: boolean;
  /** The source said "come back later" in the middle of the read, after `position`. */
  readonly park?: ParkUntil;
  /** Files that could not be read; the others are loaded. */
  readonly failures: readonly RunError[];
  /** Every batch said that none of its rows was delivered before. */
  readonly fresh: boolean;
  /** All rows without a cursor value are in `loaded`. */
  readonly replacesNullCursor: boolean;
  /** Names of files whose rows go, because the source has them no more. */
  readonly removesFiles?: (name: string) => boolean;
}

/** Time kept for finishing files, uploading them and answering. */
const reserveMilliseconds = 90_000;
const reserveShare = 0.2;

/**
 * Reads one stream into staged files until the source is read or the time is nearly over. Stops only where a
 * checkpoint covers everything that was loaded.
 */
export async function loadStream(
  dependencies: IngestDependencies,
  input: LoadStreamInput,
): Promise<LoadedStream> {
  const { connector, log } = dependencies;
  const { context, plan, alive, deadline, run } = input;
  const isReplay = run.request.kind === 'replay';
  const stopAt = Math.min(reserveMilliseconds, deadline.remainingMilliseconds() * reserveShare);
  const failures: RunError[] = [];
  let position = input.from;
  let loader: StreamLoader | null = null;
  let fresh = true;
  let replacesNullCursor = false;
  let removesFiles: LoadedStream['removesFiles'];
  /** Whether `position` covers every row that was loaded. */
  let isCovered = true;
  const result = (loaded: Loaded | null, finished: boolean): LoadedStream => ({
    loaded,
    position,
    finished,
    failures,
    fresh,
    replacesNullCursor,
    ...(removesFiles === undefined ? {} : { removesFiles }),
  });
  await using scratch = await scratchFolder(dependencies.scratchFolder);
  try {
    const batches = input.batches ?? connector.read(context, requestOf(input), input.from);
    for await (const batch of batches) {
      context.signal.throwIfAborted();
      replacesNullCursor ||= batch.replacesNullCursor === true;
      removesFiles ??= batch.removesFiles;
      if (!isEmpty(batch)) {
        isCovered = false;
        fresh &&= batch.fresh === true;
        loader ??= await openLoader(dependencies, input, scratch.path);
        await loadBatch(dependencies, input, loader, batch, failures);
      }
      const { checkpoint } = batch;
      if (checkpoint === undefined) continue;
      position = (
        typeof checkpoint === 'function' ? (checkpoint as () => Json)() : checkpoint
      ) as Json;
      isCovered = true;
      if (deadline.remainingMilliseconds() > stopAt) continue;
      // Gone on with, a complete read would be the next one: of a refresh, rows would be there twice.
      if (!isReplay && connector.isComplete(position)) break;
      log.info('stopping in time, to go on in another invocation', { stream: plan.request.name });
      return result((await loader?.finish()) ?? null, false);
    }
    const loaded = (await loader?.finish()) ?? null;
    alive.progress({ stream: plan.request.name });
    return result(loaded, true);
  } catch (error) {
    // Units are parked by the run that shares work out among them.
    const keeps =
      isCovered && input.shared === undefined && !isDeepStrictEqual(position, input.from);
    if (!(error instanceof ParkUntil) || !keeps) throw error;
    log.info('keeping what was read until the source asked to wait', {
      stream: plan.request.name,
    });
    return { ...result((await loader?.finish()) ?? null, false), park: error };
  } finally {
    await loader?.[Symbol.asyncDispose]();
  }
}

/** The plan's request, and whether this load takes values decoded. */
function requestOf({ plan, stream, schema, shared }: LoadStreamInput): StreamRequest {
  const { request, description, settings } = plan;
  const rules = columnRulesOf(settings, stream, null);
  const decoded = decodedColumns(
    description.columns,
    shared?.agreed ?? schema,
    rules,
    request.columns,
  );
  return decoded === null ? request : { ...request, decoded };
}

/** What a connector delivers, or rejects that are loaded again. */
export type LoadableBatch = Batch<unknown> | (Omit<Batch<unknown>, 'body'> & ReplayBatch);

const isEmpty = ({ body }: LoadableBatch): boolean =>
  body.kind === 'records' && body.records.length === 0;

/** A file that cannot be read fails alone; anything else fails the stream. */
async function loadBatch(
  { table, log }: IngestDependencies,
  { run, alive, plan, shared }: LoadStreamInput,
  loader: StreamLoader,
  batch: LoadableBatch,
  failures: RunError[],
): Promise<void> {
  try {
    const counts = await loader.load(batch.tombstones === true ? asTombstones(batch) : batch);
    alive.progress({ pages: 1, rows: counts.read, bytes: counts.bytes, stream: plan.request.name });
  } catch (error) {
    const file = batch.body.kind === 'file' ? batch.body.file : null;
    if (file === null || !(error instanceof HeadgateError) || error.code !== 'file_unreadable')
      throw error;
    const failure: RunError = {
      code: error.code,
      message: error.message.includes(file.name) ? error.message : `${file.name}: ${error.message}`,
      stream: plan.request.name,
      facts: { ...(error.facts as Record<string, Json>), file: file.name, runId: run.runId },
    };
    failures.push(failure);
    log.warn('a file could not be loaded', {
      code: error.code,
      file: file.name,
      reason: error.message,
    });
    // Of a unit's files, who collects them says so: a unit that was given up may still be at work.
    if (shared === undefined) await failFile(table, run, file, failure);
    alive.progress({ pages: 1 });
  }
}

/** Rows that are gone carry their key, and this mark. */
const asTombstones = (batch: LoadableBatch): LoadableBatch =>
  batch.body.kind === 'records'
    ? {
        ...batch,
        body: {
          kind: 'records',
          records: batch.body.records.map((record) => ({ ...record, _deleted: true })),
        },
      }
    : batch;

/** Opens the loader of one stream. */
export const openLoader = async (
  dependencies: IngestDependencies,
  input: Pick<
    LoadStreamInput,
    'run' | 'attempt' | 'unit' | 'plan' | 'stream' | 'schema' | 'parts' | 'context' | 'shared'
  >,
  workFolder: string,
): Promise<StreamLoader> => {
  const { table, store, listLiveFiles, threads, log } = dependencies;
  const { run, attempt, unit, plan, stream, schema, context, shared } = input;
  const { signal } = context;
  const name = plan.request.name;
  const maskKey = needsMaskKey(plan.settings, name)
    ? await dependencies.readMaskKey(run.tenant, signal)
    : null;
  const rules = columnRulesOf(plan.settings, stream, maskKey);
  return dependencies.openStreamLoader({
    stream: plan.request,
    // Keys that are only compared say nothing of the columns that were not asked for.
    rules: plan.effect === 'keepOnly' ? { ...rules, contract: 'evolve' } : rules,
    columns: plan.description.columns,
    schema,
    ...(shared?.agreed === undefined ? {} : { agreed: shared.agreed }),
    ...(shared === undefined ? {} : { known: shared.known }),
    liveFiles: async () => {
      // A refresh replaces every file, so none has to be rewritten for it.
      const { adds, rewrites } = input.parts ?? { adds: [], rewrites: [] };
      const mine: LiveFile[] = adds.map((file) => ({ file, deletes: null }));
      if (plan.effect === 'replace' || stream.pointer === null) return mine;
      const old = new Set(rewrites.map(({ path }) => path));
      for await (const live of listLiveFiles(store, stream.pointer, signal))
        if (!old.has(live.file.path)) mine.push(live);
      for (const { file } of rewrites) if (file !== null) mine.push({ file, deletes: null });
      return mine;
    },
    reserveFieldIds: (count) => reserveFieldIds(table, stream, count),
    dataPrefix: dataPrefix(run, stream, attempt, unit),
    rejectPrefix: dataPrefix(run, stream, attempt, unit, '__rejects'),
    runId: run.runId,
    ingestedAt: shared?.ingestedAt ?? dependencies.now(),
    upload: (localPath, key) => dependencies.upload(localPath, key, signal),
    download: (path) => dependencies.download(path, signal),
    workFolder,
    memoryLimitMegabytes: duckDbMegabytes(dependencies),
    threads,
    systemColumns: systemColumnsOf(dependencies, plan),
    log,
    signal,
  });
};

const systemColumnsOf = (
  { connector }: IngestDependencies,
  { description, effect }: StreamPlan,
): ('_source_file' | '_deleted')[] => [
  ...(connector.landing || connector.openFile !== undefined ? (['_source_file'] as const) : []),
  ...(description.deletes === 'tombstone' || effect === 'keepOnly' ? (['_deleted'] as const) : []),
];

export async function scratchFolder(
  parent: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(parent, 'headgate-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
