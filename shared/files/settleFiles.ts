import type { RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { type FileItem, fileItemKey } from './fileItem.ts';
import { getFile, versionsOf } from './files.ts';
import { type InboxEntry, inboxKey } from './inbox.ts';
import { supersedeFile } from './supersedeFile.ts';

/**
 * Writes down what already follows from the run's committed sequence: a claimed file is loaded (or deleted), and
 * its inbox marker goes. Safe to repeat and safe to leave out.
 */
export async function settleFiles(
  table: Table,
  {
    tenant,
    sourceId,
    runId,
  }: { readonly tenant: string; readonly sourceId: string; readonly runId: string },
  files: readonly InboxEntry[],
  now: Date,
): Promise<void> {
  const run = await getRun(table, tenant, runId);
  if (run === null) return;
  for (const { name, versionId } of files) {
    const file = await getFile(table, tenant, sourceId, name, versionId);
    if (file !== null) await settleFile(table, file, run, now);
  }
}

/** True when the file's claim was committed by `run` and is now settled. */
export async function settleFile(
  table: Table,
  file: FileItem,
  run: RunItem,
  now: Date,
): Promise<boolean> {
  const committed =
    file.claim !== undefined &&
    file.claim.runId === run.runId &&
    run.committedSeq >= file.claim.seq;
  if (!committed) return false;
  await transact(table, [
    {
      Update: {
        TableName: table.name,
        Key: fileItemKey(file.tenant, file.sourceId, file.name, file.versionId),
        UpdateExpression: 'SET #state = :state, loadedAt = if_not_exists(loadedAt, :now)',
        ConditionExpression: '#state = :claimed AND #claim.runId = :run',
        ExpressionAttributeNames: { '#state': 'state', '#claim': 'claim' },
        ExpressionAttributeValues: {
          ':state': run.request.kind === 'file_delete' ? 'deleted' : 'loaded',
          ':claimed': 'claimed',
          ':run': run.runId,
          ':now': run.finishedAt ?? now.toISOString(),
        },
      },
    },
    { Delete: { TableName: table.name, Key: inboxKey(file) } },
  ]);
  if (file.replaces && run.request.kind === 'ingest') await retireEarlierVersions(table, file);
  return true;
}

/** The rows of earlier versions went in the snapshot that brought this one's. */
async function retireEarlierVersions(table: Table, file: FileItem): Promise<void> {
  for (const { file: other } of await versionsOf(table, file.tenant, file.sourceId, file.name))
    if (other.versionId !== file.versionId && other.modifiedAt <= file.modifiedAt)
      await supersedeFile(table, file, { ...other, sequencer: other.sequencer ?? '' });
}
