import type { FanOut } from '../fanout/planObjects.ts';
import { noCost, type UnitCost } from '../fanout/readResults.ts';
import type { FileRef } from '../files/fileItem.ts';
import { json } from '../json.ts';
import {
  type IngestAnswer,
  type IngestInput,
  type StagedCommit,
  type StagedWork,
  stagedKey,
} from '../runs/ingestProtocol.ts';
import type { FileCounts } from '../runs/runItem.ts';
import type { IngestDependencies } from './ingestDependencies.ts';
import type { RunCheckpoint } from './runCheckpoint.ts';

/** What one invocation came to. */
export type InvocationResult = {
  readonly state: RunCheckpoint;
  readonly commits: readonly StagedCommit[];
  readonly files: readonly FileRef[];
  readonly fileCounts?: FileCounts;
  /** Of units whose work was looked at. */
  readonly cost?: UnitCost;
} & (
  | { readonly kind: 'DONE' | 'CONTINUE' }
  | { readonly kind: 'FANOUT'; readonly fanOut: FanOut }
  | { readonly kind: 'PARK'; readonly until: Date; readonly reason: string }
);

/**
 * Writes the staged work down, if there is any, and answers the state machine with its key: payloads hold ids and
 * small checkpoints only.
 */
export async function answerWith(
  { store, fanOut }: IngestDependencies,
  input: IngestInput,
  attempt: number,
  result: InvocationResult,
  gigabyteSeconds: number,
  signal: AbortSignal,
): Promise<IngestAnswer> {
  const { state, commits, fileCounts, cost = noCost } = result;
  const done = result.kind === 'DONE';
  const work: StagedWork = {
    v: 1,
    commits: [...commits],
    files: result.files.map(({ name, versionId }) => ({ name, versionId })),
    ...(fileCounts === undefined || fileCounts.loaded + fileCounts.duplicates === 0
      ? {}
      : { fileCounts }),
    failures: done ? state.failures : [],
    empty: state.hadData ? 'nothing_new' : 'no_data',
    ...(done && state.drainedSeq !== undefined ? { drainedSeq: state.drainedSeq } : {}),
    gigabyteSeconds: gigabyteSeconds + cost.gigabyteSeconds,
    ...(cost.unitTransitions === 0 ? {} : { unitTransitions: cost.unitTransitions }),
  };
  const key = stagedKey(input.tenant, input.runId, attempt);
  const body = new TextEncoder().encode(JSON.stringify(work));
  await store.putNew(key, body, 'application/json', signal);
  const staged = { attempt, stagedKey: key, commits: commits.length };
  switch (result.kind) {
    case 'DONE':
      return { kind: 'DONE', ...staged };
    case 'CONTINUE':
      return { kind: 'CONTINUE', ...staged, checkpoint: json.parse(state) };
    case 'FANOUT':
      return {
        kind: 'FANOUT',
        ...staged,
        checkpoint: json.parse(state),
        ...result.fanOut,
        concurrency: fanOut?.concurrency ?? 1,
      };
    case 'PARK':
      return {
        kind: 'PARK',
        ...staged,
        checkpoint: json.parse(state),
        until: result.until.toISOString(),
        reason: result.reason,
      };
  }
}
