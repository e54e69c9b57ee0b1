import type { Json } from '../json.ts';
import type { ColumnType } from './schema.ts';
import { decimalOf } from './singleValue.ts';

/** A value as Parquet stores it: INT32, FLOAT and DOUBLE as number, INT64 as bigint, byte arrays as bytes. */
export type PhysicalValue = number | bigint | boolean | Uint8Array | null | undefined;

/**
 * A stored value in JSON, without losing a digit: int64 and decimals as strings, timestamps as ISO 8601 with
 * microseconds (`Z` only where the column has a zone), binary as base64, NaN and infinities by name.
 */
export function jsonValue(type: ColumnType, value: PhysicalValue): Json {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'boolean':
    case 'int':
      return value as boolean | number;
    case 'long':
      return String(value);
    case 'float':
      return jsonNumber(shortestFloat(value as number));
    case 'double':
      return jsonNumber(value as number);
    case 'date':
      return isoDate(Number(value));
    case 'timestamp':
      return isoTimestamp(BigInt(value as number | bigint));
    case 'timestamptz':
      return `${isoTimestamp(BigInt(value as number | bigint))}Z`;
    case 'string':
      return bytesOf(value).toString();
    case 'binary':
      return bytesOf(value).toString('base64');
    default:
      return decimalText(value as number | bigint | Uint8Array, decimalOf(type)?.scale ?? 0);
  }
}

function bytesOf(value: PhysicalValue): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

const jsonNumber = (value: number): Json =>
  // JSON has no -0: it would read back as 0.
  Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : Object.is(value, -0)
      ? '-0'
      : String(value);

/** The shortest number that is this float: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

const dayMillis = 86_400_000;
const dayMicros = 86_400_000_000n;
/** The last day a JavaScript Date can hold, either way. */
const lastDay = 100_000_000;

/** `YYYY-MM-DD`, or with sign and six digits outside the years 0 to 9999. The plain number past JavaScript's dates. */
function isoDate(days: number): string {
  if (Math.abs(days) > lastDay) return String(days);
  return new Date(days * dayMillis).toISOString().replace(/T.*/, '');
}

function isoTimestamp(micros: bigint): string {
  const remainder = micros % dayMicros;
  const inDay = remainder < 0n ? remainder + dayMicros : remainder;
  const seconds = Number(inDay / 1_000_000n);
  const fraction = Number(inDay % 1_000_000n);
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`;
  const clock = new Date(seconds * 1_000).toISOString().slice(11, 19);
  return `${isoDate(Number((micros - inDay) / dayMicros))}T${clock}${digits}`;
}

function decimalText(value: number | bigint | Uint8Array, scale: number): string {
  const unscaled = value instanceof Uint8Array ? signedBigEndian(value) : BigInt(value);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${fraction}`}`;
}

function signedBigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}
