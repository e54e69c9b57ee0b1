import { cellKind } from '../cellKind.ts';
import { classifyText } from '../classifyText.ts';
import { addEvidence, columnTypeOf, noEvidence } from '../columnEvidence.ts';
import { columnNames } from '../columnNames.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import type { Reject } from '../reject.ts';
import type { CsvDialect } from './cellAutomaton.ts';
import { type SampleRow, sampleRows } from './sampleRows.ts';

/** How one CSV file is to be read. */
export interface CsvLayout {
  readonly dialect: CsvDialect;
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  /** UTF-8 bytes in front of the first data row, and the line that row starts in. */
  readonly dataOffset: number;
  readonly firstLine: number;
  /** Rows above the header that are no data. */
  readonly preamble: readonly Reject[];
}

const mostRows = 1000;
const mostCharacters = 1 << 18;
const longestPreamble = 20;
const delimiters = [',', ';', '\t', '|'];

interface Candidate {
  readonly dialect: CsvDialect;
  readonly rows: readonly SampleRow[];
  /** The commonest number of cells, and the share of sound rows that have it. */
  readonly width: number;
  readonly consistency: number;
}

/**
 * Chooses delimiter, quote, escape and header from the first rows, where the options leave them open. The delimiter
 * is the one under which most rows have the same number of cells, more than one: a ragged file does not become one
 * wide column. Throws `file_unreadable` for a sample without any row.
 */
export function detectCsv(sample: string, isWhole: boolean, options: FileFormatOptions): CsvLayout {
  const candidate = chooseDialect(sample, isWhole, options);
  const { dialect, rows, width: commonest } = candidate;
  const first = rows[0];
  if (first === undefined) throw fileUnreadable('The file has no rows.');
  const trailing =
    first.cells.length === commonest - 1 &&
    rows.length > 1 &&
    rows.slice(1).every(({ cells }) => cells.length < commonest || cells.at(-1) === '');
  const at = trailing ? 0 : headerPosition(rows, commonest, options);
  const header = rows[at] as SampleRow;
  const data = rows.slice(at + 1);
  const hasHeader = options.header ?? looksLikeHeader(header, data, commonest);
  const width = hasHeader && !trailing ? widthOf(header, commonest) : commonest;
  const names = hasHeader ? header.cells : [];
  const from = hasHeader ? header.end : at === 0 ? 0 : header.start;
  return {
    dialect,
    hasHeader,
    columns: columnNames(Array.from({ length: width }, (_, index) => names[index] ?? '')),
    dataOffset: Buffer.byteLength(sample.slice(0, from)),
    firstLine: 1 + countLineEnds(sample, from),
    preamble: rows.slice(0, at).map((row) => ({
      text: sample.slice(row.start, row.end).trimEnd(),
      line: row.line,
      column: null,
      reason: 'above the header',
    })),
  };
}

/**
 * The header says how many columns there are, even where most rows disagree: to call columns of longer rows by its
 * names would be a guess, and a wrong one where the missing name is the first. Only an empty last name goes.
 */
const widthOf = ({ cells }: SampleRow, commonest: number): number =>
  cells.length === commonest + 1 && cells.at(-1)?.trim() === '' ? commonest : cells.length;

function chooseDialect(sample: string, isWhole: boolean, options: FileFormatOptions): Candidate {
  const tried =
    options.delimiter !== undefined
      ? [options.delimiter]
      : options.format === 'tsv'
        ? ['\t', ...delimiters.filter((delimiter) => delimiter !== '\t')]
        : delimiters;
  const candidates = tried.map((delimiter) => bestQuoting(sample, isWhole, delimiter, options));
  const wide = candidates.filter(({ width, consistency }) => width > 1 && consistency >= 0.5);
  const preferred = wide.find(
    ({ dialect }) => options.format === 'tsv' && dialect.delimiter === '\t',
  );
  const best =
    preferred ??
    wide.sort(
      (left, right) =>
        right.consistency - left.consistency ||
        namesIn(right) - namesIn(left) ||
        right.width - left.width,
    )[0];
  return best ?? (candidates[0] as Candidate);
}

/** Cells of the first row that could be names: the right delimiter leaves no digits and no empty ones there. */
const namesIn = ({ rows }: Candidate): number =>
  rows[0]?.cells.every((cell) => classifyText(cell).kind === cellKind.text) === true ? 1 : 0;

function bestQuoting(
  sample: string,
  isWhole: boolean,
  delimiter: string,
  { quote }: FileFormatOptions,
): Candidate {
  const tryOut = (dialect: CsvDialect): Candidate => {
    const rows = sampleRows(sample, dialect, isWhole, mostRows, mostCharacters);
    const width = commonestWidth(rows);
    const sound = rows.filter(({ cells, isBroken }) => cells.length === width && !isBroken);
    return {
      dialect,
      rows,
      width,
      consistency: rows.length === 0 ? 0 : sound.length / rows.length,
    };
  };
  const usual = quote ?? '"';
  const plain = tryOut({ delimiter, quote: usual, quoteEscape: usual });
  const head = sample.slice(0, mostCharacters);
  if (head.includes(`\\${usual}`)) {
    const escaped = tryOut({ delimiter, quote: usual, quoteEscape: '\\' });
    if (escaped.consistency > plain.consistency) return escaped;
  }
  if (quote === undefined && head.includes("'") && plain.rows.every(({ quoted }) => quoted === 0)) {
    const single = tryOut({ delimiter, quote: "'", quoteEscape: "'" });
    const isUsed = single.rows.filter(({ quoted }) => quoted > 0).length * 2 > single.rows.length;
    if (isUsed && single.consistency >= plain.consistency) return single;
  }
  return plain;
}

/** On a tie, the width of the row that comes first. */
function commonestWidth(rows: readonly SampleRow[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  let width = 0;
  for (const [candidate, count] of counts) if (count > (counts.get(width) ?? 0)) width = candidate;
  return width;
}

/** The first row of the common width, where a title or a date stands above it. */
function headerPosition(
  rows: readonly SampleRow[],
  width: number,
  { header }: FileFormatOptions,
): number {
  if (header === false || width === 1) return 0;
  const at = rows.findIndex(({ cells }) => cells.length === width);
  const above = rows.slice(0, at);
  // Titles are short: a first row of nearly the right width is a header with a flaw, and is kept as one.
  const isPreamble =
    at > 0 && at <= longestPreamble && above.every(({ cells }) => cells.length <= width / 2);
  return isPreamble ? at : 0;
}

/**
 * A row of names: some column holds numbers, dates or the like everywhere but there; or there is nothing but text
 * and so nothing to tell by, and files nearly always have a header.
 */
function looksLikeHeader(header: SampleRow, data: readonly SampleRow[], width: number): boolean {
  const kinds = header.cells.map((cell) => classifyText(cell).kind);
  for (let column = 0; column < width; column++) {
    if (kinds[column] !== cellKind.text) continue;
    const evidence = noEvidence();
    for (const { cells } of data) {
      if (cells.length !== width) continue;
      const { kind, integerDigits, scale, padded } = classifyText(cells[column] ?? '');
      addEvidence(evidence, kind, integerDigits, scale, padded, true);
    }
    const type = columnTypeOf(evidence);
    if (type !== null && type !== 'string') return true;
  }
  return kinds.every((kind) => kind === cellKind.text || kind <= cellKind.blank);
}

function countLineEnds(text: string, to: number): number {
  let count = 0;
  for (let at = 0; at < to; at++) {
    if (text[at] === '\n') count++;
    else if (text[at] === '\r' && text[at + 1] !== '\n') count++;
  }
  return count;
}
