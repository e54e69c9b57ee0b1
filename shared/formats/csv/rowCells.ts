import type { CsvDialect } from './cellAutomaton.ts';
import { unquoteCell } from './unquoteCell.ts';

/**
 * The cells of one row, which may span lines; null for a cell with nothing in it. Answers null for a text that is
 * not one row: with an open quote, or text behind a closing one.
 */
export function rowCells(text: string, dialect: CsvDialect): readonly (string | null)[] | null {
  const { delimiter, quote, quoteEscape } = dialect;
  const cells: (string | null)[] = [];
  let at = 0;
  while (true) {
    let start = at;
    while (text[start] === ' ' && delimiter !== ' ') start++;
    let end: number;
    if (quote !== '' && text[start] === quote) {
      end = closingQuote(text, start + 1, quote, quoteEscape);
      if (end < 0) return null;
      end++;
      while (text[end] === ' ') end++;
      if (end < text.length && text[end] !== delimiter) return null;
    } else {
      const next = text.indexOf(delimiter, at);
      end = next < 0 ? text.length : next;
      if (/[\r\n]/.test(text.slice(at, end))) return null;
    }
    const raw = text.slice(at, end);
    cells.push(raw === '' ? null : unquoteCell(raw, dialect));
    if (end >= text.length) return cells;
    at = end + delimiter.length;
  }
}

function closingQuote(text: string, from: number, quote: string, quoteEscape: string): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quoteEscape !== quote && character === quoteEscape) at++;
    else if (character === quote) {
      if (quoteEscape === quote && text[at + 1] === quote) at++;
      else return at;
    }
  }
  return -1;
}
