import { dataPrefix } from '../lake/dataPrefix.ts';
import { holdsUpload } from '../lake/holdsUpload.ts';
import type { StagedCommit, StagedFile } from '../runs/ingestProtocol.ts';
import { noCounts } from '../runs/runItem.ts';
import { addCounts } from '../runs/runs.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { mergeDrifts } from '../schema/newDrift.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { Invocation } from './invocation.ts';
import { type LoadedStream, scratchFolder } from './loadStream.ts';
import { mergeStream } from './mergeStream.ts';
import { isStaged, type StreamPlan } from './planStreams.ts';
import { type StagedParts, withRewrites } from './stagedParts.ts';

/** A part of an unfinished read: kept aside by Commit, which remembers where to go on. */
export function partCommit(
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
export async function wholeCommit(
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
