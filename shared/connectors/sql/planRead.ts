import { HeadgateError } from '../../errors.ts';
import type { StreamRequest } from '../connector.ts';
import { resumeAt } from './resumeAt.ts';
import type { Position, SqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlColumn, SqlTable } from './sqlDialect.ts';
import { type SqlSlice, sqlSlice } from './sqlSlice.ts';

/** What one read does, decided from the catalogue, the request and the position; nothing is asked yet. */
export interface ReadPlan {
  readonly kind: SqlCheckpoint['read'];
  /** Columns delivered: those asked for, and those the order needs. */
  readonly columns: readonly SqlColumn[];
  readonly cursor: SqlColumn | null;
  /** Columns that tell any two rows apart and are never null; empty where none do. */
  readonly key: readonly SqlColumn[];
  /** Cursor, then key; for a whole table its key alone, else its cursor. Empty: there is no order to resume in. */
  readonly order: readonly SqlColumn[];
  /** Whether the order tells any two rows apart. */
  readonly unique: boolean;
  /**
   * Whether the rows have a key that finds what is delivered twice. Without one, reads are half-open windows of the
   * cursor that touch and never overlap.
   */
  readonly keyed: boolean;
  /** Whether no two rows can have the same cursor value. */
  readonly cursorIsKey: boolean;
  /** Rows that no range of the cursor holds are read apart, after the others. */
  readonly nullsApart: boolean;
  readonly slice: SqlSlice | null;
  /** Where an unfinished read goes on; null: a read begins. */
  readonly at: Position | null;
  /** Of the read before: where this one begins, or may not go beyond. */
  readonly through: SqlCheckpoint['through'];
  /** The read is complete already. */
  readonly isOver: boolean;
}

/** Throws `invalid_config` for what the table has not, `cursor_expired` for a position that no longer fits. */
export function planRead(
  table: SqlTable,
  request: StreamRequest,
  from: SqlCheckpoint | null,
): ReadPlan {
  // Where even the columns are kept from the user, nothing can be planned.
  if (table.forbidden && table.columns.length === 0)
    throw new HeadgateError(
      'source_forbidden',
      `The user may not read ${request.name}. ${table.notes.join(' ')}`,
      { facts: { stream: request.name } },
    );
  const find = finder(table, request);
  const cursor = cursorOf(request, find);
  for (const name of request.primaryKey) find(name, 'primary key');
  const kind = kindOf(request, from);
  if (cursor === null && (kind === 'window' || request.mode === 'incremental'))
    throw new HeadgateError(
      'invalid_config',
      `${request.name} needs a cursor field for ${kind === 'window' ? 'a date range' : 'incremental reads'}.`,
      { facts: { stream: request.name } },
    );
  if (kind === 'window' && cursor?.cursor === 'number')
    throw new HeadgateError(
      'invalid_config',
      `"${cursor.name}" of ${request.name} is a number: a date range needs a time or date cursor.`,
      { facts: { stream: request.name, column: cursor.name } },
    );

  const slice = request.slice === undefined ? null : sqlSlice.parse(request.slice);
  const key = table.orderKey.map((name) => find(name, 'key'));
  const leading = cursor !== null && (kind !== 'full' || key.length === 0) ? [cursor] : [];
  const order =
    slice === null
      ? [...leading, ...key.filter((column) => !leading.includes(column))]
      : slice.by.map((name) => find(name, 'order of a slice'));
  const unique = key.length > 0 && key.every((column) => order.includes(column));
  const keyed = request.primaryKey.length > 0;
  const nullsApart =
    cursor !== null && (kind === 'incremental' || (kind === 'full' && (!keyed || !unique)));
  const plan = {
    kind,
    columns: selectedColumns(table, request, [...order, ...(cursor ? [cursor] : [])], find),
    cursor,
    key,
    order,
    unique,
    keyed,
    cursorIsKey: key.length === 1 && key[0] === cursor,
    nullsApart,
    slice,
  };
  return { ...plan, ...resumeAt(plan, request, from) };
}

/**
 * The first incremental read is a whole one, by key: it needs no index on the cursor, and rows without a cursor
 * value come with it.
 */
function kindOf(request: StreamRequest, from: SqlCheckpoint | null): SqlCheckpoint['read'] {
  if (request.window !== null) return 'window';
  const first = from === null || (from.read === 'full' && from.at !== null);
  return request.mode === 'incremental' && request.slice === undefined && !first
    ? 'incremental'
    : 'full';
}

type Find = (name: string, use: string) => SqlColumn;

function finder(table: SqlTable, request: StreamRequest): Find {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  return (name, use) => {
    const column = byName.get(name);
    if (column !== undefined) return column;
    throw new HeadgateError(
      'invalid_config',
      `${request.name} has no column "${name}" to use as ${use}. It has: ${list(byName.keys())}.`,
      { facts: { stream: request.name } },
    );
  };
}

function cursorOf(request: StreamRequest, find: Find): SqlColumn | null {
  if (request.cursorField === null) return null;
  const cursor = find(request.cursorField, 'cursor');
  if (cursor.cursor !== null) return cursor;
  throw new HeadgateError(
    'invalid_config',
    `"${cursor.name}" of ${request.name} is ${cursor.nativeType}, which cannot be a cursor. Choose a time, a date or a whole number that only grows.`,
    { facts: { stream: request.name, column: cursor.name } },
  );
}

function selectedColumns(
  table: SqlTable,
  request: StreamRequest,
  needed: readonly SqlColumn[],
  find: Find,
): readonly SqlColumn[] {
  if (request.columns === null) return table.columns;
  const wanted = new Set([
    ...request.columns.map((name) => find(name, 'selected column')),
    ...request.primaryKey.map((name) => find(name, 'primary key')),
    ...needed,
  ]);
  return table.columns.filter((column) => wanted.has(column));
}

function list(names: Iterable<string>): string {
  const all = [...names];
  return all.length <= 20
    ? all.join(', ')
    : `${all.slice(0, 20).join(', ')} and ${all.length - 20} more`;
}
