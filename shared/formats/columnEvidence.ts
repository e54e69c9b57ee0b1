import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';
import { type CellKind, cellKind, paddedBit } from './cellKind.ts';

/** Everything the type of a column depends on, gathered from every one of its cells. */
export interface ColumnEvidence {
  /** `1 << cellKind` of every kind seen, and `paddedBit`. */
  kinds: number;
  /** The most digits before a decimal point, and after one, of any plain number. */
  integerDigits: number;
  scale: number;
  /** The most digits altogether of any plain number, and of any with an exponent. */
  significantDigits: number;
  exponentDigits: number;
  /** Cells with nothing in them; with `""`; with spaces only. */
  empties: number;
  emptyQuoted: number;
  blanks: number;
}

export const noEvidence = (): ColumnEvidence => ({
  kinds: 0,
  integerDigits: 0,
  scale: 0,
  significantDigits: 0,
  exponentDigits: 0,
  empties: 0,
  emptyQuoted: 0,
  blanks: 0,
});

/** Adds one cell's kind and digits. Cells without a value are counted elsewhere. */
export function addEvidence(
  evidence: ColumnEvidence,
  kind: CellKind,
  integerDigits: number,
  scale: number,
  padded: boolean,
): void {
  evidence.kinds |= (1 << kind) | (padded ? paddedBit : 0);
  if (kind === cellKind.exponent) {
    evidence.exponentDigits = Math.max(evidence.exponentDigits, integerDigits + scale);
    return;
  }
  if (integerDigits > evidence.integerDigits) evidence.integerDigits = integerDigits;
  if (scale > evidence.scale) evidence.scale = scale;
  if (integerDigits + scale > evidence.significantDigits)
    evidence.significantDigits = integerDigits + scale;
}

/** What is known of a column by two readings together. Of cells without a value, the higher counts. */
export const mergeEvidence = (one: ColumnEvidence, other: ColumnEvidence): ColumnEvidence => ({
  kinds: one.kinds | other.kinds,
  integerDigits: Math.max(one.integerDigits, other.integerDigits),
  scale: Math.max(one.scale, other.scale),
  significantDigits: Math.max(one.significantDigits, other.significantDigits),
  exponentDigits: Math.max(one.exponentDigits, other.exponentDigits),
  empties: Math.max(one.empties, other.empties),
  emptyQuoted: Math.max(one.emptyQuoted, other.emptyQuoted),
  blanks: Math.max(one.blanks, other.blanks),
});

const bit = (kind: CellKind): number => 1 << kind;
const integers = bit(cellKind.integer) | bit(cellKind.wideInteger);
const plainNumbers = integers | bit(cellKind.decimal);
const doubles = bit(cellKind.exponent) | bit(cellKind.special);
const valueless = bit(cellKind.empty) | bit(cellKind.emptyQuoted) | bit(cellKind.blank) | paddedBit;

/** Digits a double keeps of any decimal number; and what a double prints at most. */
const digitsOfAnyDecimal = 15;
const digitsOfAPrintedDouble = 17;
const digitsOfAnyDecimalInFloat = 6;
const widestDecimal = 38;
/** Fits 8 bytes in Parquet. */
const narrowDecimal = 18;
/** Few scales, so that one file more with one digit more seldom means rewriting a table. */
const scales = [2, 4, 6, 9, 12, 18];

/**
 * The type that holds every value of the column exactly; null when it has no value at all. A plain decimal never
 * becomes a double unless the column also has exponents and the double keeps every digit; an integer beyond int64
 * becomes a decimal; whatever fits nothing is text.
 */
