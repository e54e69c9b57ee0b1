import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { holdsUpload } from '../lake/holdsUpload.ts';
import type { Field } from '../lake/schema.ts';
import type { PrepareCommit, Removes } from '../lake/tableChange.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import { rejectFields } from '../staging/streamLoader.ts';
import type { CommitDependencies } from './commitWork.ts';
import type { CommitInput, StagedCommit } from './ingestProtocol.ts';
import type { StreamItem } from './streamItem.ts';

export interface PreparedCommit {
  readonly schema: readonly Field[];
  readonly pointer: TablePointer | null;
  readonly rejects: TablePointer | null;
  readonly cursor?: Json | null;
  readonly unfinished?: boolean;
  readonly stage: StreamItem['stage'];
  readonly rowsDelta: number;
}

/** Writes the snapshots of one staged commit, or keeps a part aside. Nothing is visible yet. */
export async function prepareStreamCommit(
  dependencies: CommitDependencies,
  input: CommitInput,
  stream: StreamItem,
  commit: StagedCommit,
  seq: number,
): Promise<PreparedCommit> {
  if (commit.basedOn !== undefined && commit.basedOn !== (stream.pointer?.snapshotId ?? null))
    throw new HeadgateError(
      'internal_error',
      `Commit ${seq} of run ${input.runId} was made for snapshot ${commit.basedOn} of "${stream.stream}", which now has ${stream.pointer?.snapshotId}.`,
    );
  if (commit.reverts === true) return revert(dependencies, input, stream, seq);
  const replaced = await filesOf(dependencies, stream, commit.replaces);
  await assertReconciles(dependencies, stream, commit, input.runId);
  if (commit.stage?.position !== undefined)
    return keepAside(dependencies.now(), input, stream, commit, seq);
  const removes: Removes =
    replaced.length === 0
      ? commit.removes
      : {
          kind: 'files',
          paths: [...replaced, ...(commit.removes.kind === 'files' ? commit.removes.paths : [])],
        };
  const pointer = await snapshot(dependencies, input, seq, stream, {
    pointer: stream.pointer,
    schema: commit.schema,
    adds: commit.adds,
    deletes: commit.deletes ?? [],
    removes,
    suffix: '',
  });
  const rejects = await snapshot(dependencies, input, seq, stream, {
    pointer: stream.rejects,
    schema: rejectFields,
    adds: commit.rejects,
    deletes: [],
    removes:
      commit.replayed !== undefined
        ? { kind: 'files', paths: commit.replayed }
        : commit.replaces.length > 0
          ? { kind: 'sourceFiles', names: commit.replaces }
          : commit.removes.kind === 'files'
            ? { kind: 'nothing' }
            : commit.removes,
    suffix: '__rejects',
  });
  return {
    schema: commit.schema,
    pointer,
    rejects,
    stage: null,
    rowsDelta: (pointer?.rows ?? 0) - (stream.pointer?.rows ?? 0),
    ...(commit.cursor === undefined
      ? {}
      : { cursor: commit.cursor, unfinished: commit.unfinished === true }),
  };
}

/** Table, rejects and cursor as they were before the last run. */
async function revert(
  dependencies: CommitDependencies,
  input: CommitInput,
  stream: StreamItem,
  seq: number,
): Promise<PreparedCommit> {
  const { before } = stream;
  if (before == null)
    throw new HeadgateError('cannot_undo', `"${stream.stream}" does not know how it was before.`);
  const back = async (
    current: TablePointer | null,
    to: TablePointer | null,
    schema: readonly Field[],
    suffix: '' | '__rejects',
  ): Promise<{ readonly pointer: TablePointer | null; readonly schema: readonly Field[] }> => {
    if (current === null || current.snapshotId === to?.snapshotId)
      return { pointer: current, schema };
    if (to !== null && to.snapshotId !== null)
      return dependencies.prepareRevert({
        ...placeOf(dependencies, input, seq, stream, suffix),
        current,
        to,
        summary: { 'headgate.run-id': input.runId, 'headgate.commit': String(seq) },
      });
    // The run made the table: without its rows it is there, and empty.
    const removes = { kind: 'everything' } as const;
    const change = { pointer: current, schema, adds: [], deletes: [], removes, suffix };
    return { pointer: await snapshot(dependencies, input, seq, stream, change), schema };
  };
  const table = await back(stream.pointer, before.pointer, stream.schema, '');
  const rejects = await back(stream.rejects, before.rejects, rejectFields, '__rejects');
  return {
    schema: table.schema,
    pointer: table.pointer,
    rejects: rejects.pointer,
    stage: null,
    cursor: before.cursor,
    unfinished: before.unfinished === true,
    rowsDelta: (table.pointer?.rows ?? 0) - (stream.pointer?.rows ?? 0),
  };
}

