import type { SqlRow } from '../../shared/connectors/sql/sqlDialect.ts';
import { dateText, timestampText } from '../../shared/parquet/momentText.ts';
import type { TupleKind } from './decodedColumn.ts';

/** Days and microseconds from 1970 to 2000, where PostgreSQL begins to count. */
export const epochDays = 10_957;
export const epochMicros = BigInt(epochDays) * 86_400_000_000n;

const [least64, most64] = [-(2n ** 63n), 2n ** 63n - 1n];
const [least32, most32] = [-(2 ** 31), 2 ** 31 - 1];

/**
 * A value of a binary tuple as PostgreSQL prints it under this connector's settings (UTC, ISO dates). To the letter, but
 * for floating point, whose shortest spelling is not JavaScript's.
 */
export function tupleText(kind: TupleKind, value: Buffer): string {
  switch (kind) {
    case 'bool':
      return value[0] === 1 ? 't' : 'f';
    case 'int2':
      return String(value.readInt16BE());
    case 'int4':
      return String(value.readInt32BE());
    case 'int8':
      return String(value.readBigInt64BE());
    case 'oid':
      return String(value.readUInt32BE());
    case 'float4':
      return String(value.readFloatBE());
    case 'float8':
      return String(value.readDoubleBE());
    case 'numeric':
      return numericText(value);
    case 'date': {
      const days = value.readInt32BE();
      return infinite(days, least32, most32) ?? dateText(days + epochDays);
    }
    case 'timestamp':
    case 'timestamptz': {
      const micros = value.readBigInt64BE();
      const zone = kind === 'timestamptz' ? '+00' : '';
      return infinite(micros, least64, most64) ?? timestampText(micros + epochMicros, zone);
    }
    case 'uuid':
      return value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'jsonb':
      return value.toString('utf8', 1);
    case 'bytea':
      return `\\x${value.toString('hex')}`;
    case 'bytes':
      return value.toString();
  }
}

/** The values of one tuple. Throws a RangeError where the bytes are no whole tuple. */
export function tupleTexts(kinds: readonly TupleKind[], tuple: Buffer): SqlRow {
  let at = 2;
  return kinds.map((kind) => {
    const length = tuple.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return tupleText(kind, tuple.subarray(at - length, at));
  });
}

const infinite = <Value extends number | bigint>(
  value: Value,
  least: Value,
  most: Value,
): string | null => (value === most ? 'infinity' : value === least ? '-infinity' : null);

/** Digits in groups of four, the first of which counts ten thousands to the power of `weight` (numeric_send). */
function numericText(value: Buffer): string {
  const [groups, weight, sign, scale] = [0, 2, 4, 6].map((at) => value.readInt16BE(at)) as [
    number,
    number,
    number,
    number,
  ];
  if (sign !== 0 && sign !== 0x4000)
    return (sign & 0xffff) === 0xd000
      ? 'Infinity'
      : (sign & 0xffff) === 0xf000
        ? '-Infinity'
        : 'NaN';
  const group = (index: number): string =>
    index < 0 || index >= groups
      ? '0000'
      : String(value.readInt16BE(8 + 2 * index)).padStart(4, '0');
  let whole = '';
  for (let index = 0; index <= weight; index++) whole += group(index);
  let fraction = '';
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index);
  const digits = whole.replace(/^0+(?=.)/, '') || '0';
  return `${sign === 0 ? '' : '-'}${digits}${scale === 0 ? '' : `.${fraction.slice(0, scale)}`}`;
}
