import db from 'dynalite/db/index.js';
import { type Item, itemBytes } from './attributeValue.ts';
import { consumed, readUnits } from './capacity.ts';
import { matches } from './conditions.ts';
import { throwIfInvalid, validationError } from './failures.ts';
import type { ItemStore, RowRange } from './itemStore.ts';
import { keyRange } from './keyRange.ts';
import { project } from './project.ts';
import {
  checkKey,
  type IndexDefinition,
  indexRowKey,
  keyNames,
  keyOf,
  pick,
  rowKey,
  type TableDefinition,
} from './tableDefinition.ts';
import { type Request, validateRequest } from './validateRequest.ts';

/** A page of Query or Scan ends when this much has been read, before any filter. */
const maxPageBytes = 1024 * 1024;

interface Target {
  readonly table: TableDefinition;
  readonly index: IndexDefinition | undefined;
  readonly isGlobal: boolean;
  readonly schema: TableDefinition['KeySchema'];
}

/** Query. */
export function query(store: ItemStore, input: unknown): unknown {
  const request = validateRequest('Query', input);
  const target = findTarget(store, request);
  const range = keyRange(target.table, target.schema, request.KeyConditions);
  for (const name of keyNames(target.schema))
    if (request._filter?.pathHeads[name] === true)
      throw validationError(
        `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
      );
  return page(store, request, target, {
    ...startingAfter(request, target, range),
    backward: request.ScanIndexForward === false,
  });
}

/** Scan; a segment covers an equal share of the partition keys' hashes. */
export function scan(store: ItemStore, input: unknown): unknown {
  const request = validateRequest('Scan', input);
  const target = findTarget(store, request);
  const { Segment = 0, TotalSegments = 1 } = request;
  const hash = (segment: number): string =>
    Math.ceil((4096 * segment) / TotalSegments)
      .toString(16)
      .padStart(3, '0');
  const range =
    TotalSegments === 1
      ? {}
      : {
          from: hash(Segment),
          before: Segment + 1 === TotalSegments ? '~' : hash(Segment + 1),
        };
  return page(store, request, target, startingAfter(request, target, range));
}

function findTarget(store: ItemStore, request: Request): Target {
  const table = store.table(request.TableName);
  const { IndexName } = request;
  if (IndexName === undefined)
    return { table, index: undefined, isGlobal: false, schema: table.KeySchema };
  const named = (index: IndexDefinition): boolean => index.IndexName === IndexName;
  const global = table.GlobalSecondaryIndexes.find(named);
  const index = global ?? table.LocalSecondaryIndexes.find(named);
  if (index === undefined)
    throw validationError(`The table does not have the specified index: ${IndexName}`);
  if (global !== undefined && request.ConsistentRead === true)
    throw validationError('Consistent reads are not supported on global secondary indexes');
  return { table, index, isGlobal: global !== undefined, schema: index.KeySchema };
}

/** The range from the row after `ExclusiveStartKey` on. */
function startingAfter(request: Request, target: Target, range: RowRange): RowRange {
  const start = request.ExclusiveStartKey;
  if (start === undefined) return range;
  const { table, index, schema } = target;
  const names = new Set([...keyNames(table.KeySchema), ...keyNames(schema)]);
  if (Object.keys(start).length !== names.size || [...names].some((name) => !start[name]))
    throw validationError(
      'The provided starting key is invalid: The provided key element does not match the schema',
    );
  checkKey(table, keyOf(table, start));
  if (index !== undefined)
    throwIfInvalid(db.validateKey(pick(start, keyNames(schema)), table, schema));
  const key = index === undefined ? rowKey(table, start) : indexRowKey(table, index, start);
  const outside =
    (range.from !== undefined && key < range.from) ||
    (range.after !== undefined && key <= range.after) ||
    (range.before !== undefined && key >= range.before) ||
    (range.to !== undefined && key > range.to);
  if (outside)
    throw validationError(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
  if (request.ScanIndexForward === false) {
    const { to: _to, ...rest } = range;
    return { ...rest, before: key };
  }
  const { from: _from, ...rest } = range;
  return { ...rest, after: key };
}

function page(store: ItemStore, request: Request, target: Target, range: RowRange): unknown {
  const { table, index } = target;
  const finish = finisher(store, request, target);
  const items: Item[] = [];
  let bytes = 0;
  let scanned = 0;
  let count = 0;
  let last: Item | undefined;
  for (const { item } of store.rows(table, index?.IndexName, range)) {
    scanned += 1;
    bytes += itemBytes(item);
    const whole = finish.fetch(item);
    if (request._filter === undefined || matches(whole, request._filter.expression)) {
      count += 1;
      if (request.Select !== 'COUNT') items.push(finish.project(whole));
    }
    if (scanned === request.Limit || bytes >= maxPageBytes) {
      const names = new Set([...keyNames(table.KeySchema), ...keyNames(target.schema)]);
      last = pick(item, [...names]);
      break;
    }
  }
  return {
    ...(request.Select === 'COUNT' ? {} : { Items: items }),
    Count: count,
    ScannedCount: scanned,
    ...(last === undefined ? {} : { LastEvaluatedKey: last }),
    ...consumed(
      request.ReturnConsumedCapacity,
      request.TableName,
      readUnits(bytes, request.ConsistentRead === true),
    ),
  };
}

/** How a row becomes an item of the answer: local indexes fetch what they lack, global ones refuse to. */
function finisher(
  store: ItemStore,
  request: Request,
  { table, index, isGlobal }: Target,
): { fetch(row: Item): Item; project(item: Item): Item } {
  const paths = request._projection?.paths;
  throwIfInvalid(db.validateKeyPaths(request._projection?.nestedPaths, table));
  throwIfInvalid(db.validateKeyPaths(request._filter?.nestedPaths, table));
  if (request.Select === 'SPECIFIC_ATTRIBUTES' && paths === undefined)
    throw validationError(
      'One or more parameter values were invalid: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  if (request.Select === 'ALL_PROJECTED_ATTRIBUTES' && index === undefined)
    throw validationError(
      'One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName',
    );
  const missing = index === undefined ? [] : lacking(table, index, paths ?? []);
  const partial = index !== undefined && index.Projection.ProjectionType !== 'ALL';
  const wantsAll = partial && request.Select === 'ALL_ATTRIBUTES';
  if (isGlobal && wantsAll)
    throw validationError(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${index?.IndexName} because its projection type is not ALL`,
    );
  if (isGlobal && missing.length > 0)
    throw validationError(
      `One or more parameter values were invalid: Global secondary index ${index?.IndexName} does not project [${missing.join(', ')}]`,
    );
  const fetches = wantsAll || missing.length > 0;
  return {
    fetch: (row) => (fetches ? (store.get(table, keyOf(table, row)) ?? row) : row),
    project: (item) => (paths === undefined ? item : project(item, paths)),
  };
}

function lacking(
  table: TableDefinition,
  index: IndexDefinition,
  paths: readonly (readonly (string | number)[])[],
): readonly string[] {
  if (index.Projection.ProjectionType === 'ALL') return [];
  const has = new Set([
    ...keyNames(table.KeySchema),
    ...keyNames(index.KeySchema),
    ...(index.Projection.NonKeyAttributes ?? []),
  ]);
  return paths.map(([head]) => String(head)).filter((head) => !has.has(head));
}
