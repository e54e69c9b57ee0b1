import { type CellKind, cellKind } from '../cellKind.ts';

/** How a CSV file is spelled. Characters are ASCII. */
export interface CsvDialect {
  readonly delimiter: string;
  /** Empty: nothing is quoted. */
  readonly quote: string;
  /** In front of a quote inside quotes: the quote itself, or a backslash. */
  readonly quoteEscape: string;
}

/**
 * What the scanner must act on, in place of a next state: all are at or above `firstAction`.
 * `quotedLine`: a line end inside quotes. `textAfterQuote`: a closing quote that was none.
 * `leapDay`: 29 February, right if the year is a leap year.
 */
export const action = {
  cellEnd: 240 << 8,
  rowEnd: 241 << 8,
  carriageReturn: 242 << 8,
  quotedLine: 243 << 8,
  textAfterQuote: 244 << 8,
  leapDay: 245 << 8,
  quotedLeapDay: 246 << 8,
} as const;
export const firstAction = 240 << 8;

/** A byte-by-byte recogniser of cells and of what they hold. States are multiples of 256. */
export interface CellAutomaton {
  /** `next[state | byte]` is the next state, or an action. */
  readonly next: Uint16Array;
  /** The kind of a cell that ends in a state, by `state >> 8`. */
  readonly kindOf: Uint8Array;
  /** Whether the state is inside quotes, by `state >> 8`. */
  readonly isQuoted: Uint8Array;
  /** States from here on are behind a closing quote. */
  readonly firstAfterQuote: number;
  readonly start: number;
  readonly text: number;
  readonly quotedText: number;
  readonly date: number;
  readonly quotedDate: number;
}

const digits = '0123456789';
const nonZero = '123456789';