/** Where one commit of a table writes, under names that no other try of it uses. */
function placeOf(
  { store, now, signal, invocationId }: CommitDependencies,
  input: CommitInput,
  seq: number,
  stream: StreamItem,
  suffix: '' | '__rejects',
): Pick<PrepareCommit, 'store' | 'location' | 'metadataPrefix' | 'commitId' | 'now' | 'signal'> {
  const folder = suffix === '' ? '' : `${suffix.slice(2)}/`;
  return {
    store,
    location: `${stream.location}${suffix}`,
    metadataPrefix: `${stream.metadataPrefix}${folder}`,
    commitId: `${input.runId}-${input.answer.attempt}-${seq}-${invocationId}`,
    now: now(),
    signal,
  };
}

/** The table's next pointer; the present one when nothing changes. */
async function snapshot(
  dependencies: CommitDependencies,
  input: CommitInput,
  seq: number,
  stream: StreamItem,
  change: {
    readonly pointer: TablePointer | null;
    readonly schema: readonly Field[];
    readonly adds: readonly DataFile[];
    readonly deletes: readonly DataFile[];
    readonly removes: Removes;
    readonly suffix: '' | '__rejects';
  },
): Promise<TablePointer | null> {
  const idle =
    change.adds.length + change.deletes.length === 0 &&
    (change.pointer === null || change.removes.kind === 'nothing');
  if (idle && (change.suffix !== '' || change.pointer !== null || change.schema.length === 0))
    return change.pointer;
  const { pointer } = await dependencies.prepareCommit({
    ...placeOf(dependencies, input, seq, stream, change.suffix),
    current: change.pointer,
    change: {
      schema: change.schema,
      adds: change.adds,
      deletes: change.deletes,
      removes: change.removes,
      summary: { 'headgate.run-id': input.runId, 'headgate.commit': String(seq) },
    },
  });
  return pointer;
}

function keepAside(
  now: Date,
  input: CommitInput,
  stream: StreamItem,
  commit: StagedCommit,
  seq: number,
): PreparedCommit {
  const { stage } = commit;
  const { stagedKey } = input.answer;
  if (stage?.position === undefined || stagedKey === null)
    throw new HeadgateError('internal_error', 'A part of a full refresh without a place to go on.');
  const earlier = stream.stage?.hash === stage.hash ? stream.stage : null;
  return {
    schema: stream.schema,
    pointer: stream.pointer,
    rejects: stream.rejects,
    rowsDelta: 0,
    stage: {
      hash: stage.hash,
      startedAt: earlier?.startedAt ?? now.toISOString(),
      parts: [...(earlier?.parts ?? []), { key: stagedKey, index: seq - input.seq }],
      position: stage.position,
    },
  };
}

/** Live data files whose rows all came from these uploads. */
async function filesOf(
  { store, listLiveFiles, signal }: CommitDependencies,
  stream: StreamItem,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0 || stream.pointer === null) return [];
  const isWanted = holdsUpload(stream.schema, names);
  const paths: string[] = [];
  for await (const { file } of listLiveFiles(store, stream.pointer, signal))
    if (isWanted(file)) paths.push(file.path);
  return paths;
}

/**
 * Promise 5: rows read are rows written, rejected or deduplicated; the files say the same; and what the table gains
 * and loses is what was written less what was superseded.
 */
async function assertReconciles(
  dependencies: CommitDependencies,
  stream: StreamItem,
  commit: StagedCommit,
  runId: string,
): Promise<void> {
  const { rejects, removes, counts } = commit;
  const superseded = removes.kind === 'everything' ? 0 : (commit.superseded ?? 0);
  const { read, written, rejected, deduplicated } = counts;
  const facts = {
    ...counts,
    superseded,
    rowsGained: await rowsGained(dependencies, stream, commit),
    rowsInRejectFiles: rowsOf(rejects),
  };
  const reconciles =
    read === written + rejected + deduplicated &&
    facts.rowsGained === written - superseded &&
    facts.rowsInRejectFiles === rejected;
  if (reconciles) return;
  throw new HeadgateError(
    'not_reconciled',
    `Run ${runId} read ${read} rows of "${stream.stream}" but accounts for ${written} written, ${rejected} rejected and ${deduplicated} deduplicated, with ${superseded} superseded (the table would gain ${facts.rowsGained}, reject files hold ${facts.rowsInRejectFiles}). Nothing was committed.`,
    { facts },
  );
}

const rowsOf = (files: readonly DataFile[]): number =>
  files.reduce((sum, file) => sum + file.rows, 0);

/** Live rows that the commit's files bring, less those they take out; what is replaced whole does not count. */
async function rowsGained(
  { store, listLiveFiles, signal }: CommitDependencies,
  stream: StreamItem,
  { adds, deletes = [], removes }: StagedCommit,
): Promise<number> {
  let gained = rowsOf(adds) - rowsOf(deletes);
  if (stream.pointer === null || removes.kind === 'everything') return gained;
  const removed = new Set(removes.kind === 'files' ? removes.paths : []);
  const deleted = new Set(deletes.map(({ deletesFrom }) => deletesFrom));
  if (removed.size + deleted.size === 0) return gained;
  for await (const { file, deletes: old } of listLiveFiles(store, stream.pointer, signal)) {
    if (removed.has(file.path)) gained -= file.rows - (old?.rows ?? 0);
    else if (deleted.has(file.path)) gained += old?.rows ?? 0;
  }
  return gained;
}
