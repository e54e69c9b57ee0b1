import { compare } from './compare.ts';
import type { SqlBound, SqlColumn, SqlDialect, SqlStatement, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

export type StatementDialect = Pick<
  SqlDialect<SqlOptions, unknown>,
  'quote' | 'parameter' | 'instant' | 'comparesRows' | 'endless' | 'sample'
>;

/** Which rows, in which order. All columns come from the catalogue. */
export interface RowSelection {
  readonly table: SqlTable;
  readonly columns: readonly SqlColumn[];
  /** Empty: in no order. */
  readonly order: readonly SqlColumn[];
  /** Values of the first order columns; only rows above them are selected. */
  readonly after: readonly string[] | null;
  /** Values of the first order columns; only rows up to them are selected. */
  readonly to: readonly string[] | null;
  readonly cursor: SqlColumn | null;
  /** null: from the first year on, or the smallest number. */
  readonly lower: SqlBound | null;
  readonly upper: SqlBound | null;
  /**
   * Rows that no range of the cursor holds: null, endless, or before the year 1, none of which has a place in a
   * table's time column. Together with the others, left out, or nothing else.
   */
  readonly uncovered: 'with' | 'without' | 'only';
  /** ISO 8601, upper end exclusive, on the cursor. */
  readonly window: { readonly from: string; readonly to: string | null } | null;
  readonly timeZone: string;
}

/** Whether a column can have values that no range of it holds. */
export const hasUncovered = (column: SqlColumn): boolean =>
  column.nullable || column.cursor !== 'number';

const firstDay = '0001-01-01';

/** The one SELECT of a bulk read. Names are quoted, values bound. */
export function selectRows(dialect: StatementDialect, selection: RowSelection): SqlStatement {
  const list = selection.columns.map((column) => column.expression ?? dialect.quote(column.name));
  const { clauses, values } = fromWhere(dialect, selection);
  return {
    sql: [`select ${list.join(', ')}`, ...clauses, ...inOrder(dialect, selection)].join(' '),
    values,
  };
}

/** The smallest and the largest value that a column has in the selected rows. */
export function selectRange(
  dialect: StatementDialect,
  selection: RowSelection,
  column: SqlColumn,
): SqlStatement {
  const name = dialect.quote(column.name);
  const { clauses, values } = fromWhere(dialect, selection);
  return { sql: [`select min(${name}), max(${name})`, ...clauses].join(' '), values };
}

/** Order values of the selected row that comes after so many others. */
export function selectNth(
  dialect: StatementDialect,
  selection: RowSelection,
  skipped: number,
): SqlStatement {
  const { sql, values } = selectRows(dialect, { ...selection, columns: selection.order });
  return { sql: `${sql} limit 1 offset ${skipped}`, values };
}

/**
 * Order values of about `count` rows that stand at even distances in a sample of the selected ones; behind them, how
 * many rows the sample has.
 */
export function selectEvenly(
  dialect: StatementDialect,
  selection: RowSelection,
  sample: string,
  count: number,
): SqlStatement {
  const names = selection.order.map((column) => dialect.quote(column.name));
  const { clauses, values } = fromWhere(dialect, selection, sample);
  // Names of our own, so that no column's can be one of them.
  const keys = names.map((_, index) => `k${index}`).join(', ');
  const numbered = [
    ...names.map((name, index) => `${name} as k${index}`),
    `row_number() over (order by ${names.join(', ')}) as place`,
    'count(*) over () as total',
  ].join(', ');
  return {
    sql: `select ${keys}, total from (select ${numbered} ${clauses.join(' ')}) sampled where mod(place, total / ${count} + 1) = 0 order by place`,
    values,
  };
}

export const qualifiedName = (
  dialect: Pick<StatementDialect, 'quote'>,
  table: Pick<SqlTable, 'schema' | 'name'>,
): string => `${dialect.quote(table.schema)}.${dialect.quote(table.name)}`;

function inOrder(dialect: StatementDialect, { order }: RowSelection): readonly string[] {
  return order.length === 0
    ? []
    : [`order by ${order.map((column) => dialect.quote(column.name)).join(', ')}`];
}

function fromWhere(
  dialect: StatementDialect,
  selection: RowSelection,
  sample?: string,
): { readonly clauses: readonly string[]; readonly values: readonly string[] } {
  const { table, order, after, to } = selection;
  const values: string[] = [];
  const bind = (value: string, column: SqlColumn): string =>
    dialect.parameter(values.push(value), column);
  const conditions = [
    ...(after === null ? [] : [compare(dialect, order, '>', after, bind)]),
    ...(to === null ? [] : [compare(dialect, order, '<=', to, bind)]),
    ...onCursor(dialect, selection, bind),
    ...inWindow(dialect, selection, (value) => values.push(value)),
  ];
  return {
    clauses: [
      `from ${table.from ?? qualifiedName(dialect, table)}`,
      ...(sample === undefined ? [] : [sample]),
      ...(conditions.length > 0 ? [`where ${conditions.join(' and ')}`] : []),
    ],
    values,
  };
}

function onCursor(
  dialect: StatementDialect,
  { cursor, lower, upper, uncovered, window }: RowSelection,
  bind: (value: string, column: SqlColumn) => string,
): readonly string[] {
  if (cursor === null) return [];
  const name = dialect.quote(cursor.name);
  const beyond = [
    ...(cursor.nullable ? [`${name} is null`] : []),
    ...[dialect.endless(name, cursor) ?? []].flat(),
  ];
  const isTime = cursor.cursor !== 'number';
  if (uncovered === 'only')
    return [either([...beyond, ...(isTime ? [`${name} < ${bind(firstDay, cursor)}`] : [])])];
  const end = (bound: SqlBound, operator: '<' | '>'): string =>
    `${name} ${operator}${bound.inclusive ? '=' : ''} ${bind(bound.value, cursor)}`;
  if (uncovered === 'with') return upper === null ? [] : [either([end(upper, '<'), ...beyond])];
  const first = { value: firstDay, inclusive: true };
  const from = lower ?? (isTime && window === null ? first : null);
  return [...(from === null ? [] : [end(from, '>')]), ...(upper === null ? [] : [end(upper, '<')])];
}

/** The endless are in no window: they have no time that a window of the table could hold. */
function inWindow(
  dialect: StatementDialect,
  { cursor, upper, window, timeZone }: RowSelection,
  push: (value: string) => number,
): readonly string[] {
  if (cursor === null || window === null) return [];
  const name = dialect.quote(cursor.name);
  const instant = (value: string): string => dialect.instant(push, value, cursor, timeZone);
  const endless = dialect.endless(name, cursor);
  return [
    `${name} >= ${instant(window.from)}`,
    ...(window.to === null ? [] : [`${name} < ${instant(window.to)}`]),
    ...(window.to === null && upper === null && endless !== null ? [`not (${endless})`] : []),
  ];
}

const either = (conditions: readonly string[]): string =>
  conditions.length === 1 ? (conditions[0] ?? '') : `(${conditions.join(' or ')})`;
