import type { ColumnType, Field } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';
import type { ThriftWriter } from './thriftWriter.ts';

/** Numbers of Parquet's physical types (parquet.thrift, `Type`). */
export const physical = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  bytes: 6,
  fixed: 7,
} as const;
export type PhysicalType = keyof typeof physical;

/** Decimals above 18 digits take 16 bytes, as DuckDB writes them. */
export const fixedBytes = 16;

/** How values of a type are stored. Decimals up to 9 and 18 digits are integers without their point. */
export function physicalType(type: ColumnType): PhysicalType {
  switch (type) {
    case 'boolean':
    case 'float':
    case 'double':
      return type;
    case 'int':
    case 'date':
      return 'int32';
    case 'long':
    case 'timestamp':
    case 'timestamptz':
      return 'int64';
    case 'string':
    case 'binary':
      return 'bytes';
    default: {
      const precision = decimalOf(type)?.precision ?? 38;
      return precision <= 9 ? 'int32' : precision <= 18 ? 'int64' : 'fixed';
    }
  }
}

/** Numbers of parquet.thrift's `ConvertedType`. */
const converted = { utf8: 0, decimal: 5, date: 6, timestampMicros: 10, int32: 17, int64: 18 };

/**
 * A column's `SchemaElement`: the words that DuckDB 1.5.5 chooses for the same type, because readers are known to take
 * those. Integers, dates and texts have their older annotation only; decimals and timestamps both.
 */
export function writeSchemaElement(thrift: ThriftWriter, { id, name, type }: Field): void {
  const stored = physicalType(type);
  const optional = 1;
  thrift.struct(null, () => {
    thrift.i32(1, physical[stored]);
    if (stored === 'fixed') thrift.i32(2, fixedBytes);
    thrift.i32(3, optional);
    thrift.binary(4, name);
    writeMeaning(thrift, type, id);
  });
}

/** Fields 6 to 10: converted type, scale, precision, field id, logical type. */
function writeMeaning(thrift: ThriftWriter, type: ColumnType, id: number): void {
  const plain = { int: 'int32', long: 'int64', date: 'date', string: 'utf8' } as const;
  const decimal = decimalOf(type);
  if (type in plain) thrift.i32(6, converted[plain[type as keyof typeof plain]]);
  else if (decimal !== null) {
    thrift.i32(6, converted.decimal);
    thrift.i32(7, decimal.scale);
    thrift.i32(8, decimal.precision);
  } else if (type === 'timestamp' || type === 'timestamptz')
    thrift.i32(6, converted.timestampMicros);
  thrift.i32(9, id);
  if (decimal !== null)
    thrift.struct(10, () =>
      thrift.struct(5, () => {
        thrift.i32(1, decimal.scale);
        thrift.i32(2, decimal.precision);
      }),
    );
  else if (type === 'timestamp' || type === 'timestamptz')
    thrift.struct(10, () =>
      thrift.struct(8, () => {
        thrift.bool(1, type === 'timestamptz');
        thrift.struct(2, () => thrift.struct(2, () => undefined));
      }),
    );
}
