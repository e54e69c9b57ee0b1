import type { ColumnType } from '../lake/schema.ts';
import { decimalOf, serializeBound, truncateBound } from '../lake/singleValue.ts';

/**
 * A value as bounds and statistics tell it, in the order of DuckDB's comparisons: whole numbers, dates (days),
 * timestamps (microseconds) and unscaled decimals are bigint; floats and booleans number; text and binary bytes.
 * Values of one column only are ever compared.
 */
export type Comparable = bigint | number | Uint8Array;

export function compare(left: Comparable, right: Comparable): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Iceberg's single-value bytes. Bounds of a file written before its column was widened are narrower than the
 * column's type says. null for bytes that are no value of the type, which then bound nothing.
 */
export function fromBound(type: ColumnType, bytes: Uint8Array): Comparable | null {
  switch (type) {
    case 'boolean':
      return bytes[0] ?? null;
    case 'float':
    case 'double':
      return floatOf(bytes);
    case 'string':
    case 'binary':
      return bytes;
    default:
      return decimalOf(type) === null ? wholeNumberOf(bytes) : bigEndian(bytes);
  }
}

/** A minimum or maximum of a Parquet column chunk: as above, but that small decimals are little-endian integers. */
export function fromStatistic(
  type: ColumnType,
  physical: 'integer' | 'other',
  bytes: Uint8Array,
): Comparable | null {
  return physical === 'integer' ? wholeNumberOf(bytes) : fromBound(type, bytes);
}

/** DuckDB's text of a value; binary as hex. null for `infinity` of dates and timestamps. */
export function fromText(
  type: ColumnType,
  text: string,
  side: 'lower' | 'upper',
): Comparable | null {
  const bytes = serializeBound(type, text, side);
  return bytes === null ? null : fromBound(type, bytes);
}

const boundCharacters = 16;

/**
 * The upper bound of text or binary that may have been cut: every value that begins with a bound of full length lies
 * at or below what is answered. null: nothing is known to lie above them all.
 */
export function aboveCut(type: ColumnType, upper: Uint8Array): Uint8Array | null {
  if (type !== 'string' && type !== 'binary') return upper;
  const length = type === 'string' ? [...Buffer.from(upper).toString()].length : upper.length;
  if (length < boundCharacters) return upper;
  return truncateBound(type, Buffer.concat([upper, Buffer.from('x')]), 'upper');
}

function wholeNumberOf(bytes: Uint8Array): bigint | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === 8) return buffer.readBigInt64LE();
  return buffer.length === 4 ? BigInt(buffer.readInt32LE()) : null;
}

function floatOf(bytes: Uint8Array): number | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === 8) return buffer.readDoubleLE();
  return buffer.length === 4 ? buffer.readFloatLE() : null;
}

function bigEndian(bytes: Uint8Array): bigint | null {
  if (bytes.length === 0) return null;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
