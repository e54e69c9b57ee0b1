import type { ColumnType } from '../../shared/lake/schema.ts';
import { decimalOf } from '../../shared/lake/singleValue.ts';
import type { TupleKind } from './decodedColumn.ts';

/** What is done with a cell: one small number for each pair of a kind and what it is stored as. */
export const op = {
  skip: 0,
  bool: 1,
  int2: 2,
  int4: 3,
  int2ToLong: 4,
  int4ToLong: 5,
  int8: 6,
  oid: 7,
  float4: 8,
  float4ToDouble: 9,
  float8: 10,
  numericTo32: 11,
  numericTo64: 12,
  numericToFixed: 13,
  date: 14,
  timestamp: 15,
  uuid: 16,
  jsonb: 17,
  bytes: 18,
} as const;

const ops: Readonly<Partial<Record<`${TupleKind} ${string}`, number>>> = {
  'bool boolean': op.bool,
  'int2 int': op.int2,
  'int4 int': op.int4,
  'int2 long': op.int2ToLong,
  'int4 long': op.int4ToLong,
  'int8 long': op.int8,
  'oid long': op.oid,
  'float4 float': op.float4,
  'float4 double': op.float4ToDouble,
  'float8 double': op.float8,
  'date date': op.date,
  'timestamp timestamp': op.timestamp,
  'timestamptz timestamptz': op.timestamp,
  'uuid string': op.uuid,
  'jsonb string': op.jsonb,
  'bytea binary': op.bytes,
  'bytes string': op.bytes,
};

/** Throws a TypeError for a kind that is not stored as the type. null: the column is not wanted. */
export function opOf(kind: TupleKind, type: ColumnType | null): number {
  if (type === null) return op.skip;
  const precision = decimalOf(type)?.precision;
  const found =
    kind === 'numeric' && precision !== undefined
      ? precision <= 9
        ? op.numericTo32
        : precision <= 18
          ? op.numericTo64
          : op.numericToFixed
      : ops[`${kind} ${type}`];
  if (found === undefined) throw new TypeError(`a ${kind} is not stored as ${type}`);
  return found;
}
