import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { type FileItem, fileItemKey } from './fileItem.ts';
import { type DatedInboxEntry, inboxKey } from './inbox.ts';

/** A newer version of the same name waits, or was loaded in this one's place: this one is over. */
export async function supersedeFile(
  table: Table,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  entry: DatedInboxEntry,
): Promise<void> {
  await transact(table, [
    {
      Update: {
        TableName: table.name,
        Key: fileItemKey(tenant, sourceId, entry.name, entry.versionId),
        UpdateExpression: 'SET #state = :deleted',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':deleted': 'deleted' },
      },
    },
    { Delete: { TableName: table.name, Key: inboxKey({ tenant, sourceId, ...entry }) } },
  ]);
}
