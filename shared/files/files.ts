import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import { sourceKey, type Table } from '../table.ts';
import {
  type FileItem,
  type FileStatus,
  fileItem,
  fileItemKey,
  fileItemPrefix,
} from './fileItem.ts';

const parseFile = ({ pk, sk, ...item }: Record<string, unknown>): FileItem => fileItem.parse(item);

/** A file as users see it. */
export interface ListedFile {
  readonly file: FileItem;
  readonly status: FileStatus;
}

export async function getFile(
  table: Table,
  tenant: string,
  sourceId: string,
  name: string,
  versionId: string,
): Promise<FileItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: fileItemKey(tenant, sourceId, name, versionId),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? null : parseFile(Item);
}

export interface FilePage {
  readonly files: readonly ListedFile[];
  /** Position of the next page, or null at the end. */
  readonly next: { readonly name: string; readonly versionId: string } | null;
}

/**
 * Files of a source by name, every version. A file's status follows from the run that claimed it: `loaded` once
 * that run committed the claim's number, `processing` while it runs, `pending` again when it ended without.
 */
export async function listFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  options: {
    readonly limit: number;
    readonly after?: { readonly name: string; readonly versionId: string };
    readonly namePrefix?: string;
  },
): Promise<FilePage> {
  const { Items, LastEvaluatedKey } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': sourceKey(tenant, sourceId),
        ':prefix': `${fileItemPrefix}${options.namePrefix ?? ''}`,
      },
      ConsistentRead: true,
      Limit: options.limit,
      ...(options.after === undefined
        ? {}
        : {
            ExclusiveStartKey: fileItemKey(
              tenant,
              sourceId,
              options.after.name,
              options.after.versionId,
            ),
          }),
    }),
  );
  const items = (Items ?? []).map(parseFile);
  const runs = new Map<string, RunItem | null>();
  const files: ListedFile[] = [];
  for (const file of items) {
    const runId = file.claim?.runId;
    if (runId !== undefined && !runs.has(runId))
      runs.set(runId, await getRun(table, tenant, runId));
    files.push({
      file,
      status: fileStatusOf(file, runId === undefined ? null : (runs.get(runId) ?? null)),
    });
  }
  const last = items.at(-1);
  return {
    files,
    next:
      LastEvaluatedKey === undefined || last === undefined
        ? null
        : { name: last.name, versionId: last.versionId },
  };
}

/** What a file's own state and its claiming run amount to. */
export function fileStatusOf(file: FileItem, run: RunItem | null): FileStatus {
  switch (file.state) {
    case 'on_disk':
    case 'pending':
    case 'failed':
    case 'loaded':
      return file.state;
    case 'deleted':
      return 'file_deleted';
    case 'claimed': {
      if (run === null || file.claim === undefined) return 'pending';
      if (run.committedSeq >= file.claim.seq)
        return run.request.kind === 'file_delete' ? 'file_deleted' : 'loaded';
      return run.status === 'queued' || run.status === 'running' ? 'processing' : 'pending';
    }
  }
}

/** The versions of one name that are still there, newest last. */
export async function versionsOf(
  table: Table,
  tenant: string,
  sourceId: string,
  name: string,
): Promise<readonly ListedFile[]> {
  const found: ListedFile[] = [];
  let after: { readonly name: string; readonly versionId: string } | undefined;
  do {
    const page: FilePage = await listFiles(table, tenant, sourceId, {
      limit: 100,
      namePrefix: `${name}#`,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.files.filter(({ file }) => file.name === name));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found
    .filter(({ status }) => status !== 'file_deleted')
    .sort((a, b) => a.file.modifiedAt.localeCompare(b.file.modifiedAt));
}
