import type { ColumnType } from './schema.ts';
import { decimalOf } from './singleValue.ts';

const duckdbTypes = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  string: 'VARCHAR',
  binary: 'BLOB',
} as const;

/** The DuckDB type whose Parquet form Iceberg readers take for `type`. */
export function duckdbType(type: ColumnType): string {
  const decimal = decimalOf(type);
  return decimal === null
    ? duckdbTypes[type as keyof typeof duckdbTypes]
    : `DECIMAL(${decimal.precision},${decimal.scale})`;
}

const icebergTypes: Readonly<Record<string, ColumnType>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'int',
  SMALLINT: 'int',
  INTEGER: 'int',
  UTINYINT: 'int',
  USMALLINT: 'int',
  UINTEGER: 'long',
  BIGINT: 'long',
  UBIGINT: 'decimal(20, 0)',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  // Iceberg v2 has microseconds only; the last three digits are cut.
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  BLOB: 'binary',
  BYTEA: 'binary',
};

/**
 * The table type that holds every value of a DuckDB type. What Iceberg v2 has no type for is `string`: UUID,
 * enums, TIME, INTERVAL, HUGEINT (39 digits, one more than a decimal has), and nested values as JSON text.
 */
export function icebergTypeOf(duckdb: string): ColumnType {
  const name = duckdb.trim().toUpperCase();
  const decimal = decimalOf(name);
  if (decimal !== null) return `decimal(${decimal.precision}, ${decimal.scale})`;
  return icebergTypes[name] ?? 'string';
}
