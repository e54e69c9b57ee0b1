import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { sourceKey, type Table } from '../table.ts';
import type { FileItem } from './fileItem.ts';

/**
 * One small marker per file that waits to be loaded, in order of arrival, so that a run need not look at every
 * file a source ever had. Sort key `INBOX#<modifiedAt>#<name>#<versionId>`. Removed once the file is settled.
 */
export const inboxKey = (
  file: Pick<FileItem, 'tenant' | 'sourceId' | 'name' | 'versionId' | 'modifiedAt'>,
): { pk: string; sk: string } => ({
  pk: sourceKey(file.tenant, file.sourceId),
  sk: `INBOX#${file.modifiedAt}#${file.name}#${file.versionId}`,
});

export interface InboxEntry {
  readonly name: string;
  readonly versionId: string;
}

/** An entry with what decides which of two versions of one name is the newer. */
export interface DatedInboxEntry extends InboxEntry {
  readonly modifiedAt: string;
  readonly sequencer: string;
}

export const isNewer = (a: DatedInboxEntry, b: DatedInboxEntry): boolean =>
  a.sequencer !== '' && b.sequencer !== ''
    ? a.sequencer.padStart(32, '0') > b.sequencer.padStart(32, '0')
    : a.modifiedAt > b.modifiedAt;

/** Files that wait, oldest first. */
export async function* readInbox(
  table: Table,
  tenant: string,
  sourceId: string,
): AsyncGenerator<DatedInboxEntry> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': sourceKey(tenant, sourceId), ':prefix': 'INBOX#' },
        ConsistentRead: true,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const { name, versionId, modifiedAt, sequencer } of page.Items ?? [])
      yield {
        name: String(name),
        versionId: String(versionId),
        modifiedAt: String(modifiedAt),
        sequencer: String(sequencer ?? ''),
      };
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
