import type { SqlBound, SqlColumn, SqlDialect, SqlStatement, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

type Names = Pick<
  SqlDialect<SqlOptions, unknown>,
  'quote' | 'parameter' | 'instant' | 'comparesRows' | 'nullsLast' | 'endless'
>;

/** Which rows, in which order. All columns come from the catalogue. */
export interface RowSelection {
  readonly table: SqlTable;
  readonly columns: readonly SqlColumn[];
  /** Empty: in no order. */
  readonly order: readonly SqlColumn[];
  /** Values of the first order columns; only rows above them are selected. */
  readonly after: readonly string[] | null;
  readonly cursor: SqlColumn | null;
  readonly upper: SqlBound | null;
  /** Also rows whose cursor is null or endless, which no upper bound ever covers. */
  readonly withUncovered: boolean;
  /** ISO 8601, upper end exclusive, on the cursor. */
  readonly window: { readonly from: string; readonly to: string | null } | null;
  readonly timeZone: string;
}

/** The one SELECT of a bulk read. Names are quoted, values bound. */
export function selectRows(dialect: Names, selection: RowSelection): SqlStatement {
  const { table, columns, order, after, cursor, upper, window } = selection;
  const values: string[] = [];
  const bind = (value: string, column: SqlColumn): string =>
    dialect.parameter(values.push(value), column);
  const conditions: string[] = [];
  const [first] = order;
  const nullsFollow =
    selection.withUncovered && first !== undefined && first === cursor && first.nullable;
  if (after !== null) {
    const next = above(dialect, order.slice(0, after.length), after, bind);
    conditions.push(nullsFollow ? `(${next} or ${dialect.quote(first.name)} is null)` : next);
  }
  if (cursor !== null && upper !== null) {
    const name = dialect.quote(cursor.name);
    const covered = `${name} ${upper.inclusive ? '<=' : '<'} ${bind(upper.value, cursor)}`;
    const uncovered = [
      ...(cursor.nullable ? [`${name} is null`] : []),
      dialect.endless(name, cursor) ?? [],
    ].flat();
    conditions.push(
      selection.withUncovered && uncovered.length > 0
        ? `(${[covered, ...uncovered].join(' or ')})`
        : covered,
    );
  }
  if (cursor !== null && window !== null) {
    const name = dialect.quote(cursor.name);
    const end = (value: string): string =>
      dialect.instant((bound) => values.push(bound), value, cursor, selection.timeZone);
    conditions.push(`${name} >= ${end(window.from)}`);
    if (window.to !== null) conditions.push(`${name} < ${end(window.to)}`);
  }
  const sql = [
    `select ${columns.map((column) => column.expression ?? dialect.quote(column.name)).join(', ')}`,
    `from ${qualifiedName(dialect, table)}`,
    ...(conditions.length > 0 ? [`where ${conditions.join(' and ')}`] : []),
    ...(order.length > 0
      ? [
          `order by ${[
            ...(nullsFollow && !dialect.nullsLast ? [`${dialect.quote(first.name)} is null`] : []),
            ...order.map((column) => dialect.quote(column.name)),
          ].join(', ')}`,
        ]
      : []),
  ].join(' ');
  return { sql, values };
}

/** The largest value of a column below a bound, as text. */
export function selectLargest(
  dialect: Names,
  table: SqlTable,
  column: SqlColumn,
  upper: SqlBound,
): SqlStatement {
  const name = dialect.quote(column.name);
  const end = `${upper.inclusive ? '<=' : '<'} ${dialect.parameter(1, column)}`;
  return {
    sql: `select max(${name}) from ${qualifiedName(dialect, table)} where ${name} ${end}`,
    values: [upper.value],
  };
}

export const qualifiedName = (dialect: Pick<Names, 'quote'>, table: SqlTable): string =>
  `${dialect.quote(table.schema)}.${dialect.quote(table.name)}`;

/** Rows above a position in lexical order: as a row comparison, or spelled out for those who lack it. */
function above(
  dialect: Names,
  columns: readonly SqlColumn[],
  after: readonly string[],
  bind: (value: string, column: SqlColumn) => string,
): string {
  const pairs = columns.map((column, index) => ({ column, value: after[index] ?? '' }));
  if (dialect.comparesRows || pairs.length === 1) {
    const names = pairs.map(({ column }) => dialect.quote(column.name)).join(', ');
    const bound = pairs.map(({ column, value }) => bind(value, column)).join(', ');
    return pairs.length === 1 ? `${names} > ${bound}` : `(${names}) > (${bound})`;
  }
  const branches = pairs.map(({ column, value }, depth) =>
    [
      ...pairs
        .slice(0, depth)
        .map((equal) => `${dialect.quote(equal.column.name)} = ${bind(equal.value, equal.column)}`),
      `${dialect.quote(column.name)} > ${bind(value, column)}`,
    ].join(' and '),
  );
  return `((${branches.join(') or (')}))`;
}
