import type { Table } from '../table.ts';
import { changeFiles, type FileChange } from './changeFiles.ts';
import { Claimers } from './claimers.ts';
import { removeDuplicate } from './contents.ts';
import type { FileItem, FileRef } from './fileItem.ts';
import { filesPerRead, getFiles } from './files.ts';
import type { ResolvedFile } from './resolveFile.ts';

/**
 * Writes down what already follows from the run's commits: what became of the files it claimed, and which of them
 * wait no more. Safe to repeat and safe to leave out.
 */
export async function settleFiles(
  table: Table,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  files: readonly FileRef[],
): Promise<void> {
  const claimers = new Claimers(table, tenant);
  for (let from = 0; from < files.length; from += filesPerRead) {
    const refs = files.slice(from, from + filesPerRead);
    const changes: FileChange[] = [];
    for (const stored of (await getFiles(table, tenant, sourceId, refs)).values()) {
      const resolved = await claimers.resolve(stored);
      if (stored.claim !== undefined && resolved.status !== 'processing')
        changes.push(settled(table, resolved));
    }
    // Refused: somebody else wrote it down, or it changed again.
    await changeFiles(table, changes);
  }
}

/** The change that writes down what a file is. */
export function settled(table: Table, { file, stored }: ResolvedFile): FileChange {
  const was = file.changed?.before.duplicateOf;
  const isDuplicate = file.duplicateOf !== undefined;
  return {
    before: stored,
    after: file,
    ...(isOver(file) ? { waits: false } : {}),
    also: was !== undefined && !isDuplicate ? [removeDuplicate(table, file, was, file)] : [],
  };
}

/** No run is to look at it again. */
export const isOver = ({ state, again, parked }: FileItem): boolean =>
  state === 'deleted' || parked === true || (state === 'loaded' && again === undefined);