/** Transitions of the contents of a cell, whatever is around it: [from, bytes, to]. Anything else leads to `text`. */
const contents: readonly (readonly [string, string, string])[] = [
  ['start', '-', 'minus'],
  ['start minus', '0', 'zero'],
  ['start', nonZero, 'digit1'],
  ['minus', nonZero, 'integer'],
  ['digit1', digits, 'digit2'],
  ['digit2', digits, 'digit3'],
  ['digit3', digits, 'digit4'],
  ['digit4 integer', digits, 'integer'],
  // A year below 1000, or a leading zero: text, unless a month follows.
  ['unsignedZero', '0', 'zero2'],
  ['unsignedZero', nonZero, 'padded2'],
  ['zero2', '0', 'zero3'],
  ['zero2', nonZero, 'padded3'],
  ['zero3', nonZero, 'padded4'],
  ['padded2', digits, 'padded3'],
  ['padded3', digits, 'padded4'],
  ['start', '0', 'unsignedZero'],
  ['zero unsignedZero digit1 digit2 digit3 digit4 integer', '.', 'point'],
  ['start minus', '.', 'barePoint'],
  ['point barePoint fraction', digits, 'fraction'],
  ['zero unsignedZero digit1 digit2 digit3 digit4 integer point fraction', 'eE', 'exponentSign'],
  ['exponentSign', '+-', 'exponentDigit'],
  ['exponentSign exponentDigit exponent', digits, 'exponent'],
  ['digit4 padded4', '-', 'month'],
  ['month', '0', 'month0'],
  ['month', '1', 'month1'],
  ['month0', '13578', 'long'],
  ['month0', '469', 'short'],
  ['month0', '2', 'february'],
  ['month1', '02', 'long'],
  ['month1', '1', 'short'],
  ['long', '-', 'dayOfLong'],
  ['short', '-', 'dayOfShort'],
  ['february', '-', 'dayOfFebruary'],
  ['dayOfLong dayOfShort dayOfFebruary', '0', 'day0'],
  ['dayOfLong dayOfShort dayOfFebruary', '1', 'day1'],
  ['dayOfLong dayOfShort', '2', 'day1'],
  ['dayOfFebruary', '2', 'day2'],
  ['dayOfLong', '3', 'day31'],
  ['dayOfShort', '3', 'day30'],
  ['day0', nonZero, 'date'],
  ['day1', digits, 'date'],
  ['day2', '012345678', 'date'],
  ['day2', '9', 'LEAP'],
  ['day31', '01', 'date'],
  ['day30', '0', 'date'],
  ['date', 'T ', 'hour'],
  ['hour', '01', 'hour1'],
  ['hour', '2', 'hour2'],
  ['hour1', digits, 'minuteColon'],
  ['hour2', '0123', 'minuteColon'],
  ['minuteColon', ':', 'minute'],
  ['minute', '012345', 'minute1'],
  ['minute1', digits, 'minutes'],
  ['minutes', ':', 'second'],
  ['second', '012345', 'second1'],
  ['second1', digits, 'seconds'],
  ['seconds', '.', 'fraction0'],
  ['fraction0', digits, 'fraction1'],
  ['fraction1', digits, 'fraction2'],
  ['fraction2', digits, 'fraction3'],
  ['fraction3', digits, 'fraction4'],
  ['fraction4', digits, 'fraction5'],
  ['fraction5', digits, 'fraction6'],
  // Nanoseconds would be cut off: only zeros may follow.
  ['fraction6 fractionZeros', '0', 'fractionZeros'],
  ['ZONED', 'Z', 'zoned'],
  ['ZONED', '+-', 'zoneHour'],
  ['ZONED', ' ', 'zoneName'],
  ['zoneHour', '0', 'zoneHour0'],
  ['zoneHour', '1', 'zoneHour1'],
  ['zoneHour0', digits, 'zoneHours'],
  ['zoneHour1', '01234', 'zoneHours'],
  ['zoneHours', ':', 'zoneMinute'],
  ['zoneHours zoneMinute', '012345', 'zoneMinute1'],
  ['zoneMinute1', digits, 'zoned'],
  ['zoneName', 'U', 'zoneU'],
  ['zoneU', 'T', 'zoneUT'],
  ['zoneUT', 'C', 'zoned'],
  ['start', 'tT', 't'],
  ['t', 'rR', 'tr'],
  ['tr', 'uU', 'tru'],
  ['tru', 'eE', 'boolean'],
  ['start', 'fF', 'f'],
  ['f', 'aA', 'fa'],
  ['fa', 'lL', 'fal'],
  ['fal', 'sS', 'tru'],
];
const zoned = 'seconds fraction1 fraction2 fraction3 fraction4 fraction5 fraction6 fractionZeros';

const kinds: Readonly<Record<string, CellKind>> = {
  ...named('zero unsignedZero digit1 digit2 digit3 digit4 integer', cellKind.integer),
  ...named('point fraction', cellKind.decimal),
  ...named('exponent', cellKind.exponent),
  ...named('date', cellKind.date),
  ...named(`minutes ${zoned}`, cellKind.timestamp),
  ...named('zoneHours zoned', cellKind.timestamptz),
  ...named('boolean', cellKind.boolean),
};

function named(states: string, kind: CellKind): Record<string, CellKind> {
  return Object.fromEntries(states.split(' ').map((state) => [state, kind]));
}

const lf = 10;
const cr = 13;
const space = 32;

/**
 * Builds the table for one dialect. One lookup per byte finds the ends of cells and rows and, at the same time,
 * what every cell holds: that is what lets types come from the whole file at hundreds of megabytes a second.
 * Three copies of the content states: outside quotes, inside, and one state per kind behind a closing quote.
 */
export function cellAutomaton(dialect: CsvDialect): CellAutomaton {
  const { delimiter, quote, quoteEscape } = dialect;
  const key = [delimiter, quote, quoteEscape].join('\n');
  if (latest?.key !== key) latest = { key, automaton: build(dialect) };
  return latest.automaton;
}

/** A file is scanned more than once, and a table is never written to once it is built. */
let latest: { readonly key: string; readonly automaton: CellAutomaton } | null = null;

