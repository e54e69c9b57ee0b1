import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { sourceKey, type Table } from '../table.ts';
import type { FileItem } from './fileItem.ts';

type Waiting = Pick<FileItem, 'tenant' | 'sourceId' | 'name' | 'versionId' | 'modifiedAt'>;

/**
 * One small marker per file that waits to be loaded, in order of arrival, so that a run need not look at every
 * file a source ever had. Sort key `INBOX#<modifiedAt>#<name>#<versionId>`. Removed once the file is settled.
 */
export const inboxKey = (file: Waiting): { pk: string; sk: string } => ({
  pk: sourceKey(file.tenant, file.sourceId),
  sk: `INBOX#${file.modifiedAt}#${file.name}#${file.versionId}`,
});

export const inboxItem = (file: Waiting & Pick<FileItem, 'sequencer'>) => ({
  ...inboxKey(file),
  name: file.name,
  versionId: file.versionId,
  modifiedAt: file.modifiedAt,
  sequencer: file.sequencer,
});

export interface InboxEntry {
  readonly name: string;
  readonly versionId: string;
}

type Dated = Pick<FileItem, 'sequencer' | 'modifiedAt' | 'versionId'>;

/** Tells the newer of two versions of one name: by the bucket's own order where it is known. No two are equal. */
export function isNewer(a: Dated, b: Dated): boolean {
  if (a.versionId === b.versionId) return false;
  const [left = '', right = ''] = [a.sequencer, b.sequencer].map((text = '') =>
    text === '' ? '' : text.padStart(32, '0'),
  );
  if (left !== '' && right !== '' && left !== right) return left > right;
  return a.modifiedAt === b.modifiedAt ? a.versionId > b.versionId : a.modifiedAt > b.modifiedAt;
}

/** Files that wait, oldest first, in pages. */
export async function* readInbox(
  table: Table,
  tenant: string,
  sourceId: string,
  filesPerPage = 200,
): AsyncGenerator<readonly InboxEntry[]> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': sourceKey(tenant, sourceId), ':prefix': 'INBOX#' },
        ConsistentRead: true,
        Limit: filesPerPage,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    yield (page.Items ?? []).map(({ name, versionId }) => ({
      name: String(name),
      versionId: String(versionId),
    }));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
