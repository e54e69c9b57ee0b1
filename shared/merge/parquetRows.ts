import { sqlText } from '../duckdb/openDuckDb.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';

/** What a field's column is called in every statement of a merge: no user's name can get in the way. */
export const columnOf = ({ id }: Pick<Field, 'id'>): string => `f${id}`;

/** `f3, f7`, with a prefix in front of each where given: `t.f3, t.f7`. */
export const columnsOf = (fields: readonly Field[], prefix = ''): string =>
  fields.map((field) => `${prefix}${columnOf(field)}`).join(', ');

/** SQL that two relations agree in all fields. Null equals null. */
export const sameValues = (left: string, right: string, fields: readonly Field[]): string =>
  fields
    .map((field) => `${left}.${columnOf(field)} IS NOT DISTINCT FROM ${right}.${columnOf(field)}`)
    .join(' AND ');

/**
 * SQL of a relation over local Parquet files with the columns of `fields`, found by field id and cast to the types
 * given here; a column that a file does not have is null. DuckDB's virtual columns `file_row_number` and `file_index`
 * (of `paths`) are there too, whatever the files' own columns are called. `rows`: about how many there are; without it
 * DuckDB (1.5.5) takes a scan with a schema for a small one and builds its hash tables of the wrong side.
 */
export function parquetRows(
  paths: readonly string[],
  fields: readonly Field[],
  rows: number,
): string {
  const columns = fields.map(
    (field) =>
      `${field.id}: {name: '${columnOf(field)}', type: '${duckdbType(field.type)}', default_value: NULL}`,
  );
  return `read_parquet([${paths.map(sqlText).join(', ')}], schema = MAP {${columns.join(', ')}}, explicit_cardinality = ${rows})`;
}
