import type { SqlColumn, SqlDialect } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/**
 * Rows above or up to a position in lexical order: as a row comparison, or spelled out for databases that lack it or
 * use no index for it. Fewer values than columns compare the leading columns.
 */
export function compare(
  dialect: Pick<SqlDialect<SqlOptions, unknown>, 'quote' | 'comparesRows'>,
  columns: readonly SqlColumn[],
  operator: '>' | '<=',
  position: readonly string[],
  bind: (value: string, column: SqlColumn) => string,
): string {
  const pairs = columns
    .slice(0, position.length)
    .map((column, index) => ({ column, value: position[index] ?? '' }));
  if (dialect.comparesRows || pairs.length === 1) {
    const names = pairs.map(({ column }) => dialect.quote(column.name)).join(', ');
    const bound = pairs.map(({ column, value }) => bind(value, column)).join(', ');
    return pairs.length === 1
      ? `${names} ${operator} ${bound}`
      : `(${names}) ${operator} (${bound})`;
  }
  const [strict] = operator;
  const branches = pairs.map(({ column, value }, depth) =>
    [
      ...pairs
        .slice(0, depth)
        .map((equal) => `${dialect.quote(equal.column.name)} = ${bind(equal.value, equal.column)}`),
      `${dialect.quote(column.name)} ${depth === pairs.length - 1 ? operator : strict} ${bind(value, column)}`,
    ].join(' and '),
  );
  return `((${branches.join(') or (')}))`;
}
