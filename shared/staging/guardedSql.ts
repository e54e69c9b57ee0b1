import { sqlText } from '../duckdb/openDuckDb.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';

/** A text in SQL, and the type it is declared to have. */
export interface GuardedColumn {
  /** SQL of a VARCHAR without side effects: `c3`. */
  readonly text: string;
  /** The source's own spelling of the column. */
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * SQL for a text as a value of its type, or NULL where it is none. DuckDB's TRY_CAST alone is not enough: it makes
 * 2 of `1.5`, cuts `1.239` to two places, drops the zone of a TIMESTAMP and the time of a DATE, and takes
 * `infinity`, which Iceberg has not, and 1e400, which a double has not.
 */
export function guardedValue({ text, type }: Omit<GuardedColumn, 'name'>): string {
  const cast = `TRY_CAST(${text} AS ${duckdbType(type)})`;
  const when = (condition: string): string => `CASE WHEN ${condition} THEN ${cast} END`;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return cast;
    case 'int':
    case 'long':
      return when(
        `NOT contains(${text}, '.') AND NOT contains(${text}, 'e') AND NOT contains(${text}, 'E')`,
      );
    case 'float':
    case 'double':
      return when(`NOT isinf(${cast}) OR contains(lower(${text}), 'inf')`);
    case 'date':
      return when(`strlen(${text}) <= 11 AND isfinite(${cast})`);
    case 'timestamp':
      return when(
        `isfinite(${cast}) AND ${isMicroseconds(text)} AND NOT contains(${text}, '+') AND NOT contains(substr(${text}, 12), '-') AND right(${text}, 1) BETWEEN '0' AND '9'`,
      );
    case 'timestamptz':
      return when(`isfinite(${cast}) AND ${isMicroseconds(text)}`);
    case 'binary':
      return `CASE WHEN starts_with(${text}, '\\x') AND strlen(${text}) % 2 = 0 THEN try(unhex(substr(${text}, 3))) END`;
    default: {
      const scale = decimalOf(type)?.scale ?? 0;
      return when(
        `NOT contains(lower(${text}), 'e') AND (strpos(${text}, '.') = 0 OR strlen(${text}) - strpos(${text}, '.') <= ${scale})`,
      );
    }
  }
}

/**
 * A seventh digit of a second would be cut; the digits stand from column 21 on of `YYYY-MM-DD HH:MM:SS.ffffff`. Where
 * there are fewer of them, an offset's digits stand there too.
 */
const isMicroseconds = (text: string): string =>
  `(strlen(${text}) < 27 OR ltrim(substr(${text}, 21, 7), '0123456789') <> '')`;

/** Columns whose every text is a value of its type. */
const alwaysFits = ({ type }: GuardedColumn): boolean => type === 'string';

/**
 * SQL for `_unfit`: JSON of the texts that are no value of their column's type, by the source's column name;
 * NULL for a row where all are, and then at next to no cost. `earlier`: SQL of a JSON object or NULL to start from.
 */
export function unfitJson(
  columns: readonly GuardedColumn[],
  earlier: string | null = null,
): string {
  const risky = columns.filter((column) => !alwaysFits(column));
  const isUnfit = (column: GuardedColumn): string =>
    `(${column.text} IS NOT NULL AND ${guardedValue(column)} IS NULL)`;
  if (risky.length === 0) return earlier ?? 'NULL';
  const members = risky.map(
    (column) =>
      `CASE WHEN ${isUnfit(column)} THEN ${sqlText(`${JSON.stringify(column.name)}:`)} || to_json(${column.text})::VARCHAR END`,
  );
  const inside = earlier === null ? [] : [`substr(${earlier}, 2, length(${earlier}) - 2)`];
  const object = `'{' || concat_ws(',', ${[...inside, ...members].join(', ')}) || '}'`;
  return `CASE WHEN ${risky.map(isUnfit).join(' OR ')} THEN ${object} ELSE ${earlier ?? 'NULL'} END`;
}
