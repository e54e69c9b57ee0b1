import type { SqlRow, SqlStatement, SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { describeType } from './columnType.ts';
import { identifierPattern, quoteIdentifier } from './snowflakeNames.ts';

/** What the role has any privilege on, of the schemas or the one table named. */
export function catalogueStatements(
  database: string,
  schemas: readonly string[],
  table: string | undefined,
): { readonly tables: SqlStatement; readonly columns: SqlStatement } {
  const catalogue = `${quoteIdentifier(database)}."INFORMATION_SCHEMA"`;
  const values = [...schemas, ...(table === undefined ? [] : [table])];
  const where = [
    `table_schema in (${schemas.map(() => '?').join(', ')})`,
    ...(table === undefined ? [] : ['table_name = ?']),
  ].join(' and ');
  return {
    tables: {
      sql: `select table_schema, table_name, table_type, clustering_key from ${catalogue}."TABLES" where ${where}`,
      values,
    },
    columns: {
      sql: `select table_schema, table_name, column_name, data_type, is_nullable, numeric_precision, numeric_scale from ${catalogue}."COLUMNS" where ${where} order by table_schema, table_name, ordinal_position`,
      values,
    },
  };
}

/** The declared keys of a schema. Snowflake has them nowhere else. */
export const keysStatement = (database: string, schema: string): SqlStatement => ({
  sql: `show primary keys in schema ${quoteIdentifier(database)}.${quoteIdentifier(schema)}`,
  values: [],
});

/** A column of a declared key: schema, table, column, place in the key. */
export type KeyColumn = readonly [schema: string, table: string, column: string, place: number];

/** The tables of the catalogue's rows; `leftOut` hears of those whose names cannot be offered. */
export function tablesOf(
  database: string,
  tables: readonly SqlRow[],
  columns: readonly SqlRow[],
  keys: readonly KeyColumn[],
  leftOut: (schema: string, table: string) => void,
): readonly SqlTable[] {
  const idOf = (row: readonly unknown[]): string => JSON.stringify([row[0], row[1]]);
  const columnsOf = Map.groupBy(columns, idOf);
  const keysOf = Map.groupBy(keys, idOf);
  return tables.flatMap((row) => {
    const [schema = null, name = null, kind = null, clusteringKey = null] = row;
    if (schema === null || name === null) return [];
    const offered = [schema, name].every(
      (word) => identifierPattern.test(word) && !word.includes('.'),
    );
    if (!offered) {
      leftOut(schema, name);
      return [];
    }
    const shown = (columnsOf.get(idOf(row)) ?? []).flatMap(
      ([, , column, type, nullable, precision, scale]) =>
        column != null && identifierPattern.test(column)
          ? {
              name: column,
              nullable: nullable !== 'NO',
              ...describeType({
                name: (type ?? '').toUpperCase(),
                precision: precision == null ? null : Number(precision),
                scale: scale == null ? null : Number(scale),
              }),
            }
          : [],
    );
    if (shown.length === 0) return [];
    const primaryKey = [...(keysOf.get(idOf(row)) ?? [])]
      .sort((a, b) => a[3] - b[3])
      .map(([, , column]) => column);
    const clustered = /^\w*\(?"?([\w$]+)"?/.exec(
      (clusteringKey ?? '').replace(/^linear\s*/i, ''),
    )?.[1];
    return {
      schema,
      name,
      columns: shown,
      primaryKey,
      // Keys that are declared are not enforced: no order can be told by them.
      orderKey: [],
      forbidden: false,
      indexed: new Set(clustered === undefined ? [] : [clustered]),
      notes: [
        ...(kind === 'VIEW' ? ['A view: each read runs its query.'] : []),
        ...(kind === 'EXTERNAL TABLE' ? ['An external table: each read reads its files.'] : []),
        ...(primaryKey.length > 0
          ? [
              'Its primary key is declared and not enforced by Snowflake: of rows that share it, one is kept where rows are replaced by key.',
            ]
          : []),
      ],
      from: [database, schema, name].map(quoteIdentifier).join('.'),
      keepsResults: true,
    };
  });
}
