import type { SqlColumn } from '../../shared/connectors/sql/sqlDialect.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';
import { decodedColumn } from './decodedColumn.ts';

/** A type as pg_type has it, domains already followed to what they are made of. */
export interface PostgresType {
  /** `pg_type.typname`. */
  readonly name: string;
  /** Whether it is one of PostgreSQL's own, not a namesake in another schema. */
  readonly builtIn: boolean;
  /** `pg_type.typcategory = 'A'`. */
  readonly array: boolean;
  /** `pg_type.typtype = 'e'`: sent as its label. */
  readonly isEnum: boolean;
  /** `pg_attribute.atttypmod` or the domain's; −1 where there is none. */
  readonly modifier: number;
}

const types: Readonly<Record<string, ColumnType>> = {
  bool: 'boolean',
  int2: 'int',
  int4: 'int',
  int8: 'long',
  oid: 'long',
  float4: 'float',
  float8: 'double',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  bytea: 'binary',
};

const cursors: Readonly<Record<string, SqlColumn['cursor']>> = {
  timestamp: 'time',
  timestamptz: 'time',
  date: 'day',
  int2: 'number',
  int4: 'number',
  int8: 'number',
};

/**
 * How a column of a type is read, without losing a digit: whatever has no place in the table format is text as
 * PostgreSQL prints it; arrays are JSON. NaN, infinite and BC values come as their text, which the loader keeps
 * in `_unfit`. `quoted` is the column's quoted name.
 */
export function columnType(
  type: PostgresType,
  quoted: string,
): Pick<SqlColumn, 'type' | 'cursor' | 'expression' | 'decoded'> {
  const read = readAs(type, quoted);
  const isText = type.array || type.isEnum;
  const name = type.builtIn ? type.name : null;
  return {
    ...read,
    decoded: decodedColumn(name, read.type, read.expression ?? quoted, isText),
  };
}

function readAs(
  type: PostgresType,
  quoted: string,
): Pick<SqlColumn, 'type' | 'cursor' | 'expression'> {
  if (type.array) return { type: 'string', cursor: null, expression: `to_json(${quoted})` };
  if (!type.builtIn) return { type: 'string', cursor: null };
  // Printed in the money of the server's locale; its number is what can be used elsewhere.
  if (type.name === 'money')
    return { type: 'string', cursor: null, expression: `${quoted}::numeric` };
  if (type.name === 'numeric') return { type: decimalType(type.modifier), cursor: null };
  return { type: types[type.name] ?? 'string', cursor: cursors[type.name] ?? null };
}

/**
 * precision << 16 | scale, plus 4; the scale is a signed 11-bit number since PostgreSQL 15, where −2 rounds to
 * hundreds and a scale above the precision means leading zeros after the point.
 */
function decimalType(modifier: number): ColumnType {
  if (modifier < 4) return 'string';
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale);
  return digits > 38 ? 'string' : `decimal(${digits}, ${Math.max(scale, 0)})`;
}
