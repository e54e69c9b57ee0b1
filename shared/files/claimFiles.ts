import { fenceLost } from '../runs/lock.ts';
import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import { changeFiles, type FileChange } from './changeFiles.ts';
import type { Claimers } from './claimers.ts';
import {
  type FileClaim,
  type FileItem,
  type FileRef,
  type RestingState,
  refKey,
} from './fileItem.ts';
import { filesPerRead, getFiles } from './files.ts';

/** Who claims, and the commit that the claims wait for. */
export interface Claimant {
  readonly tenant: string;
  readonly sourceId: string;
  readonly runId: string;
  readonly token: number;
  readonly attempt: number;
  readonly seq: number;
  readonly at: Date;
}

/** What the commit is to make of a file. */
export interface WantedClaim extends FileRef {
  readonly to: RestingState;
  readonly reading?: FileClaim['reading'];
  /** Its inbox marker is put, so that a run looks at it once the commit has happened. */
  readonly waits?: true;
  readonly also?: readonly TransactItem[];
}

const maxTries = 5;

/**
 * Says what a commit will make of files. Whether it happened follows from the run, so claims by a run that dies mean
 * nothing. Files that are gone are left out. Answers the files as they are before the commit, by `refKey`.
 *
 * Throws `fence_lost` when a later invocation has claimed one of them.
 */
export async function claimFiles(
  table: Table,
  claimant: Claimant,
  claimers: Claimers,
  claims: readonly WantedClaim[],
): Promise<ReadonlyMap<string, FileItem>> {
  const files = new Map<string, FileItem>();
  for (let from = 0; from < claims.length; from += filesPerRead)
    await claimSome(table, claimant, claimers, claims.slice(from, from + filesPerRead), files);
  return files;
}

async function claimSome(
  table: Table,
  claimant: Claimant,
  claimers: Claimers,
  claims: readonly WantedClaim[],
  files: Map<string, FileItem>,
): Promise<void> {
  const { tenant, sourceId } = claimant;
  let left = claims;
  for (let tries = 0; left.length > 0; tries++) {
    // Nobody else changes files that a run holds, but for a person now and then, and the dead.
    if (tries === maxTries) throw fenceLost(claimant);
    const stored = await getFiles(table, tenant, sourceId, left);
    const changes: FileChange[] = [];
    for (const claim of left) {
      const before = stored.get(refKey(claim));
      if (before === undefined) continue;
      const { file } = await claimers.resolve(before);
      files.set(refKey(claim), file);
      changes.push(changeOf(claimant, before, file, claim));
    }
    const refused = new Set((await changeFiles(table, changes)).map(({ after }) => refKey(after)));
    left = left.filter((claim) => refused.has(refKey(claim)));
  }
}

function changeOf(
  { runId, token, attempt, seq, at, ...place }: Claimant,
  before: FileItem,
  file: FileItem,
  { to, reading, waits, also = [] }: WantedClaim,
): FileChange {
  const { fence } = before;
  if (
    fence !== undefined &&
    (fence.token > token || (fence.token === token && fence.attempt > attempt))
  )
    throw fenceLost({ ...place, runId, token });
  const claim: FileClaim = {
    runId,
    seq,
    attempt,
    to,
    at: at.toISOString(),
    ...(reading === undefined ? {} : { reading }),
  };
  return {
    before,
    after: { ...file, claim, fence: { token, attempt } },
    ...(waits === undefined ? {} : { waits }),
    also,
  };
}
