import { HeadgateError } from '../errors.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import { type StagedCommit, type StagedFile, stagedWork } from '../runs/ingestProtocol.ts';
import { noCounts, type RunItem } from '../runs/runItem.ts';
import { addCounts } from '../runs/runs.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { SchemaDrift } from '../schema/schemaDrift.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Counts, Rewrite } from '../staging/streamLoader.ts';
import { isStaged, type StreamPlan, stageHash } from './planStreams.ts';
import type { QueuedStream } from './runCheckpoint.ts';

/** A read that was broken off is gone on with for this long. */
const stageMilliseconds = 24 * 3_600_000;

/** Where a stream's read starts, and which parts of an unfinished one belong to it. */
export function startOf(
  now: Date,
  source: SourceItem,
  run: RunItem,
  plan: StreamPlan,
  entry: QueuedStream,
  stream: StreamItem,
): { readonly from: StreamItem['cursor']; readonly hash: string } {
  const hash = stageHash(source, plan);
  if (entry.position !== null)
    return { from: entry.position, hash: entry.stageHash ?? `${hash}:${run.runId}` };
  if (!plan.fromStart) return { from: stream.cursor, hash };
  const { stage } = stream;
  const resumable =
    isStaged(plan.effect) &&
    stage != null &&
    stage.hash.startsWith(`${hash}:`) &&
    now.getTime() - Date.parse(stage.startedAt) < stageMilliseconds;
  return resumable
    ? { from: stage.position, hash: stage.hash }
    : { from: besideCursor(plan, stream), hash: `${hash}:${run.runId}` };
}

/**
 * A window of rows without a key ends where the stream's cursor stands: rows beyond it come with the next
 * incremental read, and could not be told from those of the window. Throws `validation_failed` while a read is
 * unfinished, because the table then holds rows beyond the cursor.
 */
function besideCursor(plan: StreamPlan, stream: StreamItem): StreamItem['cursor'] {
  if (plan.effect !== 'replaceWindow' || plan.key.length > 0) return null;
  if (stream.unfinished === true)
    throw new HeadgateError(
      'validation_failed',
      `The last incremental read of "${stream.stream}" was broken off. Start a run without dates once, then the backfill.`,
      { facts: { stream: stream.stream } },
    );
  return stream.cursor;
}

/** What the parts of an unfinished read hold together, in the order they were read. */
export interface StagedParts {
  readonly adds: readonly DataFile[];
  readonly rejects: readonly DataFile[];
  readonly counts: Counts;
  /** Landed files that they hold. */
  readonly files: readonly StagedFile[];
  /** The schema after the last of them; null without parts. */
  readonly schema: StagedCommit['schema'] | null;
  readonly drifts: readonly (SchemaDrift | null)[];
  /** The table's files that were written again for a part: what takes the place of each. */
  readonly rewrites: readonly Rewrite[];
}

const noParts: StagedParts = {
  adds: [],
  rejects: [],
  counts: noCounts,
  files: [],
  schema: null,
  drifts: [],
  rewrites: [],
};

/**
 * The parts once files were written again because a column changed its type: in `adds` where they are of a part, and
 * again where they took a file's place before.
 */
export function withRewrites(parts: StagedParts, rewrites: readonly Rewrite[]): StagedParts {
  const adds = [...parts.adds];
  const ofTable = [...parts.rewrites];
  for (const { path, file } of rewrites) {
    const part = adds.findIndex((each) => each.path === path);
    const earlier = ofTable.findIndex((each) => each.file?.path === path);
    if (part >= 0) adds.splice(part, 1, ...(file === null ? [] : [file]));
    else if (earlier >= 0) ofTable[earlier] = { path: ofTable[earlier]?.path ?? path, file };
    else ofTable.push({ path, file });
  }
  return { ...parts, adds, rewrites: ofTable };
}

export async function readParts(
  store: ObjectStore,
  stream: StreamItem,
  hash: string,
  signal: AbortSignal,
): Promise<StagedParts> {
  if (stream.stage?.hash !== hash) return noParts;
  let parts = noParts;
  for (const { key, index } of stream.stage.parts) {
    const bytes = await store.get(key, signal);
    const part = stagedWork.parse(JSON.parse(new TextDecoder().decode(bytes))).commits[index];
    if (part === undefined) continue;
    parts = withRewrites(parts, part.stage?.rewrites ?? []);
    parts = {
      ...parts,
      adds: [...parts.adds, ...part.adds],
      rejects: [...parts.rejects, ...part.rejects],
      counts: addCounts(parts.counts, part.counts),
      files: [...parts.files, ...(part.files ?? [])],
      schema: part.schema,
      drifts: [...parts.drifts, part.drift ?? null],
    };
  }
  return parts;
}
