import { type CellKind, cellKind } from './cellKind.ts';

/** The kind of a text, and the digits of a number: before the point, after it. */
export interface Classified {
  readonly kind: CellKind;
  readonly integerDigits: number;
  readonly scale: number;
  /** Spaces around it were left out of account. */
  readonly padded: boolean;
}

export const isPlainNumber = (kind: CellKind): boolean =>
  kind === cellKind.integer || kind === cellKind.wideInteger || kind === cellKind.decimal;

/** A decimal number of so many digits is the same after it was a double; of more, only some are. */
const digitsOfAnyDouble = 15;

/**
 * Whether a plain number, as `integerDigits` and `scale` describe it, comes out of a double as it went in. What
 * programs print of a double does (`449.42857142857144`); what people write with so many digits seldom does.
 */
export function survivesDouble(text: () => string, integerDigits: number, scale: number): boolean {
  if (integerDigits + scale <= digitsOfAnyDouble) return true;
  const written = text();
  return String(Number(written)) === written;
}

const number = /^-?(?:(0|[1-9][0-9]*)(?:(\.)([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?$/;
const special = /^(?:nan|-?inf(?:inity)?)$/i;
const boolean = /^(?:true|false)$/i;
const moment =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(?:\.\d{1,6}0*)?)?(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?| UTC)?)?$/;

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Longer texts are never a number or a moment worth a column. */
const longestValue = 400;
const leastInt64 = -(2n ** 63n);
const mostInt64 = 2n ** 63n - 1n;

/**
 * What a text could be, exactly as `cellAutomaton` sees it, which is the fast form of this. Deliberately narrower
 * than DuckDB's own casts, which take `1_000`, `0x1F`, `+49` and `00501` for numbers, `1.5` for the integer 2, and
 * day 30 of February for an error at row nine million.
 */
export function classifyText(text: string): Classified {
  const trimmed = text.replace(/^ +| +$/g, '');
  const padded = trimmed.length !== text.length;
  const of = (kind: CellKind, integerDigits = 0, scale = 0): Classified => ({
    kind,
    integerDigits,
    scale,
    padded,
  });
  if (text === '') return of(cellKind.empty);
  if (trimmed === '') return { ...of(cellKind.blank), padded: false };
  if (trimmed.length > longestValue) return of(cellKind.text);
  const numeric = number.exec(trimmed);
  if (numeric !== null) return classifyNumber(trimmed, numeric, of);
  if (special.test(trimmed)) return of(cellKind.special);
  if (boolean.test(trimmed)) return of(cellKind.boolean);
  const time = moment.exec(trimmed);
  if (time === null || !isDay(Number(time[1]), Number(time[2]), Number(time[3])))
    return of(cellKind.text);
  const [, , , , hour, seconds, zone] = time;
  if (hour === undefined) return of(cellKind.date);
  if (zone === undefined) return of(cellKind.timestamp);
  return of(seconds === undefined ? cellKind.shortTimestamptz : cellKind.timestamptz);
}

function classifyNumber(
  text: string,
  [, whole = '', point, fraction = '', bare = '', exponent]: RegExpExecArray,
  of: (kind: CellKind, integerDigits?: number, scale?: number) => Classified,
): Classified {
  const scale = fraction.length + bare.length;
  if (exponent !== undefined) {
    const value = Number(text);
    const vanished = value === 0 && /[1-9]/.test(whole + fraction + bare);
    return Number.isFinite(value) && !vanished
      ? of(cellKind.exponent, whole.length, scale)
      : of(cellKind.text);
  }
  if (point !== undefined || bare !== '') return of(cellKind.decimal, whole.length, scale);
  if (whole.length < 19) return of(cellKind.integer, whole.length);
  const value = BigInt(text);
  const fits = value >= leastInt64 && value <= mostInt64;
  return of(fits ? cellKind.integer : cellKind.wideInteger, whole.length);
}

/** Whether the proleptic Gregorian calendar has the day, from the year 1 on. */
export function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (daysInMonth[month - 1] ?? 0) + (leap ? 1 : 0);
}
