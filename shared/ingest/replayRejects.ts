import * as z from 'zod';
import type { Json } from '../json.ts';
import { holdsUpload } from '../lake/holdsUpload.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { type RejectsBody, rejectFields } from '../staging/streamLoader.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import { isStaged, type StreamPlan } from './planStreams.ts';

/** Where a replay stands: files of rejects whose rows were loaded again. */
const replayCheckpoint = z.object({ v: z.literal(1), files: z.int().nonnegative() });

export interface ReplayRejects {
  readonly store: ObjectStore;
  readonly listLiveFiles: IngestDependencies['listLiveFiles'];
  /** As the last commit left it. */
  readonly stream: StreamItem;
  readonly run: Pick<RunItem, 'runId' | 'request'>;
  /** The checkpoint of the last batch that was committed; null at the start. */
  readonly from: Json | null;
  readonly signal: AbortSignal;
}

/** A batch for a stream's loader, as a connector's `read` would yield it. */
export interface ReplayBatch {
  readonly body: RejectsBody;
  readonly checkpoint: Json;
}

/**
 * The rejects of one stream, a batch for each file of them, in the order they came; only those of the request's
 * files where it names some. Rows that fail again are written anew by this run and not read again by it. What was
 * loaded is in `Loaded.replayed`, and goes from the reject table in the same commit (`StagedCommit.replayed`).
 */
export async function* replayRejects({
  store,
  listLiveFiles,
  stream,
  run,
  from,
  signal,
}: ReplayRejects): AsyncGenerator<ReplayBatch> {
  if (stream.rejects === null) return;
  const { files: names } = run.request;
  const isWanted = names === undefined ? () => true : holdsUpload(rejectFields, names);
  let files = from === null ? 0 : replayCheckpoint.parse(from).files;
  for await (const { file } of listLiveFiles(store, stream.rejects, signal)) {
    if (file.path.includes(`/${run.runId}/`) || !isWanted(file)) continue;
    files++;
    yield { body: { kind: 'rejects', file }, checkpoint: { v: 1, files } };
  }
}

/**
 * How rows that are loaded again meet those of the table: as if they had been loaded the first time, but never in
 * the place of all others, and without a cursor of their own.
 */
export const asReplay = (plan: StreamPlan): StreamPlan => ({
  ...plan,
  effect: isStaged(plan.effect) ? 'append' : plan.effect,
  fromStart: true,
  keepsCursor: false,
});

/** The streams of a replay: those that were asked for, of those that have rejects. */
export const withRejects = (
  streams: readonly StreamItem[],
  { streams: wanted }: RunItem['request'],
): readonly StreamItem[] =>
  streams.filter(
    ({ stream, rejects }) =>
      (rejects?.rows ?? 0) > 0 && (wanted === undefined || wanted.includes(stream)),
  );
