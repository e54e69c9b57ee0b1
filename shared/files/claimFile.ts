import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { RunError } from '../runs/runItem.ts';
import type { LoadedFile } from '../staging/streamLoader.ts';
import type { Table } from '../table.ts';
import { type FileItem, fileItemKey } from './fileItem.ts';
import type { InboxEntry } from './inbox.ts';

type Source = Pick<FileItem, 'tenant' | 'sourceId'>;

/**
 * Says that this commit of this run loads (or removes) the file. Whether that happened follows from the run's
 * committed sequence, so a claim by a run that died is simply claimed again. False when the file is gone.
 */
export async function claimFile(
  table: Table,
  source: Source,
  file: InboxEntry,
  claim: { readonly runId: string; readonly seq: number },
  loaded: LoadedFile | null,
): Promise<boolean> {
  const sets = ['#state = :claimed', '#claim = :claim'];
  const values: Record<string, unknown> = {
    ':claimed': 'claimed',
    ':claim': claim,
    ':deleted': 'deleted',
  };
  const names: Record<string, string> = { '#state': 'state', '#claim': 'claim' };
  if (loaded !== null)
    for (const [name, value] of [
      ['rows', loaded.rows],
      ['rejected', loaded.rejected],
      ['detected', loaded.detected],
      ['contentHash', loaded.contentHash],
    ] as const) {
      sets.push(`#${name} = :${name}`);
      names[`#${name}`] = name;
      values[`:${name}`] = value;
    }
  names['#error'] = 'error';
  return update(table, source, file, `SET ${sets.join(', ')} REMOVE #error`, names, values);
}

/** Says why a file could not be loaded. It stays in the inbox, and a run that a person starts tries it again. */
export async function failFile(
  table: Table,
  source: Source,
  file: InboxEntry,
  error: RunError,
): Promise<boolean> {
  return update(
    table,
    source,
    file,
    'SET #state = :failed, #error = :error REMOVE #claim',
    { '#state': 'state', '#error': 'error', '#claim': 'claim' },
    { ':failed': 'failed', ':error': error, ':deleted': 'deleted' },
  );
}

async function update(
  table: Table,
  { tenant, sourceId }: Source,
  { name, versionId }: InboxEntry,
  UpdateExpression: string,
  ExpressionAttributeNames: Record<string, string>,
  ExpressionAttributeValues: Record<string, unknown>,
): Promise<boolean> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: fileItemKey(tenant, sourceId, name, versionId),
        UpdateExpression,
        ConditionExpression: 'attribute_exists(pk) AND #state <> :deleted',
        ExpressionAttributeNames,
        ExpressionAttributeValues,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
