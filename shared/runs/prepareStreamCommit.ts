import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import type { Removes } from '../lake/tableChange.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import { rejectFields } from '../staging/streamLoader.ts';
import type { CommitDependencies } from './commitWork.ts';
import { type CommitInput, type StagedCommit, stagedWork } from './ingestProtocol.ts';
import type { StreamItem } from './streamItem.ts';

export interface PreparedCommit {
  readonly schema: readonly Field[];
  readonly pointer: TablePointer | null;
  readonly rejects: TablePointer | null;
  readonly cursor?: Json | null;
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
  const replaced = await filesOf(dependencies, stream, commit.replaces);
  await assertReconciles(dependencies, stream, commit, input.runId);
  if (commit.stage?.position !== undefined)
    return keepAside(dependencies.now(), input, stream, commit, seq);
  const parts = await earlierParts(dependencies, stream, commit);
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
    adds: [...parts.adds, ...commit.adds],
    removes,
    suffix: '',
  });
  const rejects = await snapshot(dependencies, input, seq, stream, {
    pointer: stream.rejects,
    schema: rejectFields,
    adds: [...parts.rejects, ...commit.rejects],
    removes:
      commit.replaces.length > 0
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
    ...(commit.cursor === undefined ? {} : { cursor: commit.cursor }),
  };
}

/** The table's next pointer; the present one when nothing changes. */
async function snapshot(
  { prepareCommit, store, now, signal, invocationId }: CommitDependencies,
  input: CommitInput,
  seq: number,
  stream: StreamItem,
  change: {
    readonly pointer: TablePointer | null;
    readonly schema: readonly Field[];
    readonly adds: readonly DataFile[];
    readonly removes: Removes;
    readonly suffix: '' | '__rejects';
  },
): Promise<TablePointer | null> {
  const idle =
    change.adds.length === 0 && (change.pointer === null || change.removes.kind === 'nothing');
  if (idle && (change.suffix !== '' || change.pointer !== null || change.schema.length === 0))
    return change.pointer;
  const folder = change.suffix === '' ? '' : `${change.suffix.slice(2)}/`;
  const { pointer } = await prepareCommit({
    store,
    location: `${stream.location}${change.suffix}`,
    metadataPrefix: `${stream.metadataPrefix}${folder}`,
    commitId: `${input.runId}-${input.answer.attempt}-${seq}-${invocationId}`,
    current: change.pointer,
    change: {
      schema: change.schema,
      adds: change.adds,
      removes: change.removes,
      summary: { 'headgate.run-id': input.runId, 'headgate.commit': String(seq) },
    },
    now: now(),
    signal,
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

async function earlierParts(
  { store, signal }: CommitDependencies,
  stream: StreamItem,
  commit: StagedCommit,
): Promise<{ readonly adds: readonly DataFile[]; readonly rejects: readonly DataFile[] }> {
  if (commit.stage === undefined || stream.stage?.hash !== commit.stage.hash)
    return { adds: [], rejects: [] };
  const adds: DataFile[] = [];
  const rejects: DataFile[] = [];
  for (const { key, index } of stream.stage.parts) {
    const bytes = await store.get(key, signal);
    const part = stagedWork.parse(JSON.parse(new TextDecoder().decode(bytes))).commits[index];
    adds.push(...(part?.adds ?? []));
    rejects.push(...(part?.rejects ?? []));
  }
  return { adds, rejects };
}

/** Live data files whose rows all came from these uploads. */
async function filesOf(
  { store, listDataFiles, signal }: CommitDependencies,
  stream: StreamItem,
  names: readonly string[],
): Promise<readonly string[]> {
  const id = stream.schema.find(({ name }) => name === '_source_file')?.id;
  if (names.length === 0 || stream.pointer === null || id === undefined) return [];
  const wanted = new Set(names.map((name) => Buffer.from(name).toString('base64')));
  const paths: string[] = [];
  for await (const file of listDataFiles(store, stream.pointer, signal)) {
    const lower = file.lowerBounds[id];
    if (lower !== undefined && lower === file.upperBounds[id] && wanted.has(lower))
      paths.push(file.path);
  }
  return paths;
}

/** Promise 5: rows read are rows written, rejected or deduplicated, and the files say the same. */
async function assertReconciles(
  { store, listDataFiles, signal }: CommitDependencies,
  stream: StreamItem,
  { adds, rejects, removes, counts }: StagedCommit,
  runId: string,
): Promise<void> {
  let rewritten = 0;
  if (removes.kind === 'files' && stream.pointer !== null) {
    const paths = new Set(removes.paths);
    for await (const file of listDataFiles(store, stream.pointer, signal))
      if (paths.has(file.path)) rewritten += file.rows;
  }
  const rowsOf = (files: readonly DataFile[]): number =>
    files.reduce((sum, file) => sum + (file.content === 'data' ? file.rows : 0), 0);
  const { read, written, rejected, deduplicated } = counts;
  const facts = {
    ...counts,
    rowsInDataFiles: rowsOf(adds) - rewritten,
    rowsInRejectFiles: rowsOf(rejects),
  };
  const reconciles =
    read === written + rejected + deduplicated &&
    facts.rowsInDataFiles === written &&
    facts.rowsInRejectFiles === rejected;
  if (reconciles) return;
  throw new HeadgateError(
    'not_reconciled',
    `Run ${runId} read ${read} rows of "${stream.stream}" but accounts for ${written} written, ${rejected} rejected and ${deduplicated} deduplicated (${facts.rowsInDataFiles} in data files, ${facts.rowsInRejectFiles} in reject files). Nothing was committed.`,
    { facts },
  );
}
