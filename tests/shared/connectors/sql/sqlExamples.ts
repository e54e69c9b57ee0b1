import type { StreamRequest } from '../../../../shared/connectors/connector.ts';
import type { RowSelection } from '../../../../shared/connectors/sql/selectRows.ts';
import type { SqlColumn, SqlTable } from '../../../../shared/connectors/sql/sqlDialect.ts';

export const column = (name: string, over: Partial<SqlColumn> = {}): SqlColumn => ({
  name,
  type: 'string',
  nativeType: 'text',
  nullable: true,
  cursor: null,
  ...over,
});

export const id = column('id', {
  type: 'long',
  nativeType: 'bigint',
  nullable: false,
  cursor: 'number',
});
export const part = column('part', { type: 'int', nativeType: 'integer', nullable: false });
export const changed = column('changed_at', {
  type: 'timestamptz',
  nativeType: 'timestamp with time zone',
  cursor: 'time',
});
export const note = column('note');

export const table = (over: Partial<SqlTable> = {}): SqlTable => ({
  schema: 'public',
  name: 'orders',
  columns: [id, part, changed, note],
  primaryKey: ['id', 'part'],
  orderKey: ['id', 'part'],
  forbidden: false,
  indexed: new Set(['id']),
  notes: [],
  ...over,
});

export const request = (over: Partial<StreamRequest> = {}): StreamRequest => ({
  name: 'public.orders',
  mode: 'full_refresh',
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
  ...over,
});

export const selection = (over: Partial<RowSelection> = {}): RowSelection => ({
  table: table(),
  columns: [id, note],
  order: [],
  after: null,
  to: null,
  cursor: null,
  lower: null,
  upper: null,
  uncovered: 'without',
  window: null,
  timeZone: 'UTC',
  ...over,
});
