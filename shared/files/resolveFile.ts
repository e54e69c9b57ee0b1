import { attemptOf } from '../runs/attemptOf.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { FileClaim, FileItem, FileStatus, RestingState } from './fileItem.ts';

/** A file as it is, whether or not that was written down yet. */
export interface ResolvedFile {
  /** What follows from a committed claim is part of it; a claim is left in it only while its run is open. */
  readonly file: FileItem & { readonly state: RestingState };
  readonly status: FileStatus;
  /** As it was read: what a change of it is conditioned on. */
  readonly stored: FileItem;
}

/**
 * What a file's own state and the run that claimed it amount to. `claimer` is that run, as read after the file;
 * null where there is none (any more).
 */
export function resolveFile(stored: FileItem, claimer: RunItem | null): ResolvedFile {
  const { claim, ...rest } = stored;
  const resting = {
    ...rest,
    state: stored.state === 'claimed' ? 'pending' : stored.state,
  } as const;
  if (claim !== undefined && claimer !== null && isCommitted(claim, claimer)) {
    const file = afterClaim(resting, claim, claimer);
    return { file, status: statusOf(file.state), stored };
  }
  const isOpen = claimer?.status === 'queued' || claimer?.status === 'running';
  return claim !== undefined && isOpen
    ? { file: { ...resting, claim }, status: 'processing', stored }
    : { file: resting, status: statusOf(resting.state), stored };
}

/** Whether the commit that a claim names has happened, and was made by the attempt that made the claim. */
function isCommitted(claim: FileClaim, run: RunItem): boolean {
  if (claim.runId !== run.runId || run.committedSeq < claim.seq) return false;
  const attempt = attemptOf(run, claim.seq);
  return claim.attempt === undefined || attempt === null || attempt === claim.attempt;
}

const statusOf = (state: RestingState): FileStatus =>
  state === 'deleted' ? 'file_deleted' : state;

const nothingRead = {
  rows: undefined,
  rejected: undefined,
  loadedAt: undefined,
  duplicateOf: undefined,
  error: undefined,
} as const;

function afterClaim(
  before: ResolvedFile['file'],
  claim: FileClaim,
  run: RunItem,
): ResolvedFile['file'] {
  const { runId } = run;
  const state = claim.to ?? (run.request.kind === 'file_delete' ? 'deleted' : 'loaded');
  const changed =
    before.changed?.runId === runId ? before.changed : { runId, before: summaryOf(before) };
  const after = { ...before, state, changed, again: undefined, parked: undefined };
  switch (state) {
    case 'loaded':
      return {
        ...after,
        // Claims of earlier versions wrote what was read into the item itself.
        ...(claim.to === undefined ? { error: undefined } : { ...nothingRead, ...claim.reading }),
        loadedAt: claim.reading?.loadedAt ?? run.finishedAt ?? claim.at ?? run.createdAt,
      };
    case 'failed':
      return { ...after, ...nothingRead, ...claim.reading };
    case 'deleted':
      return { ...after, duplicateOf: undefined, error: undefined };
    case 'on_disk':
      return { ...after, ...nothingRead, parked: true };
    case 'pending':
      return { ...after, ...nothingRead };
  }
}

const summaryOf = ({
  state,
  rows,
  rejected,
  detected,
  loadedAt,
  duplicateOf,
  error,
  parked,
}: ResolvedFile['file']): NonNullable<FileItem['changed']>['before'] => ({
  state,
  rows,
  rejected,
  detected,
  loadedAt,
  duplicateOf,
  error,
  parked,
});
