import type { StreamRequest } from '../connectors/connector.ts';
import { rangeEnd } from '../connectors/sql/localTime.ts';
import { HeadgateError } from '../errors.ts';
import { matchColumnNames } from '../lake/columnNames.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import { keyOf } from '../lake/objectPath.ts';
import type { ColumnType, Field } from '../lake/schema.ts';
import type { Merged, MergeRule } from '../merge/merge.ts';
import type { StagedCommit } from '../runs/ingestProtocol.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { Counts, Rewrite } from '../staging/streamLoader.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { StreamPlan } from './planStreams.ts';

export interface MergeStreamInput {
  readonly plan: StreamPlan;
  readonly stream: StreamItem;
  /** The table's schema after this commit. */
  readonly schema: readonly Field[];
  /** Every new file of the commit, in order of arrival, and what was counted of them. */
  readonly adds: readonly DataFile[];
  readonly counts: Counts;
  readonly rewrites: readonly Rewrite[];
  /** Rows without a cursor value were all read again. */
  readonly replacesNullCursor: boolean;
  /** No row of `adds` has the key of another, or of one in the table. */
  readonly fresh: boolean;
  /** Live files that go anyway, with the upload they came from. */
  readonly isReplaced: (file: DataFile) => boolean;
  readonly dataPrefix: string;
  readonly runId: string;
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/** The part of a commit that a merge decides. */
export type MergedCommit = Pick<
  StagedCommit,
  'adds' | 'deletes' | 'removes' | 'counts' | 'superseded' | 'basedOn'
>;

/**
 * What the commit's rows do to those of the table. Streams that only add, or replace everything and never repeat a
 * row, need no look at the table.
 */
export async function mergeStream(
  dependencies: IngestDependencies,
  input: MergeStreamInput,
): Promise<MergedCommit> {
  const { stream, adds, counts, rewrites } = input;
  const rewritten = rewrites.flatMap(({ file }) => file ?? []);
  const everything = input.plan.effect === 'replace';
  const rule = ruleOf(input);
  if (rule === null)
    return {
      adds: [...adds, ...rewritten],
      counts: { ...counts },
      removes: everything
        ? { kind: 'everything' }
        : filesOrNothing(rewrites.map(({ path }) => path)),
    };
  const merged = await merge(dependencies, input, rule);
  const newPaths = new Set(rewritten.map(({ path }) => path));
  const gone = new Set(merged.removes);
  // Keys that were only compared are no rows of the run.
  const compared = input.plan.effect === 'keepOnly';
  const read = compared ? merged.tombstones : counts.read;
  return {
    adds: [...merged.adds, ...rewritten.filter(({ path }) => !gone.has(path))],
    deletes: [...merged.deletes],
    removes: everything
      ? { kind: 'everything' }
      : filesOrNothing([
          ...rewrites.map(({ path }) => path),
          ...merged.removes.filter((path) => !newPaths.has(path)),
        ]),
    counts: {
      ...counts,
      read,
      written: compared ? merged.tombstones : counts.written - merged.deduplicated,
      deduplicated: compared ? 0 : counts.deduplicated + merged.deduplicated,
    },
    superseded: merged.superseded,
    ...(everything ? {} : { basedOn: stream.pointer?.snapshotId ?? null }),
  };
}

const filesOrNothing = (paths: readonly string[]): StagedCommit['removes'] =>
  paths.length === 0 ? { kind: 'nothing' } : { kind: 'files', paths: [...paths] };

async function merge(
  dependencies: IngestDependencies,
  input: MergeStreamInput,
  rule: MergeRule,
): Promise<Merged> {
  const { store, listLiveFiles, upload, log } = dependencies;
  const { plan, stream, schema, adds, rewrites, isReplaced, signal } = input;
  const merged = await dependencies.merge({
    rule,
    schema,
    adds,
    live: async function* (): AsyncGenerator<LiveFile> {
      if (plan.effect === 'replace' || stream.pointer === null) return;
      const old = new Set(rewrites.map(({ path }) => path));
      for await (const live of listLiveFiles(store, stream.pointer, signal))
        if (!old.has(live.file.path) && !isReplaced(live.file)) yield live;
      for (const { file } of rewrites)
        if (file !== null && !isReplaced(file)) yield { file, deletes: null };
    },
    readRange: (path, from, to) => store.getRange(keyOf(store.bucket, path), from, to, signal),
    dataPrefix: input.dataPrefix,
    upload: (localPath, key) => upload(localPath, key, signal),
    runId: input.runId,
    ingestedAt: dependencies.now(),
    workFolder: input.workFolder,
    memoryLimitMegabytes: duckDbMegabytes(dependencies),
    threads: dependencies.threads,
    log,
    signal,
  });
  log.info('merged with the table', {
    stream: plan.request.name,
    rule: rule.kind,
    deduplicated: merged.deduplicated,
    superseded: merged.superseded,
    tombstones: merged.tombstones,
    bytesRead: merged.bytesRead,
  });
  return merged;
}

/** DuckDB's share of the function's memory; the rest is for Node, the upload's buffers and the operating system. */
export const duckDbMegabytes = ({
  memoryMegabytes,
}: Pick<IngestDependencies, 'memoryMegabytes'>): number =>
  Math.max(200, Math.floor(memoryMegabytes * 0.35));

/** null: the new rows need no look at the table. */
function ruleOf({
  plan,
  stream,
  schema,
  adds,
  replacesNullCursor,
  fresh,
}: MergeStreamInput): MergeRule | null {
  const { effect, description, request } = plan;
  const isNew = stream.pointer === null || stream.pointer.rows === 0;
  const key = (): readonly string[] => plan.key.map((name) => tableColumn(schema, name, 'key'));
  const cursor = (): string | null =>
    plan.cursor === null ? null : tableColumn(schema, plan.cursor, 'cursor');
  switch (effect) {
    case 'append':
      return replacesNullCursor && !isNew && plan.cursor !== null && schema.length > 0
        ? { kind: 'replaceWindow', cursor: cursor() ?? '', range: null, nulls: true }
        : null;
    case 'appendOnce':
      return adds.length === 0 || fresh || (isNew && description.repeats !== true)
        ? null
        : { kind: 'appendOnce', key: key(), cursor: cursor() };
    case 'upsert':
      return adds.length === 0 || fresh
        ? null
        : { kind: 'upsert', key: key(), cursor: cursor(), onDelete: plan.onDelete };
    case 'replace':
      return description.repeats === true && adds.length > 0 && plan.key.length > 0
        ? { kind: 'upsert', key: key(), cursor: cursor(), onDelete: 'remove' }
        : null;
    case 'replaceWindow':
      return isNew || request.window === null || plan.cursor === null
        ? null
        : {
            kind: 'replaceWindow',
            cursor: cursor() ?? '',
            range: windowOf(request.window, typeOf(schema, cursor()), description.timeZone),
            nulls: false,
          };
    case 'keepOnly':
      if (adds.length === 0 && !isNew) throw noKeys(plan.request.name);
      return isNew ? null : { kind: 'keepOnly', key: key(), onDelete: plan.onDelete };
  }
}

type Window = NonNullable<StreamRequest['window']>;

/** The ends of a backfill as the source's reader understood them: times without a zone are those of its zone. */
function windowOf({ from, to }: Window, type: ColumnType | null, timeZone: string): Window {
  if (type !== 'date' && type !== 'timestamp' && type !== 'timestamptz') return { from, to };
  const column = { type, cursor: type === 'date' ? 'day' : 'time' } as const;
  return {
    from: rangeEnd(from, column, timeZone),
    to: to === null ? null : rangeEnd(to, column, timeZone),
  };
}

const typeOf = (schema: readonly Field[], column: string | null): ColumnType | null =>
  schema.find(({ name }) => name === column)?.type ?? null;

/** A source that suddenly has no row at all is more often one that shows none: its table is not emptied for that. */
const noKeys = (stream: string): HeadgateError =>
  new HeadgateError(
    'source_answer_invalid',
    `The source showed no key of "${stream}", so no row was taken out. If it really is empty, clear the source.`,
    { facts: { stream } },
  );

/** The table's name of a source's column. Throws `invalid_config` where it was left out or dropped. */
function tableColumn(schema: readonly Field[], name: string, use: string): string {
  const [match] = matchColumnNames([name], schema);
  if (match?.field != null) return match.field.name;
  throw new HeadgateError(
    'invalid_config',
    `"${name}" is used as ${use} but is not in the table. Take it among the columns, and do not drop it.`,
    { facts: { column: name } },
  );
}
