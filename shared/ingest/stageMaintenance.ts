import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import type { Claimant } from '../files/claimFiles.ts';
import { json } from '../json.ts';
import type { IngestInput, StagedCommit } from '../runs/ingestProtocol.ts';
import { noCounts, type RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { listStreams } from '../runs/streams.ts';
import { assertUndoable, undoable } from '../runs/undo.ts';
import type { Table } from '../table.ts';
import type { InvocationResult } from './answerWith.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import { claimCleared, claimDeleted, claimUndone, deleteUnloaded } from './stageFileChanges.ts';

const doneWith = (
  commits: readonly StagedCommit[],
  files: InvocationResult['files'] = [],
): InvocationResult => ({
  kind: 'DONE',
  state: { v: 1, queue: [], failures: [], hadData: true, parks: 0 },
  commits,
  files,
});

/** A commit that brings no rows. */
const changeOf = ({ stream, schema }: StreamItem, change: Partial<StagedCommit>): StagedCommit => ({
  stream,
  schema,
  adds: [],
  rejects: [],
  removes: { kind: 'nothing' },
  replaces: [],
  counts: noCounts,
  ...change,
});

/** Runs that change tables and cursors without asking the source: staged like any other, and fenced like any other. */
export async function stageMaintenance(
  dependencies: IngestDependencies,
  input: IngestInput,
  run: RunItem,
  attempt: number,
): Promise<InvocationResult> {
  const { table, now } = dependencies;
  const streams = await listStreams(table, input.tenant, input.sourceId);
  const chosen = streams.filter(
    ({ stream }) => run.request.streams === undefined || run.request.streams.includes(stream),
  );
  const tables = chosen.filter(({ pointer }) => pointer !== null);
  // Files belong to one stream, and so to one commit.
  const claimant = { ...input, attempt, at: now() };
  switch (run.request.kind) {
    case 'clear': {
      const files = tables.length === 0 ? [] : await claimCleared(table, claimant);
      return doneWith(
        tables.map((stream) => changeOf(stream, { removes: { kind: 'everything' }, cursor: null })),
        files,
      );
    }
    case 'file_delete':
      return deleteFiles(table, claimant, run, tables);
    case 'undo':
      return undo(table, claimant, run, streams);
    case 'set_cursor':
      return doneWith([setCursor(dependencies, run, chosen)]);
    default:
      throw new HeadgateError(
        'internal_error',
        `A run of kind ${run.request.kind} reads its source.`,
      );
  }
}

async function deleteFiles(
  table: Table,
  claimant: Claimant,
  { request: { files: names = [] } }: RunItem,
  streams: readonly StreamItem[],
): Promise<InvocationResult> {
  if (names.length === 0)
    throw new HeadgateError('validation_failed', 'A file delete has to name the files to delete.');
  const commits = streams.map((stream) => changeOf(stream, { replaces: names }));
  if (commits.length > 0) return doneWith(commits, await claimDeleted(table, claimant, names));
  await deleteUnloaded(table, claimant, names);
  return doneWith([]);
}

async function undo(
  table: Table,
  claimant: Claimant,
  { request }: RunItem,
  streams: readonly StreamItem[],
): Promise<InvocationResult> {
  const undone =
    request.undoes === undefined ? null : await getRun(table, claimant.tenant, request.undoes);
  if (undone === null)
    throw new HeadgateError('cannot_undo', 'The run to undo is not in the history any more.');
  assertUndoable(undone, streams);
  const commits = undoable(undone.runId, streams).map((stream) =>
    changeOf(stream, { reverts: true }),
  );
  return doneWith(commits, await claimUndone(table, claimant, undone.runId));
}

/** Throws `validation_failed` for a cursor that the connector could not go on from. */
function setCursor(
  { connector }: IngestDependencies,
  { request }: RunItem,
  [stream]: readonly StreamItem[],
): StagedCommit {
  if (stream === undefined)
    throw new HeadgateError(
      'not_found',
      `No stream ${request.streams?.join(', ') ?? ''} was read yet, so it has no cursor.`,
    );
  const cursor = request.cursor ?? null;
  const parsed = connector.checkpoint.nullable().safeParse(cursor);
  if (!parsed.success)
    throw new HeadgateError(
      'validation_failed',
      `This is no cursor of ${connector.name}: ${z.prettifyError(parsed.error)}`,
      { facts: { stream: stream.stream } },
    );
  return changeOf(stream, { cursor: json.parse(cursor) });
}
