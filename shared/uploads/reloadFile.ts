import { HeadgateError } from '../errors.ts';
import { changeFiles } from '../files/changeFiles.ts';
import type { FileItem } from '../files/fileItem.ts';
import { versionsOf } from '../files/files.ts';
import { isNewer } from '../files/inbox.ts';
import type { ResolvedFile } from '../files/resolveFile.ts';
import type { Table } from '../table.ts';

const maxTries = 5;

/**
 * Has the next run load a file again, be it loaded, on disk or failed. Of several versions of one name it is the
 * newest. `force`: although another file with the same bytes is loaded. Throws `not_found`, and `sync_in_progress`
 * while a run has it.
 */
export async function reloadFile(
  table: Table,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  name: string,
  force: boolean,
): Promise<FileItem> {
  for (let tries = 0; tries < maxTries; tries++) {
    const found = newestOf(await versionsOf(table, tenant, sourceId, name));
    if (found === null)
      throw new HeadgateError(
        'not_found',
        'The source has no such file; a deleted one can be restored.',
      );
    const { file, stored, status } = found;
    if (status === 'processing')
      throw new HeadgateError(
        'sync_in_progress',
        `A run is at work on "${name}". Ask again once it is over.`,
      );
    const after: FileItem = {
      ...file,
      ...(file.state === 'loaded' ? {} : { state: 'pending', error: undefined }),
      parked: undefined,
      again: force ? 'force' : file.state === 'loaded' ? 'reload' : undefined,
    };
    const refused = await changeFiles(table, [{ before: stored, after, waits: true }]);
    if (refused.length === 0) return after;
  }
  throw new HeadgateError('service_unavailable', `"${name}" keeps changing.`, {
    retryAfterSeconds: 1,
  });
}

const newestOf = (versions: readonly ResolvedFile[]): ResolvedFile | null =>
  versions.reduce<ResolvedFile | null>(
    (newest, each) => (newest === null || isNewer(each.file, newest.file) ? each : newest),
    null,
  );
