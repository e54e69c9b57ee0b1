import type { ColumnType } from '../lake/schema.ts';
import { truncateBound } from '../lake/singleValue.ts';
import type { BytesBuffer, WrittenColumn } from './columnBuffers.ts';
import type { Dictionary } from './dictionary.ts';
import { fixedBytes } from './physicalType.ts';
import type { ThriftWriter } from './thriftWriter.ts';

/** A value as it orders: numbers of 8 and 16 bytes as bigint. Of long texts and bytes only the beginning. */
export type Extreme = number | bigint | Buffer;

/** Of a column's values in a row group, or in a file. */
export interface ColumnRange {
  /** Without NaN; null where there is no other value. */
  readonly least: Extreme | null;
  readonly most: Extreme | null;
  readonly hasNan: boolean;
}

export const noRange: ColumnRange = { least: null, most: null, hasNan: false };

/** Longer ones are cut in footers, like DuckDB's. */
const wholeBytes = 256;
/** One more, so that it shows that a value was cut. */
const keptBytes = wholeBytes + 1;

/** Of a chunk with a dictionary, only that is looked at: each of its values is there. */
export function rangeOf(buffer: WrittenColumn, dictionary: Dictionary | null): ColumnRange {
  if (buffer.count === 0) return noRange;
  if (buffer.kind === 'constant') return rangeOf(buffer.one, null);
  const { count } = dictionary ?? buffer;
  switch (buffer.kind) {
    case 'boolean':
    case 'int32':
      return ofNumbers(
        dictionary === null || buffer.kind === 'boolean'
          ? buffer.data
          : new Int32Array(aligned(dictionary.plain)),
        count,
      );
    case 'float':
      return ofNumbers(
        dictionary === null ? buffer.data : new Float32Array(aligned(dictionary.plain)),
        count,
      );
    case 'double':
      return ofNumbers(
        dictionary === null ? buffer.data : new Float64Array(aligned(dictionary.plain)),
        count,
      );
    case 'int64':
      return ofWords(
        dictionary === null ? buffer.data : new Int32Array(aligned(dictionary.plain)),
        count,
      );
    case 'fixed':
      return ofFixed(buffer.bytes, count);
    case 'bytes':
      return dictionary === null
        ? ofBytes(buffer)
        : ofBytes({ bytes: Buffer.from(dictionary.plain), count });
  }
}

/** A range over both. */
export function joined(one: ColumnRange, other: ColumnRange): ColumnRange {
  return {
    least: extreme(one.least, other.least, -1),
    most: extreme(one.most, other.most, 1),
    hasNan: one.hasNan || other.hasNan,
  };
}

function extreme(one: Extreme | null, other: Extreme | null, sign: 1 | -1): Extreme | null {
  if (one === null || other === null) return one ?? other;
  const order =
    one instanceof Buffer ? one.compare(other as Buffer) : one < other ? -1 : one > other ? 1 : 0;
  return order * sign >= 0 ? one : other;
}

const aligned = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

type Numbers = Int32Array | Uint8Array | Float32Array | Float64Array;

function ofNumbers(data: Numbers, count: number): ColumnRange {
  if (data instanceof Int32Array) return ofInt32(data, count);
  let least = Infinity;
  let most = -Infinity;
  let nans = 0;
  for (let index = 0; index < count; index++) {
    const value = data[index] as number;
    if (value < least) least = value;
    if (value > most) most = value;
    if (Number.isNaN(value)) nans++;
  }
  const hasNan = nans > 0;
  return nans === count ? { ...noRange, hasNan } : { least, most, hasNan };
}

function ofInt32(data: Int32Array, count: number): ColumnRange {
  let least = data[0] as number;
  let most = least;
  for (let index = 1; index < count; index++) {
    const value = data[index] as number;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { least, most, hasNan: false };
}

function ofWords(data: Int32Array, count: number): ColumnRange {
  let leastHigh = data[1] as number;
  let leastLow = (data[0] as number) >>> 0;
  let [mostHigh, mostLow] = [leastHigh, leastLow];
  for (let at = 2; at < 2 * count; at += 2) {
    const high = data[at + 1] as number;
    const low = (data[at] as number) >>> 0;
    if (high < leastHigh || (high === leastHigh && low < leastLow)) {
      leastHigh = high;
      leastLow = low;
    } else if (high > mostHigh || (high === mostHigh && low > mostLow)) {
      mostHigh = high;
      mostLow = low;
    }
  }
  const whole = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);
  return { least: whole(leastHigh, leastLow), most: whole(mostHigh, mostLow), hasNan: false };
}

function ofFixed(bytes: Buffer, count: number): ColumnRange {
  let least = 0;
  let most = 0;
  const order = (one: number, other: number): number =>
    bytes.readInt8(one) - bytes.readInt8(other) ||
    bytes.compare(bytes, other + 1, other + fixedBytes, one + 1, one + fixedBytes);
  for (let at = fixedBytes; at < fixedBytes * count; at += fixedBytes) {
    if (order(at, least) < 0) least = at;
    else if (order(at, most) > 0) most = at;
  }
  const whole = (at: number): bigint =>
    (bytes.readBigInt64BE(at) << 64n) | bytes.readBigUInt64BE(at + 8);
  return { least: whole(least), most: whole(most), hasNan: false };
}