function build({ delimiter, quote, quoteEscape }: CsvDialect): CellAutomaton {
  const rows = contents.map(
    ([from, bytes, to]) => [from === 'ZONED' ? zoned : from, bytes, to] as const,
  );
  const names = ['start', 'text', ...rows.map(([, , to]) => to)].filter(
    (name, index, all) => name !== 'LEAP' && all.indexOf(name) === index,
  );
  const count = names.length;
  const kindCount = cellKind.timestamptz + 1;
  const firstAfterQuote = 2 * count;
  /** A quote in front of which were spaces; a backslash inside quotes; spaces behind a closing quote. */
  const leadingSpaces = firstAfterQuote + kindCount;
  const escaped = leadingSpaces + 1;
  const trailingSpaces = leadingSpaces + 2;
  const total = leadingSpaces + 3;
  if (total > firstAction >> 8) throw new RangeError(`${total} states do not fit`);
  const idOf = (name: string): number => names.indexOf(name);
  const kindOfName = (name: string): CellKind => kinds[name] ?? cellKind.text;

  const next = new Uint16Array(total * 256);
  const kindOf = new Uint8Array(total).fill(cellKind.text);
  const isQuoted = new Uint8Array(total);
  /** `to`: a state's number, or an action. */
  const set = (state: number, byte: number, to: number): void => {
    next[state * 256 + byte] = to >= firstAction ? to : to << 8;
  };
  const text = idOf('text');
  const quotedText = count + text;

  next.fill(text << 8);
  next.fill(quotedText << 8, count * 256, firstAfterQuote * 256);
  for (const [from, bytes, to] of rows)
    for (const byte of Buffer.from(bytes))
      for (const state of from.split(' ').map(idOf)) {
        set(state, byte, to === 'LEAP' ? action.leapDay : idOf(to));
        set(count + state, byte, to === 'LEAP' ? action.quotedLeapDay : count + idOf(to));
      }
  names.forEach((name, state) => {
    const kind = kindOfName(name);
    kindOf[state] = name === 'start' ? cellKind.empty : kind;
    isQuoted[count + state] = 1;
    set(count + state, lf, action.quotedLine);
    if (quote === '') return;
    // Escapes come first, so that a quote that escapes itself is told apart by what follows it.
    if (quoteEscape !== quote) set(count + state, quoteEscape.charCodeAt(0), escaped);
    set(
      count + state,
      quote.charCodeAt(0),
      firstAfterQuote + (name === 'start' ? cellKind.emptyQuoted : kind),
    );
  });
  for (let state = firstAfterQuote; state < total; state++) {
    if (state === leadingSpaces) continue;
    if (state < leadingSpaces) kindOf[state] = state - firstAfterQuote;
    for (let byte = 0; byte < 256; byte++) set(state, byte, action.textAfterQuote);
    set(state, space, trailingSpaces);
    if (quote !== '' && quoteEscape === quote && state !== trailingSpaces)
      set(state, quote.charCodeAt(0), quotedText);
  }
  next.fill(quotedText << 8, escaped * 256, (escaped + 1) * 256);
  set(escaped, lf, action.quotedLine);
  isQuoted[escaped] = 1;
  set(idOf('start'), space, leadingSpaces);
  set(leadingSpaces, space, leadingSpaces);
  if (quote !== '') {
    set(idOf('start'), quote.charCodeAt(0), count + idOf('start'));
    set(leadingSpaces, quote.charCodeAt(0), quotedText);
  }
  for (let state = 0; state < total; state++) {
    if (isQuoted[state] === 1) continue;
    set(state, lf, action.rowEnd);
    set(state, cr, action.carriageReturn);
    set(state, delimiter.charCodeAt(0), action.cellEnd);
  }
  return {
    next,
    kindOf,
    isQuoted,
    firstAfterQuote: firstAfterQuote << 8,
    start: idOf('start') << 8,
    text: text << 8,
    quotedText: quotedText << 8,
    date: idOf('date') << 8,
    quotedDate: (count + idOf('date')) << 8,
  };
}
