import {
  BatchGetCommand,
  type BatchGetCommandOutput,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { sourceKey, type Table } from '../table.ts';
import { Claimers } from './claimers.ts';
import {
  type FileItem,
  type FileRef,
  fileItem,
  fileItemKey,
  fileItemPrefix,
  refKey,
} from './fileItem.ts';
import type { ResolvedFile } from './resolveFile.ts';

const parseFile = ({ pk, sk, gsi2pk, gsi2sk, ...item }: Record<string, unknown>): FileItem =>
  fileItem.parse(item);

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

/** DynamoDB's limit. */
export const filesPerRead = 100;

/** Files as stored, by `refKey`; those that are not there are left out. */
export async function getFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  refs: readonly FileRef[],
): Promise<ReadonlyMap<string, FileItem>> {
  const found = new Map<string, FileItem>();
  const unique = [...new Map(refs.map((ref) => [refKey(ref), ref])).values()];
  for (let from = 0; from < unique.length; from += filesPerRead) {
    let keys: Record<string, unknown>[] | undefined = unique
      .slice(from, from + filesPerRead)
      .map((ref) => fileItemKey(tenant, sourceId, ref.name, ref.versionId));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetCommandOutput = await table.client.send(
        new BatchGetCommand({
          RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } },
        }),
      );
      for (const item of answer.Responses?.[table.name] ?? []) {
        const file = parseFile(item);
        found.set(refKey(file), file);
      }
      keys = answer.UnprocessedKeys?.[table.name]?.Keys;
    }
  }
  return found;
}

export interface FilePage {
  readonly files: readonly ResolvedFile[];
  /** Position of the next page, or null at the end. */
  readonly next: FileRef | null;
}

/** Files of a source by name, every version, as they are by the runs that claimed them. */
export async function listFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  options: {
    readonly limit: number;
    readonly after?: FileRef;
    readonly namePrefix?: string;
    /** Only those that this run claimed or changed. A page may then be empty though others follow. */
    readonly touchedBy?: string;
    readonly claimers?: Claimers;
  },
): Promise<FilePage> {
  const { limit, after, namePrefix = '', touchedBy } = options;
  const { Items, LastEvaluatedKey } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': sourceKey(tenant, sourceId),
        ':prefix': `${fileItemPrefix}${namePrefix}`,
        ...(touchedBy === undefined ? {} : { ':run': touchedBy }),
      },
      ...(touchedBy === undefined
        ? {}
        : {
            FilterExpression: '#claim.runId = :run OR #changed.runId = :run',
            ExpressionAttributeNames: { '#claim': 'claim', '#changed': 'changed' },
          }),
      ConsistentRead: true,
      Limit: limit,
      ...(after === undefined
        ? {}
        : { ExclusiveStartKey: fileItemKey(tenant, sourceId, after.name, after.versionId) }),
    }),
  );
  const claimers = options.claimers ?? new Claimers(table, tenant);
  const files: ResolvedFile[] = [];
  for (const item of Items ?? []) files.push(await claimers.resolve(parseFile(item)));
  return { files, next: LastEvaluatedKey === undefined ? null : refInKey(LastEvaluatedKey) };
}

/** The file that a key of the table names. */
function refInKey({ sk }: Record<string, unknown>): FileRef {
  const rest = String(sk).slice(fileItemPrefix.length);
  // S3's version ids hold no #, names may.
  const at = rest.lastIndexOf('#');
  return { name: rest.slice(0, at), versionId: rest.slice(at + 1) };
}

/** All files of a source in pages, as `listFiles` answers them. */
export async function* allFiles(
  table: Table,
  tenant: string,
  sourceId: string,
  options: Omit<Parameters<typeof listFiles>[3], 'limit'> = {},
): AsyncGenerator<readonly ResolvedFile[]> {
  const claimers = options.claimers ?? new Claimers(table, tenant);
  let after: FileRef | null | undefined = options.after;
  do {
    const page: FilePage = await listFiles(table, tenant, sourceId, {
      ...options,
      claimers,
      limit: 500,
      ...(after == null ? {} : { after }),
    });
    yield page.files;
    after = page.next;
  } while (after !== null);
}

/** The versions of one name that are still there, oldest first. */
export async function versionsOf(
  table: Table,
  tenant: string,
  sourceId: string,
  name: string,
  claimers: Claimers = new Claimers(table, tenant),
): Promise<readonly ResolvedFile[]> {
  return (await everyVersionOf(table, tenant, sourceId, name, claimers)).filter(
    ({ status }) => status !== 'file_deleted',
  );
}

/** The versions of one name, deleted ones too, oldest first. */
export async function everyVersionOf(
  table: Table,
  tenant: string,
  sourceId: string,
  name: string,
  claimers: Claimers = new Claimers(table, tenant),
): Promise<readonly ResolvedFile[]> {
  const found: ResolvedFile[] = [];
  const pages = allFiles(table, tenant, sourceId, { namePrefix: `${name}#`, claimers });
  for await (const files of pages) found.push(...files.filter(({ file }) => file.name === name));
  return found.sort((a, b) => a.file.modifiedAt.localeCompare(b.file.modifiedAt));
}
