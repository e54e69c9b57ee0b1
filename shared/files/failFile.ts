import type { RunError } from '../runs/runItem.ts';
import type { Table } from '../table.ts';
import { changeFiles } from './changeFiles.ts';
import { Claimers } from './claimers.ts';
import type { FileItem, FileRef } from './fileItem.ts';
import { getFile } from './files.ts';

const maxTries = 5;

/**
 * Says why a file could not be loaded. It stays in the inbox, and a run that a person starts tries it again. One
 * whose rows are in the table is left as it is: they are there still.
 */
export async function failFile(
  table: Table,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  { name, versionId }: FileRef,
  error: RunError,
): Promise<boolean> {
  for (let tries = 0; tries < maxTries; tries++) {
    const before = await getFile(table, tenant, sourceId, name, versionId);
    if (before === null) return false;
    const { file } = await new Claimers(table, tenant).resolve(before);
    if (file.state === 'deleted' || file.state === 'loaded') return false;
    const { claim: _, ...rest } = file;
    const after: FileItem = { ...rest, state: 'failed', error };
    if ((await changeFiles(table, [{ before, after }])).length === 0) return true;
  }
  return false;
}
