import { cellKind } from '../formats/cellKind.ts';
import { action, type CellAutomaton, firstAction } from '../formats/csv/cellAutomaton.ts';
import { digitsEnd, isDigit, unusual, wholeEnd } from '../formats/csv/cellEnds.ts';
import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';

const [plus, minus, point, zero, falseByte, trueByte] = [43, 45, 46, 48, 102, 116];
const lowerCase = 32;
const exponentByte = 101;

/**
 * Where a cell ends, when it is spelled so plainly that DuckDB, told its column's type, cannot read it as anything
 * else than the value it is; else `unusual`. There MUST be a line feed ahead.
 */
export type PlainCell = (block: Buffer, start: number) => number;

/**
 * The plain cells of a type; null for types of which DuckDB is told that they are texts. Everything else is for
 * `guardedValue` to judge: infinities, exponents of three digits, years before 1 and after 9999, 29 February, offsets
 * with seconds, words for true and false.
 */
export function plainCellOf(type: ColumnType, automaton: CellAutomaton): PlainCell | null {
  switch (type) {
    case 'boolean':
      return booleanEnd;
    case 'int':
      return integerEnd('2147483647');
    case 'long':
      return integerEnd('9223372036854775807');
    case 'float':
      return realEnd(37);
    case 'double':
      return realEnd(99);
    case 'date':
      return momentEnd(automaton, 1 << cellKind.date);
    case 'timestamp':
      return momentEnd(automaton, (1 << cellKind.date) | (1 << cellKind.timestamp));
    case 'timestamptz':
      return momentEnd(automaton, 1 << cellKind.timestamptz);
    case 'string':
    case 'binary':
      return null;
    default: {
      const digits = decimalOf(type);
      return digits === null ? null : decimalEnd(digits.precision - digits.scale, digits.scale);
    }
  }
}

/** As databases print it. */
function booleanEnd(block: Buffer, start: number): number {
  const byte = block[start];
  return byte === trueByte || byte === falseByte ? start + 1 : unusual;
}

function integerEnd(largest: string): PlainCell {
  const most = Buffer.from(largest);
  return (block, start) => {
    const first = block[start] === minus ? start + 1 : start;
    const end = wholeEnd(block, first);
    const digits = end - first;
    if (digits === 0 || digits > most.length) return unusual;
    return digits < most.length || block.compare(most, 0, digits, first, end) <= 0 ? end : unusual;
  };
}

const decimalEnd =
  (mostDigits: number, mostScale: number): PlainCell =>
  (block, start) => {
    const first = block[start] === minus ? start + 1 : start;
    const end = wholeEnd(block, first);
    // A zero alone takes no digit.
    const digits = block[first] === zero ? 0 : end - first;
    if (end === first || digits > mostDigits) return unusual;
    if (block[end] !== point) return end;
    const behind = digitsEnd(block, end + 1);
    const scale = behind - end - 1;
    return scale > 0 && scale <= mostScale ? behind : unusual;
  };

/** `mostExponent`: up to it no number can be beyond the type. */
const realEnd =
  (mostExponent: number): PlainCell =>
  (block, start) => {
    const first = block[start] === minus ? start + 1 : start;
    let end = wholeEnd(block, first);
    const digits = end - first;
    if (digits === 0 || digits > mostExponent) return unusual;
    if (block[end] === point) {
      const behind = digitsEnd(block, end + 1);
      if (behind === end + 1) return unusual;
      end = behind;
    }
    if (((block[end] as number) | lowerCase) !== exponentByte) return end;
    const sign = block[end + 1];
    const from = sign === plus || sign === minus ? end + 2 : end + 1;
    const to = digitsEnd(block, from);
    if (to === from) return unusual;
    let exponent = 0;
    for (let at = from; at < to; at++) exponent = exponent * 10 + (block[at] as number) - zero;
    return exponent + digits <= mostExponent ? to : unusual;
  };

const momentEnd =
  ({ next, kindOf, start: empty }: CellAutomaton, kinds: number): PlainCell =>
  (block, start) => {
    let position = start;
    let state = empty;
    let before = state;
    while (state < firstAction) {
      before = state;
      state = next[state | (block[position++] as number)] as number;
    }
    const end = position - 1;
    // A seventh digit of a second.
    if (end > start + 26 && isDigit(block[start + 26] as number)) return unusual;
    const isPlain =
      state <= action.rowEnd && (kinds & (1 << (kindOf[before >> 8] as number))) !== 0;
    return isPlain ? end : unusual;
  };
