import db from 'dynalite/db/index.js';
import { applyUpdate } from './applyUpdate.ts';
import { type Item, itemBytes } from './attributeValue.ts';
import { consumed, consumedPerTable, writeUnits } from './capacity.ts';
import { matches } from './conditions.ts';
import { ConditionFailed, throwIfInvalid, validationError } from './failures.ts';
import type { ItemStore } from './itemStore.ts';
import { project } from './project.ts';
import { checkItem, checkKey, keyOf, rowKey, type TableDefinition } from './tableDefinition.ts';
import { maxItemBytes, type Request, validateRequest } from './validateRequest.ts';

export type WriteKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

const onFailure = 'ReturnValuesOnConditionCheckFailure';

/** A validated write. `Update` without an expression creates the item, as DynamoDB does. */
export function validateWrite(kind: WriteKind, input: unknown): Request {
  // A condition check takes what a delete takes, and deletes nothing.
  const operation = kind === 'ConditionCheck' ? 'DeleteItem' : (`${kind}Item` as const);
  const request = validateRequest(operation, input, [onFailure]);
  const wanted = request.ReturnValuesOnConditionCheckFailure;
  if (wanted !== undefined && wanted !== 'ALL_OLD' && wanted !== 'NONE')
    throw validationError(
      `1 validation error detected: Value '${wanted}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
    );
  return request;
}

/** The key a write is about; throws when it does not fit the table. */
export function keyOfWrite(table: TableDefinition, kind: WriteKind, request: Request): Item {
  if (kind === 'Put') {
    checkItem(table, request.Item);
    return keyOf(table, request.Item);
  }
  checkKey(table, request.Key);
  if (kind === 'Update') {
    throwIfInvalid(db.validateUpdates(undefined, request._updates, table));
  }
  return request.Key;
}

export interface Written {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** Checks the condition and writes. MUST run inside the store's transaction. */
export function performWrite(store: ItemStore, kind: WriteKind, request: Request): Written {
  const table = store.table(request.TableName);
  const key = keyOfWrite(table, kind, request);
  const before = store.get(table, key);
  if (request._condition !== undefined && !matches(before ?? {}, request._condition.expression))
    throw new ConditionFailed(
      request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? before : undefined,
    );
  if (kind === 'ConditionCheck') return { before, after: before };
  const after = itemAfter(table, kind, request, before, key);
  store.write(table, before, after);
  return { before, after };
}

function itemAfter(
  table: TableDefinition,
  kind: WriteKind,
  request: Request,
  before: Item | undefined,
  key: Item,
): Item | undefined {
  if (kind === 'Delete') return undefined;
  if (kind === 'Put') {
    if (itemBytes(request.Item) > maxItemBytes)
      throw validationError('Item size has exceeded the maximum allowed size');
    return request.Item;
  }
  const base = before ?? key;
  const after = request._updates === undefined ? base : applyUpdate(base, request._updates);
  checkItem(table, after);
  if (itemBytes(after) > maxItemBytes)
    throw validationError('Item size to update has exceeded the maximum allowed size');
  return after;
}

/** PutItem, UpdateItem, DeleteItem. */
export function writeItem(store: ItemStore, kind: WriteKind, input: unknown): unknown {
  const request = validateWrite(kind, input);
  const { before, after } = store.transaction(() => performWrite(store, kind, request));
  const attributes = returnedValues(request, before, after);
  return {
    ...(attributes === undefined ? {} : { Attributes: attributes }),
    ...consumed(request.ReturnConsumedCapacity, request.TableName, writeUnits(before, after)),
  };
}

function returnedValues(
  request: Request,
  before: Item | undefined,
  after: Item | undefined,
): Item | undefined {
  const paths = request._updates?.paths ?? [];
  switch (request.ReturnValues) {
    case 'ALL_OLD':
      return before;
    case 'ALL_NEW':
      return after;
    case 'UPDATED_OLD':
      return before && nonEmpty(project(before, paths));
    case 'UPDATED_NEW':
      return after && nonEmpty(project(after, paths));
    default:
      return undefined;
  }
}

const nonEmpty = (item: Item): Item | undefined =>
  Object.keys(item).length === 0 ? undefined : item;

interface BatchWrite {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

/** BatchWriteItem; stronger than AWS: all of it or nothing, and never unprocessed items. */
export function batchWrite(store: ItemStore, input: unknown): unknown {
  const request = validateRequest('BatchWriteItem', input);
  const writes = Object.entries(request.RequestItems).flatMap(([TableName, list]) =>
    (list as readonly BatchWrite[]).map(({ PutRequest, DeleteRequest }) =>
      PutRequest === undefined
        ? { kind: 'Delete' as const, request: { TableName, Key: DeleteRequest?.Key ?? {} } }
        : { kind: 'Put' as const, request: { TableName, Item: PutRequest.Item } },
    ),
  );
  if (writes.length > 25)
    throw validationError('Too many items requested for the BatchWriteItem call');
  const units = new Map<string, number>();
  store.transaction(() => {
    const seen = new Set<string>();
    for (const { kind, request: raw } of writes) {
      const write = raw as unknown as Request;
      const table = store.table(write.TableName);
      const id = `${write.TableName}/${rowKey(table, keyOfWrite(table, kind, write))}`;
      if (seen.has(id)) throw validationError('Provided list of item keys contains duplicates');
      seen.add(id);
      const { before, after } = performWrite(store, kind, write);
      const sum = (units.get(write.TableName) ?? 0) + writeUnits(before, after);
      units.set(write.TableName, sum);
    }
  });
  return { UnprocessedItems: {}, ...consumedPerTable(request.ReturnConsumedCapacity, units) };
}
