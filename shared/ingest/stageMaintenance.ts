import { HeadgateError } from '../errors.ts';
import { claimFile } from '../files/claimFile.ts';
import { versionsOf } from '../files/files.ts';
import type { IngestInput, StagedCommit } from '../runs/ingestProtocol.ts';
import { noCounts, type RunItem } from '../runs/runItem.ts';
import { listStreams } from '../runs/streams.ts';
import type { InvocationResult } from './answerWith.ts';
import type { IngestDependencies } from './ingestDependencies.ts';

/** Clear and file delete: commits that only remove, staged like any other, without asking the source. */
export async function stageMaintenance(
  { table }: IngestDependencies,
  input: IngestInput,
  run: RunItem,
): Promise<InvocationResult> {
  const streams = (await listStreams(table, input.tenant, input.sourceId)).filter(
    ({ stream, pointer }) =>
      pointer !== null &&
      (run.request.streams === undefined || run.request.streams.includes(stream)),
  );
  const removal = {
    adds: [],
    rejects: [],
    replaces: [],
    counts: noCounts,
  } satisfies Partial<StagedCommit>;
  const state = { v: 1, queue: [], failures: [], hadData: true, parks: 0 } as const;
  if (run.request.kind === 'clear') {
    const commits = streams.map(({ stream, schema }) => ({
      ...removal,
      stream,
      schema,
      removes: { kind: 'everything' as const },
      cursor: null,
    }));
    return { kind: 'DONE', state: { ...state, queue: [], failures: [] }, commits, files: [] };
  }
  const names = run.request.files ?? [];
  if (names.length === 0)
    throw new HeadgateError('validation_failed', 'A file delete has to name the files to delete.');
  const commits = streams.map(({ stream, schema }) => ({
    ...removal,
    stream,
    schema,
    replaces: names,
    removes: { kind: 'nothing' as const },
  }));
  const files: { readonly name: string; readonly versionId: string }[] = [];
  // With no table yet there is nothing to commit, so the claim counts from the commits that were.
  const seq = commits.length === 0 ? run.committedSeq : input.seq;
  for (const name of names)
    for (const { file } of await versionsOf(table, input.tenant, input.sourceId, name)) {
      await claimFile(table, run, file, { runId: run.runId, seq: Math.max(1, seq) }, null);
      files.push({ name: file.name, versionId: file.versionId });
    }
  return { kind: 'DONE', state: { ...state, queue: [], failures: [] }, commits, files };
}
