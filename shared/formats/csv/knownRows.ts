import { beyondDoubleBit, type CellKind, cellKind } from '../cellKind.ts';
import type { ColumnEvidence } from '../columnEvidence.ts';
import { action, type CellAutomaton, type CsvDialect, firstAction } from './cellAutomaton.ts';
import { digitsEnd, textEnd, unusual, wholeEnd } from './cellEnds.ts';
import { isPrintedDouble } from './isPrintedDouble.ts';

const [lf, cr, space, minus, point] = [10, 13, 32, 45, 46];

/** What is expected of a column's cells, by those before. */
const expected = { nothing: 0, text: 1, number: 2, other: 3 } as const;

/** Plain numbers of more digits than these may not be kept by a double, or not fit int64. */
const digitsOfAnyDouble = 15;
const digitsOfAnyLong = 18;

const bitsOf = (...kinds: readonly CellKind[]): number =>
  kinds.reduce<number>((bits, kind) => bits | (1 << kind), 0);
const texts = bitsOf(cellKind.text);
const { integer, wideInteger, decimal, exponent, special } = cellKind;
const numbers = bitsOf(integer, wideInteger, decimal, exponent, special);
/** Nothing is to be known of them but that they occur. */
const others = bitsOf(cellKind.boolean, cellKind.date, cellKind.timestamp, cellKind.timestamptz);

/**
 * Walks over rows that say nothing new: as many cells as columns, each of a kind that its column has had, with no
 * more digits than it has had. Most rows of most files are like that, and to see it takes a fraction of the time of
 * finding out what a row holds. Everything unusual is left to `CsvScanner`; a row counts here whole or not at all.
 */
export class KnownRows {
  rows = 0;
  /** Bytes of the longest. */
  longestRow = 0;
  readonly #automaton: CellAutomaton;
  readonly #evidence: readonly ColumnEvidence[];
  readonly #delimiter: number;
  /** A quote that escapes itself, and one that another character escapes, behind which nothing is known; else −1. */
  readonly #quote: number;
  readonly #foreignQuote: number;
  readonly #expected: Uint8Array;
  readonly #kinds: Int32Array;
  /** The most digits there were in front of a point, behind one, and altogether. */
  readonly #integerDigits: Int32Array;
  readonly #scale: Int32Array;
  readonly #digits: Int32Array;
  /** Columns of the row's cells without a value: empty ones from the front, `""` from the back. */
  readonly #valueless: Int32Array;

