import { HeadgateError } from '../../errors.ts';
import type { StreamRequest } from '../connector.ts';
import type { SqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlColumn, SqlTable } from './sqlDialect.ts';

/** What one read does, decided from the catalogue, the request and the position; nothing is asked yet. */
export interface ReadPlan {
  readonly kind: SqlCheckpoint['read'];
  /** Columns delivered: those asked for, and those the order needs. */
  readonly columns: readonly SqlColumn[];
  readonly cursor: SqlColumn | null;
  /**
   * Cursor, then key; for a whole table its key alone, else its cursor, whose nulls come last. Empty: there is no
   * order to resume in.
   */
  readonly order: readonly SqlColumn[];
  /** Whether the order tells any two rows apart. */
  readonly unique: boolean;
  /** Values of the first order columns, where the read goes on. */
  readonly after: readonly string[] | null;
}

/** Throws `invalid_config` for what the table has not, `cursor_expired` for a position that no longer fits. */
export function planRead(
  table: SqlTable,
  request: StreamRequest,
  from: SqlCheckpoint | null,
): ReadPlan {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const find = (name: string, use: string): SqlColumn => {
    const column = byName.get(name);
    if (column !== undefined) return column;
    throw new HeadgateError(
      'invalid_config',
      `${request.name} has no column "${name}" to use as ${use}. It has: ${list(byName.keys())}.`,
      { facts: { stream: request.name } },
    );
  };
  const cursor = request.cursorField === null ? null : find(request.cursorField, 'cursor');
  if (cursor !== null && cursor.cursor === null)
    throw new HeadgateError(
      'invalid_config',
      `"${cursor.name}" of ${request.name} is ${cursor.nativeType}, which cannot be a cursor. Choose a time, a date or a whole number that only grows.`,
      { facts: { stream: request.name, column: cursor.name } },
    );
  for (const name of request.primaryKey) find(name, 'primary key');

  // The first incremental read is a whole one, by key: it needs no index on the cursor, and rows without a
  // cursor value come with it.
  const first = from === null || (from.read === 'full' && !from.done);
  const kind =
    request.window !== null
      ? 'window'
      : request.mode === 'incremental' && !first
        ? 'incremental'
        : 'full';
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

  const key = table.orderKey.map((name) => find(name, 'key'));
  const leading = cursor !== null && (kind !== 'full' || key.length === 0) ? [cursor] : [];
  const order = [...leading, ...key.filter((column) => !leading.includes(column))];
  return {
    kind,
    columns: selectedColumns(
      table,
      request,
      [...order, ...(cursor === null ? [] : [cursor])],
      find,
    ),
    cursor,
    order,
    unique: key.length > 0,
    after: resumeAt(kind, request, order, from),
  };
}

function selectedColumns(
  table: SqlTable,
  request: StreamRequest,
  needed: readonly SqlColumn[],
  find: (name: string, use: string) => SqlColumn,
): readonly SqlColumn[] {
  if (request.columns === null) return table.columns;
  const wanted = new Set([
    ...request.columns.map((name) => find(name, 'selected column')),
    ...request.primaryKey.map((name) => find(name, 'primary key')),
    ...needed,
  ]);
  return table.columns.filter((column) => wanted.has(column));
}

function resumeAt(
  kind: SqlCheckpoint['read'],
  request: StreamRequest,
  order: readonly SqlColumn[],
  from: SqlCheckpoint | null,
): readonly string[] | null {
  if (from === null) return null;
  const fits = from.order.every((name, index) => order[index]?.name === name);
  const follows =
    from.read === kind || (kind === 'incremental' && from.read === 'full' && from.done);
  const placed = from.order.length > 0 || (from.read === kind && from.after === null);
  if (follows && fits && placed) return from.after;
  // With a key everything may come once more; without one, rows would double.
  if (kind === 'incremental' && from.read === 'full' && request.primaryKey.length > 0) return null;
  throw new HeadgateError(
    'cursor_expired',
    kind === 'incremental' && from.read === 'full'
      ? `${request.name} was read whole before, without the cursor "${request.cursorField}": rows of that read cannot be told from new ones. Start a full refresh once, then go on incrementally.`
      : `${request.name} was last read by (${from.order.join(', ')}), now it is read by (${order.map((column) => column.name).join(', ')}). Start a full refresh once, then go on incrementally.`,
    { facts: { stream: request.name } },
  );
}

function list(names: Iterable<string>): string {
  const all = [...names];
  return all.length <= 20
    ? all.join(', ')
    : `${all.slice(0, 20).join(', ')} and ${all.length - 20} more`;
}
