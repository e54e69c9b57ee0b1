import type { CsvDialect } from '../csv/cellAutomaton.ts';

/**
 * Where a reading stands between two bytes, as far as the ends of rows depend on it. `row`: nothing of the next row
 * was read yet; `afterCr`: neither, but a line feed still belongs to the last one.
 */
export const rowState = {
  row: 0,
  afterCr: 1,
  cell: 2,
  leadingSpaces: 3,
  text: 4,
  quoted: 5,
  escaped: 6,
  afterQuote: 7,
  trailingSpaces: 8,
} as const;
export type RowState = (typeof rowState)[keyof typeof rowState];
export const rowStates = Object.values(rowState);

/** What a byte does besides leading to a state: bits above the state's four. */
export const rowEvent = {
  /** It is the first of a row. */
  begins: 16,
  /** It ends a row. */
  ends: 32,
  /** A line end inside quotes. */
  breaks: 64,
  /** Text behind a closing quote, which then was none. */
  spoils: 128,
} as const;

/** `table[state << 8 | byte]` is the next state, with events. */
export interface RowAutomaton {
  readonly table: Uint8Array;
  /** States a file's reading may be in between two bytes. */
  readonly states: readonly RowState[];
  /** States in which the end of the file is the end of an open quote. */
  readonly isQuoted: (state: RowState) => boolean;
}

/** Whether a row was begun and not ended. */
export const isOpen = (state: RowState): boolean =>
  state !== rowState.row && state !== rowState.afterCr;

const [lf, cr, space] = [10, 13, 32];

/**
 * Rows of CSV as `CsvScanner` finds them, mending of broken quotes left out: cells, kinds and columns are not told
 * apart, which leaves nine states.
 */
export function csvRows({ delimiter, quote, quoteEscape }: CsvDialect): RowAutomaton {
  const s = rowState;
  const table = new Uint8Array(rowStates.length * 256);
  const set = (state: RowState, byte: number, entry: number): void => {
    table[(state << 8) | byte] = entry;
  };
  const quoteByte = quote === '' ? -1 : quote.charCodeAt(0);
  const doubles = quoteEscape === quote;
  for (const state of rowStates)
    for (let byte = 0; byte < 256; byte++) {
      if (state === s.quoted || state === s.escaped) {
        const isEnd = state === s.quoted && byte === quoteByte;
        const isEscape = state === s.quoted && !doubles && byte === quoteEscape.charCodeAt(0);
        if (byte === lf) set(state, byte, s.quoted | rowEvent.breaks);
        else if (isEnd) set(state, byte, s.afterQuote);
        else set(state, byte, isEscape ? s.escaped : s.quoted);
        continue;
      }
      const isFirst = state === s.row || state === s.afterCr;
      const begins = isFirst ? rowEvent.begins : 0;
      const isStart = isFirst || state === s.cell || state === s.leadingSpaces;
      const isAfter = state === s.afterQuote || state === s.trailingSpaces;
      if (byte === delimiter.charCodeAt(0)) set(state, byte, s.cell | begins);
      else if (byte === lf && state === s.afterCr) set(state, byte, s.row);
      else if (byte === lf) set(state, byte, s.row | rowEvent.ends | begins);
      else if (byte === cr) set(state, byte, s.afterCr | rowEvent.ends | begins);
      else if (isStart && byte === quoteByte) set(state, byte, s.quoted | begins);
      else if (isStart && byte === space) set(state, byte, s.leadingSpaces | begins);
      else if (isAfter && byte === space) set(state, byte, s.trailingSpaces);
      else if (state === s.afterQuote && doubles && byte === quoteByte) set(state, byte, s.quoted);
      else if (isAfter) set(state, byte, s.text | rowEvent.spoils);
      else set(state, byte, s.text | begins);
    }
  return {
    table,
    states: rowStates,
    isQuoted: (state) => state === s.quoted || state === s.escaped,
  };
}

/** One record a line: a line feed ends it, whatever it says, because JSON has none inside of strings. */
export function lineRows(): RowAutomaton {
  const table = new Uint8Array(rowStates.length * 256);
  for (let byte = 0; byte < 256; byte++)
    for (const state of [rowState.row, rowState.text]) {
      const begins = state === rowState.row ? rowEvent.begins : 0;
      table[(state << 8) | byte] =
        byte === lf ? rowState.row | rowEvent.ends | begins : rowState.text | begins;
    }
  return { table, states: [rowState.row, rowState.text], isQuoted: () => false };
}
