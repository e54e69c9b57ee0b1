import { isDeepStrictEqual } from 'node:util';
import { prefetch } from '../lake/prefetch.ts';
import type { Table } from '../table.ts';
import { type TransactItem, transact } from '../transact.ts';
import { type FileItem, fileItem, fileItemKey } from './fileItem.ts';
import { goneIndexOf } from './goneIndex.ts';
import { inboxItem, inboxKey } from './inbox.ts';

/** A file as it was read, and as it is to be. */
export interface FileChange {
  /** null: it is new. */
  readonly before: FileItem | null;
  readonly after: FileItem;
  /** Whether a run is to find it; left out: as before. */
  readonly waits?: boolean;
  /** Written in the same transaction, each with its own condition. */
  readonly also?: readonly TransactItem[];
}

/** DynamoDB's limit. */
const itemsPerTransaction = 100;
const transactionsAtATime = 4;

/**
 * Writes changes of files, many in one transaction, each conditioned on the file being as it was read. Answers those
 * that were refused; all others happened. No file may be in it twice.
 */
export async function changeFiles(
  table: Table,
  changes: readonly FileChange[],
): Promise<readonly FileChange[]> {
  const refused: FileChange[] = [];
  for await (const some of prefetch(groupsOf(table, changes), transactionsAtATime, (group) =>
    writeGroup(table, group),
  ))
    refused.push(...some);
  return refused;
}

interface Written {
  readonly change: FileChange;
  readonly items: readonly TransactItem[];
}

function* groupsOf(table: Table, changes: readonly FileChange[]): Generator<readonly Written[]> {
  let group: Written[] = [];
  let size = 0;
  for (const change of changes) {
    const items = itemsOf(table, change);
    if (items.length === 0) continue;
    if (size + items.length > itemsPerTransaction) {
      yield group;
      group = [];
      size = 0;
    }
    group.push({ change, items });
    size += items.length;
  }
  if (group.length > 0) yield group;
}

/** Writes a group without those of it that are refused. */
async function writeGroup(table: Table, group: readonly Written[]): Promise<readonly FileChange[]> {
  const refused: FileChange[] = [];
  let left = group;
  while (left.length > 0) {
    const owners = left.flatMap((written) => written.items.map(() => written));
    const result = await transact(
      table,
      left.flatMap(({ items }) => items),
    );
    if (result.done) break;
    const out = new Set(result.refused.map((position) => owners[position]));
    refused.push(...left.filter((written) => out.has(written)).map(({ change }) => change));
    left = left.filter((written) => !out.has(written));
  }
  return refused;
}

function itemsOf(table: Table, { before, after, waits, also = [] }: FileChange): TransactItem[] {
  const items: TransactItem[] = [];
  if (before === null || !isDeepStrictEqual(plain(before), plain(after)))
    items.push(putFile(table, before, after));
  if (waits === true) items.push({ Put: { TableName: table.name, Item: inboxItem(after) } });
  if (waits === false) items.push({ Delete: { TableName: table.name, Key: inboxKey(after) } });
  return [...items, ...also];
}

/** As it is stored: a field that is undefined is not there. */
const plain = (file: FileItem): object =>
  Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));

function putFile(table: Table, before: FileItem | null, after: FileItem): TransactItem {
  const { tenant, sourceId, name, versionId } = after;
  const rev = before?.rev;
  const condition =
    before === null
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : rev === undefined
        ? {
            ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(#rev)',
            ExpressionAttributeNames: { '#rev': 'rev' },
          }
        : {
            ConditionExpression: '#rev = :rev',
            ExpressionAttributeNames: { '#rev': 'rev' },
            ExpressionAttributeValues: { ':rev': rev },
          };
  return {
    Put: {
      TableName: table.name,
      Item: {
        // What could not be read again is not written.
        ...fileItem.parse(after),
        ...fileItemKey(tenant, sourceId, name, versionId),
        rev: before === null ? 0 : (rev ?? 0) + 1,
        ...goneIndexOf(after),
      },
      ...condition,
    },
  };
}