  constructor(
    { delimiter, quote, quoteEscape }: CsvDialect,
    automaton: CellAutomaton,
    evidence: readonly ColumnEvidence[],
  ) {
    const width = evidence.length;
    this.#automaton = automaton;
    this.#evidence = evidence;
    this.#delimiter = delimiter.charCodeAt(0);
    const mark = quote === '' ? -1 : quote.charCodeAt(0);
    [this.#quote, this.#foreignQuote] = quoteEscape === quote ? [mark, -1] : [-1, mark];
    this.#expected = new Uint8Array(width);
    this.#kinds = new Int32Array(width);
    this.#integerDigits = new Int32Array(width);
    this.#scale = new Int32Array(width);
    this.#digits = new Int32Array(width);
    this.#valueless = new Int32Array(width);
  }

  /** MUST be told of every column whose evidence has grown, but for its cells without a value. */
  learn(column: number): void {
    const evidence = this.#evidence[column] as ColumnEvidence;
    const values = evidence.kinds & (texts | numbers | others);
    this.#kinds[column] = evidence.kinds;
    this.#integerDigits[column] = evidence.integerDigits;
    this.#scale[column] = evidence.scale;
    this.#digits[column] = evidence.significantDigits;
    this.#expected[column] = expectationOf(values);
  }

  /**
   * Answers where the first row starts that has to be looked at, or is not whole. `from` MUST be where a row starts,
   * and `lastLineEnd` where the block has its last line feed: no loop over a cell can then leave the block.
   */
  walk(block: Buffer, from: number, lastLineEnd: number): number {
    let start = from;
    while (start <= lastLineEnd) {
      const end = this.#rowEnd(block, start);
      if (end === unusual) break;
      this.rows++;
      if (end - start > this.longestRow) this.longestRow = end - start;
      start = end;
    }
    return start;
  }

  #rowEnd(block: Buffer, start: number): number {
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    const expectations = this.#expected;
    const valueless = this.#valueless;
    const last = expectations.length - 1;
    let empties = 0;
    let quotedEmpties = 0;
    let position = start;
    for (let column = 0; column <= last; column++) {
      const byte = block[position] as number;
      const expectation = expectations[column];
      if (byte === this.#foreignQuote) return unusual;
      if (byte === delimiter || byte === lf || byte === cr) {
        // A line without any character is no row.
        if (last === 0) return unusual;
        valueless[empties++] = column;
      } else if (byte === quote && block[position + 1] === quote && block[position + 2] !== quote) {
        valueless[last - quotedEmpties++] = column;
        position += 2;
      } else if (expectation === expected.text) {
        // Behind spaces there may be a quote, or nothing.
        if (byte === space) return unusual;
        position =
          byte === quote ? quotedEnd(block, position, quote) : textEnd(block, position, delimiter);
      } else if (expectation === expected.number) {
        position =
          byte === quote
            ? behindQuote(block, this.#numberEnd(block, position + 1, column), quote)
            : this.#numberEnd(block, position, column);
      } else if (expectation === expected.other) {
        position = this.#otherEnd(block, position, column);
      } else return unusual;
      if (position === unusual) return unusual;
      const behind = block[position++];
      if (column < last) {
        if (behind !== delimiter) return unusual;
      } else if (behind !== lf) {
        // A CR alone has to become a LF; of one column, DuckDB may take CRLF for two line ends.
        if (behind !== cr || last === 0 || block[position++] !== lf) return unusual;
      }
    }
    for (let index = 0; index < empties; index++)
      (this.#evidence[valueless[index] as number] as ColumnEvidence).empties++;
    for (let index = 0; index < quotedEmpties; index++)
      (this.#evidence[valueless[last - index] as number] as ColumnEvidence).emptyQuoted++;
    return position;
  }

  #numberEnd(block: Buffer, start: number, column: number): number {
    const first = block[start] === minus ? start + 1 : start;
    let position = wholeEnd(block, first);
    let kind: number = integer;
    const integerDigits = position - first;
    let digits = integerDigits;
    if (block[position] === point) {
      kind = decimal;
      const fraction = position + 1;
      position = digitsEnd(block, fraction);
      const scale = position - fraction;
      if (scale > (this.#scale[column] as number)) return unusual;
      digits += scale;
    }
    const seen = this.#kinds[column] as number;
    if (
      (seen & (1 << kind)) === 0 ||
      integerDigits === 0 ||
      integerDigits > (this.#integerDigits[column] as number) ||
      digits > (this.#digits[column] as number)
    )
      return unusual;
    if (digits > digitsOfAnyDouble) {
      if (kind === integer && digits > digitsOfAnyLong) return unusual;
      if ((seen & beyondDoubleBit) === 0 && !isPrintedDouble(block, start, position))
        return unusual;
    }
    return position;
  }

  #otherEnd(block: Buffer, start: number, column: number): number {
    const { next, kindOf, start: empty } = this.#automaton;
    let position = start;
    let state = empty;
    let before = state;
    while (state < firstAction) {
      before = state;
      state = next[state | (block[position++] as number)] as number;
    }
    const isEnd = state <= action.carriageReturn;
    const isSeen = ((this.#kinds[column] as number) & (1 << (kindOf[before >> 8] as number))) !== 0;
    return isEnd && isSeen ? position - 1 : unusual;
  }
}

function expectationOf(values: number): number {
  if ((values & texts) !== 0) return expected.text;
  if (values === 0) return expected.nothing;
  if ((values & ~numbers) === 0) return expected.number;
  return (values & ~others) === 0 ? expected.other : expected.nothing;
}

/** Behind the closing quote of a text that stays in its line. */
function quotedEnd(block: Buffer, start: number, quote: number): number {
  for (let position = start + 1; ; position++) {
    const byte = block[position];
    if (byte === lf) return unusual;
    if (byte !== quote) continue;
    if (block[position + 1] !== quote) return position + 1;
    position++;
  }
}

const behindQuote = (block: Buffer, end: number, quote: number): number =>
  end !== unusual && block[end] === quote ? end + 1 : unusual;
