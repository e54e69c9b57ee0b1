import type { ColumnType } from './schema.ts';
import { decimalOf } from './singleValue.ts';

/** Whether Iceberg v2 lets a column change from one type to the other in place ("Schema Evolution"). */
export function canWiden(from: ColumnType, to: ColumnType): boolean {
  if (from === 'int') return to === 'long';
  if (from === 'float') return to === 'double';
  const [old, wide] = [decimalOf(from), decimalOf(to)];
  return (
    old !== null && wide !== null && old.scale === wide.scale && old.precision < wide.precision
  );
}

/** Digits a double keeps whatever the value (IEEE 754: DBL_DIG). */
const exactDoubleDigits = 15;
const mostDigits = 38;

/** Whole numbers as decimals. */
const wholeDigits: Partial<Record<ColumnType, number>> = { int: 10, long: 19 };

/**
 * The narrowest type that holds every value of both to the last digit; `string` where there is none.
 * `longFitsDouble` says whether the longs in question are known to lie within ±2^53; asked only when it matters.
 */
export function commonType(
  left: ColumnType,
  right: ColumnType,
  longFitsDouble: () => boolean,
): ColumnType {
  if (left === right || canWiden(right, left)) return left;
  if (canWiden(left, right)) return right;
  const pair = new Set([left, right]);
  if (pair.has('date') && pair.has('timestamp')) return 'timestamp';
  return commonNumber(left, right, longFitsDouble) ?? 'string';
}

function commonNumber(
  left: ColumnType,
  right: ColumnType,
  longFitsDouble: () => boolean,
): ColumnType | null {
  const floating = [left, right].filter((type) => type === 'float' || type === 'double');
  if (floating.length > 0) {
    const other = floating.length === 2 ? 'double' : left === floating[0] ? right : left;
    const digits = decimalOf(other)?.precision;
    const exact =
      other === 'double' ||
      other === 'int' ||
      (other === 'long' && longFitsDouble()) ||
      (digits !== undefined && digits <= exactDoubleDigits);
    return exact ? 'double' : null;
  }
  const [one, two] = [asDecimal(left), asDecimal(right)];
  if (one === null || two === null) return null;
  const scale = Math.max(one.scale, two.scale);
  const precision = scale + Math.max(one.precision - one.scale, two.precision - two.scale);
  return precision > mostDigits ? null : `decimal(${precision}, ${scale})`;
}

function asDecimal(type: ColumnType): { precision: number; scale: number } | null {
  const digits = wholeDigits[type];
  return digits === undefined ? decimalOf(type) : { precision: digits, scale: 0 };
}
