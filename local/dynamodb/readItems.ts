import db from 'dynalite/db/index.js';
import { type Item, itemBytes } from './attributeValue.ts';
import { consumed, consumedPerTable, readUnits } from './capacity.ts';
import { throwIfInvalid } from './failures.ts';
import type { ItemStore } from './itemStore.ts';
import { project } from './project.ts';
import { checkKey } from './tableDefinition.ts';
import { type Request, validateRequest } from './validateRequest.ts';

/** The item a validated request names, projected, and the whole of it. */
export function getItem(
  store: ItemStore,
  request: Request,
): { readonly item: Item | undefined; readonly whole: Item | undefined } {
  const table = store.table(request.TableName);
  checkKey(table, request.Key);
  throwIfInvalid(db.validateKeyPaths(request._projection?.nestedPaths, table));
  const whole = store.get(table, request.Key);
  const paths = request._projection?.paths;
  return { whole, item: whole && paths ? project(whole, paths) : whole };
}

/** GetItem. */
export function readItem(store: ItemStore, input: unknown): unknown {
  const request = validateRequest('GetItem', input);
  const { item, whole } = getItem(store, request);
  const units = readUnits(itemBytes(whole ?? {}), request.ConsistentRead === true);
  return {
    ...(item === undefined ? {} : { Item: item }),
    ...consumed(request.ReturnConsumedCapacity, request.TableName, units),
  };
}

/** BatchGetItem answers at most 16 MB; the other keys come back as unprocessed. */
const maxBatchBytes = 16 * 1024 * 1024;

interface BatchGet {
  readonly Keys: readonly Item[];
  readonly ConsistentRead?: boolean;
  readonly [member: string]: unknown;
}

/** BatchGetItem. */
export function batchGet(store: ItemStore, input: unknown): unknown {
  const request = validateRequest('BatchGetItem', input);
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, BatchGet & { Keys: Item[] }> = {};
  const units = new Map<string, number>();
  let bytes = 0;
  for (const [TableName, entry] of Object.entries(request.RequestItems)) {
    const { Keys, ...rest } = entry as BatchGet;
    const found: Item[] = [];
    responses[TableName] = found;
    for (const Key of Keys) {
      const { item, whole } = getItem(store, { ...rest, TableName, Key } as unknown as Request);
      const size = itemBytes(whole ?? {});
      if (bytes + size > maxBatchBytes) {
        const given = Object.entries(rest).filter(([name]) => !name.startsWith('_'));
        const left = unprocessed[TableName] ?? { ...Object.fromEntries(given), Keys: [] };
        left.Keys.push(Key);
        unprocessed[TableName] = left;
        continue;
      }
      bytes += size;
      const unit = readUnits(size, rest.ConsistentRead === true);
      units.set(TableName, (units.get(TableName) ?? 0) + unit);
      if (item !== undefined) found.push(item);
    }
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...consumedPerTable(request.ReturnConsumedCapacity, units),
  };
}