export function columnTypeOf(evidence: ColumnEvidence): ColumnType | null {
  const kinds = evidence.kinds & ~valueless;
  if (kinds === 0) return null;
  if (kinds === bit(cellKind.boolean)) return 'boolean';
  if (kinds === bit(cellKind.date)) return 'date';
  if ((kinds & ~(bit(cellKind.date) | bit(cellKind.timestamp))) === 0) return 'timestamp';
  if ((kinds & ~(bit(cellKind.timestamptz) | bit(cellKind.shortTimestamptz))) === 0)
    return 'timestamptz';
  return (kinds & ~(plainNumbers | doubles)) === 0 ? numberTypeOf(evidence, kinds) : 'string';
}

function numberTypeOf(evidence: ColumnEvidence, kinds: number): ColumnType {
  const { integerDigits, scale, significantDigits, exponentDigits } = evidence;
  const fitsDouble =
    significantDigits <= digitsOfAnyDecimal && exponentDigits <= digitsOfAPrintedDouble;
  if ((kinds & doubles) !== 0)
    return fitsDouble && kinds !== bit(cellKind.special) ? 'double' : 'string';
  if ((kinds & bit(cellKind.decimal)) !== 0) return decimalFor(integerDigits, scale) ?? 'string';
  if ((kinds & bit(cellKind.wideInteger)) === 0) return 'long';
  return integerDigits <= widestDecimal ? 'decimal(38, 0)' : 'string';
}

function decimalFor(integerDigits: number, scale: number): ColumnType | null {
  const roomy = scales.find((step) => step >= scale) ?? scale;
  for (const precision of [narrowDecimal, widestDecimal])
    for (const chosen of [roomy, scale])
      if (integerDigits + chosen <= precision) return `decimal(${precision}, ${chosen})`;
  return null;
}

/** Whether a table's type holds every value of the column exactly, so that it can stay as it is. */
export function holdsColumn(type: ColumnType, evidence: ColumnEvidence): boolean {
  const kinds = evidence.kinds & ~valueless;
  const only = (...allowed: readonly CellKind[]): boolean =>
    (kinds & ~allowed.reduce<number>((bits, kind) => bits | bit(kind), 0)) === 0;
  switch (type) {
    case 'string':
      return true;
    case 'boolean':
      return only(cellKind.boolean);
    case 'int':
      return only(cellKind.integer) && evidence.integerDigits <= 9;
    case 'long':
      return only(cellKind.integer);
    case 'double':
      return (
        kinds === 0 || numberHolds(evidence, kinds, digitsOfAnyDecimal, digitsOfAPrintedDouble)
      );
    case 'float':
      return kinds === 0 || numberHolds(evidence, kinds, digitsOfAnyDecimalInFloat, 9);
    case 'date':
      return only(cellKind.date);
    case 'timestamp':
      return only(cellKind.date, cellKind.timestamp);
    case 'timestamptz':
      return only(cellKind.timestamptz, cellKind.shortTimestamptz);
    case 'binary':
      return kinds === 0;
    default: {
      const digits = decimalOf(type);
      return (
        digits !== null &&
        only(cellKind.integer, cellKind.wideInteger, cellKind.decimal) &&
        evidence.scale <= digits.scale &&
        evidence.integerDigits <= digits.precision - digits.scale
      );
    }
  }
}

const numberHolds = (
  { significantDigits, exponentDigits }: ColumnEvidence,
  kinds: number,
  plain: number,
  printed: number,
): boolean =>
  (kinds & ~(plainNumbers | doubles)) === 0 &&
  significantDigits <= plain &&
  exponentDigits <= printed;

/** Whether values of the column must be trimmed, spelled out or emptied to NULL before they are cast. */
export const needsCleaning = ({ kinds, emptyQuoted, blanks }: ColumnEvidence): boolean =>
  emptyQuoted > 0 || blanks > 0 || (kinds & (paddedBit | bit(cellKind.shortTimestamptz))) !== 0;

/** How many NULLs the column has once it is of this type. */
export const nullsExpected = (
  { empties, emptyQuoted, blanks }: ColumnEvidence,
  type: ColumnType,
): number => (type === 'string' ? empties : empties + emptyQuoted + blanks);