/** UTF-8 and plain bytes order alike: byte by byte, unsigned. */
function ofBytes({ bytes, count }: Pick<BytesBuffer, 'bytes' | 'count'>): ColumnRange {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [least, leastEnd, leastHead] = [0, -1, Infinity];
  let [most, mostEnd, mostHead] = [0, -1, -1];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = view.getInt32(at, true);
    const from = at + 4;
    const end = from + length;
    // Four bytes decide nearly always; what is missing orders before everything.
    const head = length >= 4 ? view.getUint32(from) : headOf(bytes, from, end);
    if (head < leastHead || (head === leastHead && isBelow(view, from, end, least, leastEnd))) {
      [least, leastEnd, leastHead] = [from, end, head];
    }
    if (head > mostHead || (head === mostHead && isBelow(view, most, mostEnd, from, end))) {
      [most, mostEnd, mostHead] = [from, end, head];
    }
    at = end;
  }
  const kept = (from: number, end: number): Buffer =>
    Buffer.from(bytes.subarray(from, Math.min(end, from + keptBytes)));
  return { least: kept(least, leastEnd), most: kept(most, mostEnd), hasNan: false };
}

function headOf(bytes: Buffer, from: number, end: number): number {
  let head = 0;
  for (let place = 0; place < 4; place++)
    head = head * 256 + (from + place < end ? (bytes[from + place] as number) : 0);
  return head;
}

/** As `Buffer.compare` has it; four bytes at a time, because keys often begin alike. */
function isBelow(
  view: DataView,
  one: number,
  oneEnd: number,
  other: number,
  otherEnd: number,
): boolean {
  const shared = Math.min(oneEnd - one, otherEnd - other);
  let place = 0;
  for (; place + 4 <= shared; place += 4) {
    const [left, right] = [view.getUint32(one + place), view.getUint32(other + place)];
    if (left !== right) return left < right;
  }
  for (; place < shared; place++) {
    const [left, right] = [view.getUint8(one + place), view.getUint8(other + place)];
    if (left !== right) return left < right;
  }
  return oneEnd - one < otherEnd - other;
}

/**
 * A chunk's `Statistics` (parquet.thrift). Zeros of floating point are spelled as "ColumnOrder" asks: the least as -0,
 * the most as +0; a chunk with NaN has no range.
 */
export function writeStatistics(
  thrift: ThriftWriter,
  id: number,
  type: ColumnType,
  { least, most, hasNan }: ColumnRange,
  nulls: number,
): void {
  const bounds = hasNan
    ? { least: null, most: null }
    : { least: storedBound(type, least, 'lower'), most: storedBound(type, most, 'upper') };
  thrift.struct(id, () => {
    thrift.i64(3, nulls);
    if (bounds.most !== null) thrift.binary(5, bounds.most);
    if (bounds.least !== null) thrift.binary(6, bounds.least);
    if (bounds.most !== null) thrift.bool(7, !isCut(most));
    if (bounds.least !== null) thrift.bool(8, !isCut(least));
  });
}

const isCut = (value: Extreme | null): boolean =>
  value instanceof Buffer && value.length > wholeBytes;

/** A value in its physical type's PLAIN encoding, texts without their length. */
function storedBound(
  type: ColumnType,
  value: Extreme | null,
  side: 'lower' | 'upper',
): Uint8Array | null {
  if (value === null) return null;
  if (typeof value === 'object')
    return isCut(value)
      ? truncateBound(type === 'binary' ? 'binary' : 'string', value, side)
      : value;
  if (typeof value === 'bigint') return wholeBytesOf(type, value);
  const bytes = Buffer.alloc(type === 'boolean' ? 1 : type === 'double' ? 8 : 4);
  const signed = value === 0 ? (side === 'lower' ? -0 : 0) : value;
  if (type === 'boolean') bytes.writeUInt8(value);
  else if (type === 'float') bytes.writeFloatLE(signed);
  else if (type === 'double') bytes.writeDoubleLE(signed);
  else bytes.writeInt32LE(value);
  return bytes;
}

function wholeBytesOf(type: ColumnType, value: bigint): Uint8Array {
  const isLong = type === 'long' || type.startsWith('timestamp');
  const isFixed = !isLong && Number(/\((\d+)/.exec(type)?.[1] ?? 0) > 18;
  const bytes = Buffer.alloc(isFixed ? fixedBytes : 8);
  if (isFixed) {
    bytes.writeBigInt64BE(value >> 64n);
    bytes.writeBigUInt64BE(value & 0xffffffffffffffffn, 8);
  } else bytes.writeBigInt64LE(value);
  return bytes;
}
