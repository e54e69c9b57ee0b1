import { noteFiles } from '../runs/noteFiles.ts';
import type { Table } from '../table.ts';
import { changeFiles } from './changeFiles.ts';
import type { FileItem } from './fileItem.ts';

/**
 * Records a batch of files that arrived, before anything is done with them, then counts it once on the source's
 * lock, so that no run can overlook it. Recording the same version again changes nothing, because events come more
 * than once.
 */
export async function recordFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  files: readonly FileItem[],
): Promise<{ readonly recorded: number }> {
  const byKey = new Map(files.map((file) => [`${file.name}#${file.versionId}`, file]));
  const known = await changeFiles(
    table,
    [...byKey.values()].map((after) => ({ before: null, after, waits: true })),
  );
  // Also when nothing was new: the process that recorded them may have died before it counted.
  await noteFiles(table, tenant, sourceId);
  return { recorded: byKey.size - known.length };
}
