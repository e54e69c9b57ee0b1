import type { CsvDialect } from './cellAutomaton.ts';

/** A row of a sample, with its cells as they read. */
export interface SampleRow {
  readonly cells: readonly string[];
  /** 1-based line it starts in, and the offset in characters behind it. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** Cells that were quoted. */
  readonly quoted: number;
  /** Text behind a closing quote, or a quote that is still open at the end of the sample. */
  readonly isBroken: boolean;
}

/**
 * The first rows of a sample under one dialect: at most `mostRows`, and no more once `mostCharacters` are read.
 * Lines without any character are no rows. A row the sample cuts off is left out, unless the sample is the file.
 */
export function sampleRows(
  text: string,
  { delimiter, quote, quoteEscape }: CsvDialect,
  isWhole: boolean,
  mostRows: number,
  mostCharacters: number,
): readonly SampleRow[] {
  const rows: SampleRow[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length && rows.length < mostRows && (at < mostCharacters || rows.length < 2)) {
    const start = at;
    const firstLine = line;
    const cells: string[] = [];
    let quoted = 0;
    let isBroken = false;
    let isDone = false;
    while (!isDone) {
      const cellStart = at;
      let value: string;
      while (text[at] === ' ') at++;
      if (quote !== '' && text[at] === quote) {
        quoted++;
        const inside = readQuoted(text, at, quote, quoteEscape);
        if (inside === null) {
          // Open to the end: count the line alone, as the scanner does in the end.
          isBroken = true;
          const end = text.indexOf('\n', cellStart);
          value = text.slice(cellStart, end < 0 ? text.length : end);
          at = end < 0 ? text.length : end;
        } else {
          value = inside.value;
          line += countLines(text, at, inside.end);
          at = inside.end;
          while (text[at] === ' ') at++;
        }
      } else {
        at = endOfCell(text, cellStart, delimiter);
        value = text.slice(cellStart, at);
      }
      if (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') {
        isBroken = true;
        at = endOfCell(text, at, delimiter);
      }
      cells.push(value);
      if (text[at] === delimiter) at++;
      else isDone = true;
    }
    const isCut = at >= text.length && !isWhole;
    const isBlank = at === start || (text.slice(start, at).trim() === '' && delimiter !== '\t');
    if (text[at] === '\r') at += text[at + 1] === '\n' ? 2 : 1;
    else if (text[at] === '\n') at++;
    line++;
    if (isCut && rows.length > 0) break;
    if (!isBlank) rows.push({ cells, line: firstLine, start, end: at, quoted, isBroken });
  }
  return rows;
}

function endOfCell(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === delimiter || character === '\n' || character === '\r') return at;
  }
  return text.length;
}

function readQuoted(
  text: string,
  from: number,
  quote: string,
  quoteEscape: string,
): { readonly value: string; readonly end: number } | null {
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === quoteEscape && quoteEscape !== quote) value += text[++at] ?? '';
    else if (character !== quote) value += character;
    else if (quoteEscape === quote && text[at + 1] === quote) {
      value += quote;
      at++;
    } else return { value, end: at + 1 };
  }
  return null;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1))
    lines++;
  return lines;
}
