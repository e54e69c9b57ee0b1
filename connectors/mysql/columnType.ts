import type { SqlColumn } from '../../shared/connectors/sql/sqlDialect.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

/** A column's type as information_schema has it. */
export interface MysqlType {
  /** `DATA_TYPE`: `bigint`. */
  readonly name: string;
  /** `COLUMN_TYPE`: `bigint(20) unsigned`. */
  readonly full: string;
  /** Of decimals. */
  readonly precision: number;
  readonly scale: number;
}

const types: Readonly<Record<string, ColumnType>> = {
  tinyint: 'int',
  smallint: 'int',
  mediumint: 'int',
  int: 'int',
  bigint: 'long',
  year: 'int',
  float: 'float',
  double: 'double',
  date: 'date',
  datetime: 'timestamp',
  timestamp: 'timestamptz',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  // Four bytes a number; as text the server would print five digits of each.
  vector: 'binary',
};

const cursors: Readonly<Record<string, SqlColumn['cursor']>> = {
  datetime: 'time',
  timestamp: 'time',
  date: 'day',
  tinyint: 'number',
  smallint: 'number',
  mediumint: 'number',
  int: 'number',
  bigint: 'number',
};

const geometries = new Set([
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring'],
  ...['multipolygon', 'geometrycollection', 'geomcollection'],
]);

/**
 * Types whose values compare as their text does once it is a value again. enum and set sort by their position in
 * the declaration but compare with text as text; floats, bits, JSON and geometry have no text that is surely equal.
 */
const ordered = new Set([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year'],
  ...['date', 'datetime', 'timestamp', 'time', 'char', 'varchar', 'binary', 'varbinary'],
  ...['tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', 'blob', 'mediumblob', 'longblob'],
  ...['uuid', 'inet4', 'inet6'],
]);

/** Whether a column of the type may be part of the key that rows are read by. */
export const isOrdered = (type: Pick<MysqlType, 'name'>): boolean => ordered.has(type.name);

/**
 * How a column of a type is read, without losing a digit: what has no place in the table format is text as the
 * server prints it. `quoted` is the column's quoted name.
 */
export function columnType(
  type: MysqlType,
  quoted: string,
  tinyint1: 'boolean' | 'int',
): Pick<SqlColumn, 'type' | 'cursor' | 'expression'> {
  const { name, full } = type;
  if (full === 'bit(1)')
    return { type: 'boolean', cursor: null, expression: `elt(${quoted} + 1, 'f', 't')` };
  // Any number fits in: 2 is neither true nor false and is kept as it is, in `_unfit`.
  if (full === 'tinyint(1)' && tinyint1 === 'boolean')
    return {
      type: 'boolean',
      cursor: null,
      expression: `if(${quoted} in (0, 1), if(${quoted}, 't', 'f'), cast(${quoted} as char))`,
    };
  if (name === 'bit') return { type: 'binary', cursor: null };
  // A float is printed with six digits; as a double, with as many as it takes. Zero keeps its sign.
  if (name === 'float') return { type: 'float', cursor: null, expression: `${quoted} * 1e0` };
  if (name === 'decimal')
    return {
      type: type.precision > 38 ? 'string' : `decimal(${type.precision}, ${type.scale})`,
      cursor: null,
    };
  if (geometries.has(name))
    return { type: 'string', cursor: null, expression: `st_astext(${quoted})` };
  const cursor = cursors[name] ?? null;
  if (full.includes('unsigned') && name === 'int') return { type: 'long', cursor };
  if (full.includes('unsigned') && name === 'bigint') return { type: 'decimal(20, 0)', cursor };
  return { type: types[name] ?? 'string', cursor };
}

/** A bound value as one of the column's type, so that an index on the column is used and nothing is rounded. */
export function castTo(value: string, { nativeType, type }: SqlColumn): string {
  const name = /^[a-z0-9]*/.exec(nativeType)?.[0] ?? '';
  if (type === 'binary') return `unhex(substr(${value}, 3))`;
  // Without its offset, which is always +00.
  if (name === 'timestamp') return `cast(substring_index(${value}, '+', 1) as datetime(6))`;
  if (name === 'datetime') return `cast(${value} as datetime(6))`;
  if (name === 'date') return `cast(${value} as date)`;
  if (name === 'time') return `cast(${value} as time(6))`;
  if (name === 'decimal') return `cast(${value} as ${nativeType.replace(/\).*$/, ')')})`;
  // Not as unsigned, which would make something huge of a bound below zero.
  if (name === 'bigint' && nativeType.includes('unsigned'))
    return `cast(${value} as decimal(20, 0))`;
  if (name === 'year' || /int$/.test(name)) return `cast(${value} as signed)`;
  return value;
}
