import type { StreamDescription } from '../connector.ts';
import type { SqlTable } from './sqlDialect.ts';

/** A table's name as a stream: stable whatever other schemas are added later. */
export const streamNameOf = (table: Pick<SqlTable, 'schema' | 'name'>): string =>
  `${table.schema}.${table.name}`;

/**
 * What a table offers as a stream. A unique key that is never null serves as primary key where none is declared: it
 * finds rows that are read twice just as well.
 */
export function describeTable(table: SqlTable, timeZone: string): StreamDescription {
  const cursors = table.columns.filter((column) => column.cursor !== null);
  return {
    name: streamNameOf(table),
    columns: table.columns.map(({ name, type, nativeType }) => ({ name, type, nativeType })),
    primaryKey: table.primaryKey.length > 0 ? table.primaryKey : table.orderKey,
    cursorFields: cursors.map((column) => column.name),
    modes: [
      'full_refresh',
      'full_refresh_append',
      ...(cursors.length > 0 ? (['incremental'] as const) : []),
    ],
    captures: cursors.length > 0 ? 'changes' : 'snapshot',
    deletes: 'none',
    ordered: table.orderKey.length > 0 || cursors.length > 0,
    timeZone,
    supportsDateRange: cursors.some((column) => column.cursor !== 'number'),
    notes: [...table.notes, ...notesOf(table)],
  };
}

function notesOf(table: SqlTable): readonly string[] {
  const cursors = table.columns.filter((column) => column.cursor !== null);
  const nullable = cursors.filter((column) => column.nullable).map((column) => column.name);
  const numbers = cursors.filter((column) => column.cursor === 'number').map(({ name }) => name);
  const held = table.orderKey.length === 0 && table.primaryKey.length === 0 ? numbers : [];
  const slow = cursors
    .filter((column) => column.cursor !== 'number' && !table.indexed.has(column.name))
    .map((column) => column.name);
  const lossless = table.columns
    .filter((column) => column.type === 'string' && /^(numeric|decimal)/.test(column.nativeType))
    .map((column) => column.name);
  return [
    ...(table.orderKey.length === 0 && table.keepsResults !== true
      ? [
          'No key: a full refresh is one statement that has to finish within one invocation, and an incremental read adds rows without replacing any. A row that is committed later than the lag allows for is passed over.',
        ]
      : []),
    ...(cursors.length === 0 ? ['No time, date or whole number column: full refresh only.'] : []),
    ...(nullable.length > 0
      ? [`As a cursor: rows where it is null are read again by every run: ${nullable.join(', ')}.`]
      : []),
    ...(held.length > 0
      ? [
          `As a cursor, without a key, rows with the largest number are read once a larger one is there: ${held.join(', ')}.`,
        ]
      : []),
    ...(slow.length > 0 && table.keepsResults === true
      ? [
          `As a cursor, each incremental read scans the whole table, which is not divided by it: ${slow.join(', ')}.`,
        ]
      : []),
    ...(slow.length > 0 && table.keepsResults !== true
      ? [
          `As a cursor, without an index, each incremental read scans the table: ${slow.join(', ')}.`,
        ]
      : []),
    ...(lossless.length > 0
      ? [`Kept as text, because their digits have no fixed bound: ${lossless.join(', ')}.`]
      : []),
  ];
}
