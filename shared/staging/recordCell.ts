import { cellKind } from '../formats/cellKind.ts';
import { classifyText } from '../formats/classifyText.ts';
import type { Json } from '../json.ts';
import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';

/** A value that is none of its column's type. */
export const unfit: unique symbol = Symbol('unfit');

/** A value as text, as `_unfit` and text columns keep it: strings as they are, everything else as JSON. */
export const textOf = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const leastInt = -(2n ** 31n);
const mostInt = 2n ** 31n - 1n;

/**
 * The text from which DuckDB reads exactly this value as its column's type, null for null. Numbers may come as
 * numbers or, where JavaScript's would be rounded, as strings; moments as ISO 8601; bytes as `\x` and hexadecimal
 * digits. Anything else is `unfit`: never rounded, never guessed.
 */
export function recordCell(
  value: Json | undefined,
  type: ColumnType,
): string | null | typeof unfit {
  if (value === null || value === undefined) return null;
  if (type === 'string') return textOf(value);
  if (typeof value === 'object') return unfit;
  if (type === 'boolean')
    return typeof value === 'boolean' || value === 'true' || value === 'false'
      ? String(value)
      : unfit;
  if (typeof value === 'boolean') return unfit;
  if (typeof value === 'number') {
    if (type === 'long' || type === 'int')
      if (Number.isSafeInteger(value) && (type === 'long' || value === (value | 0)))
        return String(value);
    return isNumeric(type) ? numberCell(plain(value), type) : unfit;
  }
  if (isNumeric(type)) return numberCell(value, type);
  if (type === 'binary') return /^\\x(?:[0-9a-fA-F]{2})*$/.test(value) ? value : unfit;
  return momentCell(value, type);
}

const isNumeric = (type: ColumnType): boolean =>
  !['date', 'timestamp', 'timestamptz', 'binary'].includes(type);

/** A number without exponent where JavaScript would write one. */
function plain(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent] = match;
  const shift = Number(exponent);
  return shift > 0
    ? sign + (whole + fraction).padEnd(shift + 1, '0')
    : `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
}

function numberCell(text: string, type: ColumnType): string | typeof unfit {
  if (type === 'double' || type === 'float') {
    if (/^(?:NaN|[+-]?inf(?:inity)?)$/i.test(text)) return text;
    const number = Number(text);
    const isIn = Number.isFinite(type === 'float' ? Math.fround(number) : number);
    // JavaScript also reads numbers in other bases, and nothing as zero.
    return isIn && /^\s*[+-]?[\d.]+(?:e[+-]?\d+)?\s*$/i.test(text) ? text : unfit;
  }
  const match = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text);
  if (match === null) return unfit;
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = decimalOf(type);
  if (digits !== null) {
    const significant = whole === '0' ? 0 : whole.length;
    return fraction.length <= digits.scale && significant <= digits.precision - digits.scale
      ? `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
      : unfit;
  }
  if (fraction !== '' || whole.length > 19) return unfit;
  const integer = BigInt(sign + whole);
  const fits =
    type === 'int'
      ? integer >= leastInt && integer <= mostInt
      : BigInt.asIntN(64, integer) === integer;
  return fits ? String(integer) : unfit;
}

/** How most moments come, with a day that every month has: nothing of it needs a closer look. */
const plainMoment =
  /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z$/;

function momentCell(text: string, type: ColumnType): string | typeof unfit {
  if (type === 'timestamptz' && plainMoment.test(text)) return text;
  const { kind, padded } = classifyText(text);
  if (padded) return unfit;
  switch (kind) {
    case cellKind.date:
      return type === 'timestamptz' ? unfit : text;
    case cellKind.timestamp:
      return type === 'timestamp' ? text : unfit;
    case cellKind.timestamptz:
      return type === 'timestamptz' ? text : unfit;
    case cellKind.shortTimestamptz:
      return type === 'timestamptz' ? text.replace(/(Z|[+-][\d:]+| UTC)$/, ':00$1') : unfit;
    default:
      return unfit;
  }
}
