import type { SqlStatement } from '../../shared/connectors/sql/sqlDialect.ts';

/** The placeholder of the n-th value, from 1. */
export const placeholder = (index: number): string => `?${index}`;

/** Quoted names first, so that nothing in them is taken for a placeholder. */
const namesAndPlaceholders = /`(?:[^`]|``)*`|\?(\d+)/g;

/**
 * The statement with each value as a hexadecimal literal, `_utf8mb4 x'…'`. MySQL's text protocol, the only one that
 * answers rows as text, binds nothing, and escaping as drivers do it is undone by the SQL mode NO_BACKSLASH_ESCAPES;
 * hexadecimal digits mean nothing else in any mode.
 */
export function bindValues({ sql, values }: SqlStatement): string {
  return sql.replace(namesAndPlaceholders, (found: string, index: string | undefined) =>
    index === undefined ? found : hexLiteral(values[Number(index) - 1] ?? ''),
  );
}

const hexLiteral = (value: string): string => `_utf8mb4 x'${Buffer.from(value).toString('hex')}'`;
