import { noteFiles } from '../runs/noteFiles.ts';
import type { Table } from '../table.ts';
import type { Claimers } from './claimers.ts';
import { type Claimant, claimFiles, type WantedClaim } from './claimFiles.ts';
import { duplicatesOf } from './contents.ts';
import { type FileItem, type FileRef, isSameFile, refKey, refOf } from './fileItem.ts';
import { getFiles } from './files.ts';

/**
 * Claims files whose rows a commit takes out of the table. Duplicates that those rows stood for were not taken out by
 * anybody: they wait again, and the next run loads one of them. Answers every file it claimed.
 */
export async function claimGone(
  table: Table,
  claimant: Claimant,
  claimers: Claimers,
  claims: readonly WantedClaim[],
): Promise<readonly FileRef[]> {
  const before = await claimFiles(table, claimant, claimers, claims);
  const claimed: FileRef[] = [...claims];
  const gone = new Set(claims.map(refKey));
  for (const file of before.values()) {
    if (file.state !== 'loaded' || file.duplicateOf !== undefined) continue;
    for await (const refs of duplicatesOf(table, claimant.tenant, claimant.sourceId, file)) {
      const waiting = (await standingFor(table, claimant, claimers, file, refs)).filter(
        (ref) => !gone.has(refKey(ref)),
      );
      if (waiting.length === 0) continue;
      await claimFiles(table, claimant, claimers, waiting.map(waitsAgain));
      // Counted before the commit: no run can end and overlook them.
      await noteFiles(table, claimant.tenant, claimant.sourceId);
      claimed.push(...waiting);
    }
  }
  return claimed;
}

const waitsAgain = ({ name, versionId }: FileRef): WantedClaim => ({
  name,
  versionId,
  to: 'pending',
  waits: true,
});

/** Those that are duplicates of the file still, or will be by this very commit. */
async function standingFor(
  table: Table,
  { tenant, sourceId, runId, seq }: Claimant,
  claimers: Claimers,
  file: FileItem,
  refs: readonly FileRef[],
): Promise<readonly FileRef[]> {
  const found: FileRef[] = [];
  for (const stored of (await getFiles(table, tenant, sourceId, refs)).values()) {
    const { claim } = stored;
    const isOurs = claim?.runId === runId && claim.seq === seq;
    const { duplicateOf } = isOurs ? (claim.reading ?? {}) : (await claimers.resolve(stored)).file;
    if (duplicateOf !== undefined && isSameFile(duplicateOf, file)) found.push(refOf(stored));
  }
  return found;
}
