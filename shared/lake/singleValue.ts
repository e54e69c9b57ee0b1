import type { ColumnType } from './schema.ts';

/**
 * Iceberg's "Binary single-value serialization" of a column's minimum or maximum, from the text DuckDB prints
 * in `RETURN_STATS`. null: the text is no finite value of the type (`infinity`, NaN) and there is no bound.
 * `side` decides how zero is spelled: Iceberg orders -0.0 before +0.0, Parquet writers do not tell them apart.
 */
export function serializeBound(
  type: ColumnType,
  text: string,
  side: 'lower' | 'upper',
): Uint8Array | null {
  switch (type) {
    case 'boolean':
      return Uint8Array.of(text === '1' || text === 'true' ? 1 : 0);
    case 'int': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(Number(text));
      return bytes;
    }
    case 'long': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(text));
      return bytes;
    }
    case 'float':
    case 'double':
      return serializeFloat(type, text, side);
    case 'date': {
      const days = daysOfDate(text);
      if (days === null) return null;
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(days);
      return bytes;
    }
    case 'timestamp':
    case 'timestamptz': {
      const micros = microsOfTimestamp(text);
      if (micros === null) return null;
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(micros);
      return bytes;
    }
    case 'string':
      return Buffer.from(text);
    case 'binary':
      return Buffer.from(text, 'hex');
    default:
      return serializeDecimal(type, text);
  }
}

function serializeFloat(
  type: 'float' | 'double',
  text: string,
  side: 'lower' | 'upper',
): Uint8Array | null {
  let value = text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text);
  if (Number.isNaN(value)) return null;
  if (value === 0) value = side === 'lower' ? -0 : 0;
  const bytes = Buffer.alloc(type === 'float' ? 4 : 8);
  if (type === 'float') bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

/** Precision and scale of `decimal(p, s)`, or null for another type. */
export function decimalOf(type: string): { precision: number; scale: number } | null {
  const match = /^decimal\((\d+),\s*(\d+)\)$/i.exec(type);
  return match === null ? null : { precision: Number(match[1]), scale: Number(match[2]) };
}

/** Unscaled value, two's complement, big-endian, in as few bytes as hold it. */
function serializeDecimal(type: ColumnType, text: string): Uint8Array | null {
  const scale = decimalOf(type)?.scale;
  const match = /^(-?)(\d*)(?:\.(\d+))?$/.exec(text);
  if (scale === undefined || match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  // DuckDB leaves the zero out where a decimal has no whole digits.
  if (fraction.length > scale || whole + fraction === '') return null;
  let unscaled = BigInt(whole + fraction.padEnd(scale, '0'));
  if (sign === '-') unscaled = -unscaled;
  let length = 1;
  while (BigInt.asIntN(8 * length, unscaled) !== unscaled) length++;
  const bytes = Buffer.alloc(length);
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(unscaled & 0xffn);
    unscaled >>= 8n;
  }
  return bytes;
}

const datePattern = /^(\d{4,7})-(\d\d)-(\d\d)( \(BC\))?/;

/** Days since 1970-01-01 of DuckDB's `YYYY-MM-DD` or `YYYY-MM-DD (BC)`; null for `infinity`. */
export function daysOfDate(text: string): number | null {
  const match = datePattern.exec(text);
  if (match === null) return null;
  const year = Number(match[1]);
  return daysFromCivil(
    match[4] === undefined ? year : 1 - year,
    Number(match[2]),
    Number(match[3]),
  );
}

/** Microseconds since 1970-01-01T00:00:00 (UTC where the text has an offset); null for `infinity`. */
export function microsOfTimestamp(text: string): bigint | null {
  const days = daysOfDate(text);
  const time =
    / (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?$/.exec(text);
  if (days === null || time === null) return null;
  const seconds = (from: number): number =>
    Number(time[from] ?? 0) * 3600 + Number(time[from + 1] ?? 0) * 60 + Number(time[from + 2] ?? 0);
  const offset = time[5] === undefined ? 0 : (time[5] === '-' ? -1 : 1) * seconds(6);
  return (
    (BigInt(days) * 86_400n + BigInt(seconds(1) - offset)) * 1_000_000n +
    BigInt((time[4] ?? '').padEnd(6, '0'))
  );
}

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar; year 0 is 1 BC. JavaScript's Date ends in the year
 * 275760, before DuckDB's dates do. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const boundCharacters = 16;
const boundBytes = 16;

/**
 * A bound cut to 16 code points (strings) or 16 bytes (binary). An upper bound that is cut is raised to the next
 * value, so that it stays above every row; null when there is none above.
 */
export function truncateBound(
  type: 'string' | 'binary',
  value: Uint8Array,
  side: 'lower' | 'upper',
): Uint8Array | null {
  return type === 'string' ? truncateText(value, side) : truncateBytes(value, side);
}

function truncateText(value: Uint8Array, side: 'lower' | 'upper'): Uint8Array | null {
  const points = Array.from(Buffer.from(value).toString(), (point) => point.codePointAt(0) ?? 0);
  if (points.length <= boundCharacters) return value;
  const kept = points.slice(0, boundCharacters);
  if (side === 'lower') return Buffer.from(String.fromCodePoint(...kept));
  for (let last = kept.length - 1; last >= 0; last--) {
    // U+D800–U+DFFF are no characters: UTF-8 has no bytes for them.
    const next = kept[last] === 0xd7ff ? 0xe000 : (kept[last] ?? 0) + 1;
    if (next <= 0x10ffff) return Buffer.from(String.fromCodePoint(...kept.slice(0, last), next));
  }
  return null;
}

function truncateBytes(value: Uint8Array, side: 'lower' | 'upper'): Uint8Array | null {
  if (value.length <= boundBytes) return value;
  const kept = Buffer.from(value.subarray(0, boundBytes));
  if (side === 'lower') return kept;
  for (let last = kept.length - 1; last >= 0; last--) {
    const byte = kept[last] ?? 0;
    if (byte < 0xff) {
      kept[last] = byte + 1;
      return kept.subarray(0, last + 1);
    }
  }
  return null;
}
