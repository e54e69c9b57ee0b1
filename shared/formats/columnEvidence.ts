import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';
import { beyondDoubleBit, type CellKind, cellKind, paddedBit } from './cellKind.ts';

/** Everything the type of a column depends on, gathered from every one of its cells. */
export interface ColumnEvidence {
  /** `1 << cellKind` of every kind seen, `paddedBit` and `beyondDoubleBit`. */
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

/**
 * Adds one cell's kind and digits, and whether a double would keep them. Cells without a value are counted
 * elsewhere.
 */
export function addEvidence(
  evidence: ColumnEvidence,
  kind: CellKind,
  integerDigits: number,
  scale: number,
  padded: boolean,
  survivesDouble: boolean,
): void {
  evidence.kinds |= (1 << kind) | (padded ? paddedBit : 0) | (survivesDouble ? 0 : beyondDoubleBit);
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
const valueless =
  bit(cellKind.empty) |
  bit(cellKind.emptyQuoted) |
  bit(cellKind.blank) |
  paddedBit |
  beyondDoubleBit;

/** What a double prints at most. */
const digitsOfAPrintedDouble = 17;
const digitsOfAnyDecimalInFloat = 6;
const digitsOfAPrintedFloat = 9;
const widestDecimal = 38;
/** Fits 8 bytes in Parquet. */
const narrowDecimal = 18;
/** Few scales, so that one file more with one digit more seldom means rewriting a table. */
const scales = [2, 4, 6, 9, 12, 18];

/**
 * The type that holds every value of the column exactly; null when it has no value at all. Plain decimals become a
 * double only when they need more than 18 digits and a double keeps every one of them, as it does of what another
 * program printed of a double; an integer beyond int64 becomes a decimal; whatever fits nothing is text. `existing`:
 * the table's type, which holds no longer.
 */
export function columnTypeOf(
  evidence: ColumnEvidence,
  existing: ColumnType | null = null,
): ColumnType | null {
  const kinds = evidence.kinds & ~valueless;
  if (kinds === 0) return null;
  if (kinds === bit(cellKind.boolean)) return 'boolean';
  if (kinds === bit(cellKind.date)) return 'date';
  if ((kinds & ~(bit(cellKind.date) | bit(cellKind.timestamp))) === 0) return 'timestamp';
  if ((kinds & ~(bit(cellKind.timestamptz) | bit(cellKind.shortTimestamptz))) === 0)
    return 'timestamptz';
  return (kinds & ~(plainNumbers | doubles)) === 0
    ? numberTypeOf(evidence, kinds, existing)
    : 'string';
}

function numberTypeOf(
  evidence: ColumnEvidence,
  kinds: number,
  existing: ColumnType | null,
): ColumnType {
  const { integerDigits, scale } = evidence;
  const fitsDouble = keptByDouble(evidence);
  if ((kinds & doubles) !== 0)
    return fitsDouble && kinds !== bit(cellKind.special) ? 'double' : 'string';
  if ((kinds & bit(cellKind.decimal)) !== 0) {
    const decimal = decimalFor(integerDigits, scale);
    const isNarrow = decimal !== null && decimalOf(decimal)?.precision === narrowDecimal;
    // A table's decimals would lose digits as doubles; as wider decimals they lose none.
    const staysDecimal = isNarrow || (existing !== null && decimalOf(existing) !== null);
    return fitsDouble && !staysDecimal ? 'double' : (decimal ?? 'string');
  }
  if ((kinds & bit(cellKind.wideInteger)) === 0) return 'long';
  return integerDigits <= widestDecimal ? 'decimal(38, 0)' : 'string';
}

const keptByDouble = ({ kinds, exponentDigits }: ColumnEvidence): boolean =>
  (kinds & beyondDoubleBit) === 0 && exponentDigits <= digitsOfAPrintedDouble;

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
      return (kinds & ~(plainNumbers | doubles)) === 0 && keptByDouble(evidence);
    case 'float':
      return (
        (kinds & ~(plainNumbers | doubles)) === 0 &&
        evidence.significantDigits <= digitsOfAnyDecimalInFloat &&
        evidence.exponentDigits <= digitsOfAPrintedFloat
      );
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

/** Whether values of the column must be trimmed, spelled out or emptied to NULL before they are cast. */
export const needsCleaning = ({ kinds, emptyQuoted, blanks }: ColumnEvidence): boolean =>
  emptyQuoted > 0 || blanks > 0 || (kinds & (paddedBit | bit(cellKind.shortTimestamptz))) !== 0;

/** How many NULLs the column has once it is of this type. */
export const nullsExpected = (
  { empties, emptyQuoted, blanks }: ColumnEvidence,
  type: ColumnType,
): number => (type === 'string' ? empties : empties + emptyQuoted + blanks);
