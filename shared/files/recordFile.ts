import { noteFiles } from '../runs/noteFiles.ts';
import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { type FileItem, fileItemKey } from './fileItem.ts';
import { inboxKey } from './inbox.ts';

/**
 * Writes down that a file arrived, before anything is done with it. Recording the same version again changes
 * nothing, because events come more than once. Answers whether it was new.
 */
export async function recordFile(table: Table, file: FileItem): Promise<boolean> {
  const { done } = await transact(table, [
    {
      Put: {
        TableName: table.name,
        Item: { ...fileItemKey(file.tenant, file.sourceId, file.name, file.versionId), ...file },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    {
      Put: {
        TableName: table.name,
        Item: {
          ...inboxKey(file),
          name: file.name,
          versionId: file.versionId,
          modifiedAt: file.modifiedAt,
          ...(file.sequencer === undefined ? {} : { sequencer: file.sequencer }),
        },
      },
    },
  ]);
  return done;
}

/** Records a batch, then counts it once on the source's lock, so that no run can overlook it. */
export async function recordFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  files: readonly FileItem[],
): Promise<{ readonly recorded: number }> {
  let recorded = 0;
  for (const file of files) if (await recordFile(table, file)) recorded += 1;
  // Also when nothing was new: the process that recorded them may have died before it counted.
  await noteFiles(table, tenant, sourceId);
  return { recorded };
}
