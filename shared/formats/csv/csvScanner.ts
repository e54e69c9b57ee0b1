import { beyondDoubleBit, type CellKind, cellKind } from '../cellKind.ts';
import { classifyText, isDay, isPlainNumber, survivesDouble } from '../classifyText.ts';
import { addEvidence, type ColumnEvidence, noEvidence } from '../columnEvidence.ts';
import { longestRejectText, type Reject } from '../reject.ts';
import type { RowAdmission, RowFault, ScannedCell } from '../rowAdmission.ts';
import {
  action,
  type CellAutomaton,
  type CsvDialect,
  cellAutomaton,
  firstAction,
} from './cellAutomaton.ts';
import { isPrintedDouble } from './isPrintedDouble.ts';
import { KnownRows } from './knownRows.ts';
import { unquoteCell } from './unquoteCell.ts';

export interface CsvScannerOptions {
  readonly dialect: CsvDialect;
  /** Names of the columns; a row with more or fewer cells is rejected. */
  readonly columns: readonly string[];
  /** 1-based line of the file at which the first block starts. */
  readonly firstLine: number;
  readonly reject: (reject: Reject) => void;
  /** Longer rows are rejected; a quote that stays open longer is taken for one that is never closed. */
  readonly longestRowBytes?: number;
  /** Refuses rows of the right width. */
  readonly admission?: RowAdmission;
}

const longestClassifiedCell = 400;
const mostUnknownRows = 63;
const [lf, cr, space, minus, point] = [10, 13, 32, 45, 46];
/** Bits of a cell's word, above its kind (4), integer digits (9) and scale (9). */
const paddedCell = 1 << 22;
const beyondDoubleCell = 1 << 23;

const cellOf = (word: number): ScannedCell => ({
  kind: (word & 15) as CellKind,
  integerDigits: (word >> 4) & 511,
  scale: (word >> 13) & 511,
  padded: (word & paddedCell) !== 0,
  survivesDouble: (word & beyondDoubleCell) === 0,
});

/**
 * Finds rows and cells of CSV text, keeps whole rows of the right width, rejects the others, and gathers from every
 * kept cell what its column's type depends on. Rows are kept byte for byte, but for a line end
 * that is a CR alone, which becomes LF. Lines without any character are no rows.
 *
 * A row with broken quotes that spans lines is rejected whole only when its second line is no row by itself: else
 * the first line had a stray quote, only that line is rejected, and reading goes on with the second. So a stray
 * quote never swallows the rows behind it.
 */
export class CsvScanner {
  readonly evidence: readonly ColumnEvidence[];
  rows = 0;
  rejected = 0;
  /** Bytes of the longest row kept so far. */
  longestRow = 0;
  readonly #options: CsvScannerOptions;
  readonly #automaton: CellAutomaton;
  readonly #known: KnownRows;
  /** Rows to look at before the next is expected to be known: ever more, the more in a row were not. */
  #unknownAhead = 0;
  #unknown = 0;
  readonly #longestRowBytes: number;
  /** The row's cells, and the last cell merged per column: kind | integerDigits << 4 | scale << 13 | padded << 22. */
  readonly #cells: Int32Array;
  readonly #merged: Int32Array;
  /** 1 for columns that are known to be text. */
  readonly #isText: Uint8Array;
  readonly #bytes: { readonly delimiter: number; readonly quote: number };
  readonly #faultOf: ((cells: Int32Array) => RowFault | null) | null;
  #line: number;
  #isSkipping = false;
  /** The block's kept rows end here; the run of kept rows that was not moved to the front yet starts at `runStart`. */
  #kept = 0;
  #runStart = 0;
  /** Where and how the row stands that the block's end cut off. */
  #state = 0;
  #rowStart = 0;
  #cellStart = 0;
  #column = 0;
  #lines = 1;
  #badColumn = -1;

  constructor(options: CsvScannerOptions) {
    this.#options = options;
    this.#automaton = cellAutomaton(options.dialect);
    this.#longestRowBytes = options.longestRowBytes ?? 1 << 24;
    this.#line = options.firstLine;
    this.#faultOf = options.admission?.forCells(options.columns, cellOf) ?? null;
    const width = options.columns.length;
    this.evidence = Array.from({ length: width }, noEvidence);
    this.#known = new KnownRows(options.dialect, this.#automaton, this.evidence);
    this.#cells = new Int32Array(width);
    this.#merged = new Int32Array(width).fill(-1);
    this.#isText = new Uint8Array(width);
    const { delimiter, quote } = options.dialect;
    this.#bytes = {
      delimiter: delimiter.charCodeAt(0),
      quote: quote === '' ? -1 : quote.charCodeAt(0),
    };
  }

  /**
   * Scans a block that starts where a row starts. The rows it keeps are moved together at the block's front: `kept`
   * bytes. `consumed` bytes are done with; the rest is an unfinished row and MUST start the next block, with more
   * bytes behind it. With `isLast` everything is consumed.
   */
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number } {
    const size = block.length;
    let row = this.#isSkipping ? this.#skipLine(block) : 0;
    this.#kept = 0;
    this.#runStart = row;
    while (row < size) {
      this.#scanRows(block, row, isLast);
      row = this.#rowStart;
      if (row >= size) break;
      const isQuoted = this.#automaton.isQuoted[this.#state >> 8] === 1;
      if (isLast)
        row = isQuoted
          ? this.#rejectOpenQuote(block, row, 'a quote is opened and never closed')
          : this.#endRow(block, size, size);
      else if (size - row <= this.#longestRowBytes) break;
      else if (isQuoted)
        row = this.#rejectOpenQuote(
          block,
          row,
          `a quote is opened and not closed within ${this.#longestRowBytes} bytes`,
        );
      else {
        this.#reject(block, row, size, `longer than ${this.#longestRowBytes} bytes`, null);
        this.#isSkipping = true;
        row = this.#drop(block, row, size);
      }
    }
    this.#flush(block, row);
    return { consumed: row, kept: this.#kept };
  }

  /** The hot loop: rows from `from` on, until the block ends. Leaves the unfinished row's place in the fields. */
  #scanRows(block: Buffer, from: number, isLast: boolean): void {
    const { next, kindOf, start, text, quotedText, date, quotedDate } = this.#automaton;
    const cells = this.#cells;
    const isText = this.#isText;
    const { delimiter, quote } = this.#bytes;
    const width = cells.length;
    const size = block.length;
    const lastLineEnd = block.lastIndexOf(lf);
    let position = this.#walk(block, from, lastLineEnd);
    let state = start;
    let previous = start;
    let cellStart = position;
    let column = 0;
    this.#startRow(position);
    while (true) {
      if (state === start && column < width && isText[column] === 1) {
        // Nothing more is to be learnt about a column of text: only its end is looked for.
        const first = block[position];
        if (first !== quote && first !== space) {
          while (position < size) {
            const byte = block[position] as number;
            if (byte === delimiter || byte === lf || byte === cr) break;
            position++;
          }
          if (position > cellStart) state = text;
        }
      }
      while (position < size) {
        previous = state;
        state = next[state | (block[position++] as number)] as number;
        if (state >= firstAction) break;
      }
      if (state < firstAction) break;
      if (state === action.cellEnd) {
        if (column < width) {
          const kind = kindOf[previous >> 8] as CellKind;
          cells[column] =
            isText[column] === 1
              ? kind
              : this.#cell(block, kind, previous, cellStart, position - 1, column);
        }
        column++;
        cellStart = position;
        state = start;
      } else if (state === action.rowEnd || state === action.carriageReturn) {
        const cellEnd = position - 1;
        if (state === action.carriageReturn) {
          if (position === size && !isLast) {
            // Its LF may be in the next block.
            state = previous;
            break;
          }
          if (block[position] === lf) position++;
          // A CR alone ends a row too, but DuckDB then reads `""` behind it as NULL (1.5.5).
          else block[position - 1] = lf;
        }
        this.#state = previous;
        this.#cellStart = cellStart;
        this.#column = column;
        position = this.#walk(block, this.#endRow(block, cellEnd, position), lastLineEnd);
        this.#startRow(position);
        cellStart = position;
        column = 0;
        state = start;
      } else if (state === action.quotedLine) {
        this.#lines++;
        state = quotedText;
      } else if (state === action.textAfterQuote) {
        if (this.#badColumn < 0) this.#badColumn = column;
        state = text;
      } else {
        const isLeap = isDay(Number(block.toString('latin1', position - 10, position - 6)), 2, 29);
        if (state === action.leapDay) state = isLeap ? date : text;
        else state = isLeap ? quotedDate : quotedText;
      }
    }
    this.#state = state;
    this.#cellStart = cellStart;
    this.#column = column;
  }

  /** Keeps the rows that say nothing new, and answers where the first that may starts. */
  #walk(block: Buffer, from: number, lastLineEnd: number): number {
    if (this.#unknownAhead > 0) {
      this.#unknownAhead--;
      return from;
    }
    const known = this.#known;
    const before = known.rows;
    const at = known.walk(block, from, lastLineEnd);
    this.#unknown = at > from ? 0 : Math.min(2 * this.#unknown + 1, mostUnknownRows);
    this.#unknownAhead = this.#unknown;
    this.rows += known.rows - before;
    this.#line += known.rows - before;
    if (known.longestRow > this.longestRow) this.longestRow = known.longestRow;
    return at;
  }

  #startRow(at: number): void {
    this.#rowStart = at;
    this.#lines = 1;
    this.#badColumn = -1;
  }

  /** Keeps or rejects the row in the fields, whose last cell ends at `cellEnd`. Answers where the next row starts. */
  #endRow(block: Buffer, cellEnd: number, rowEnd: number): number {
    const start = this.#rowStart;
    const column = this.#column;
    const width = this.#cells.length;
    if (column === 0 && isBlank(block, start, cellEnd, width)) {
      this.#line++;
      return this.#drop(block, start, rowEnd);
    }
    if (column + 1 !== width || this.#badColumn >= 0) return this.#rejectRow(block, rowEnd);
    const kind = this.#automaton.kindOf[this.#state >> 8] as CellKind;
    this.#cells[column] = this.#cell(block, kind, this.#state, this.#cellStart, cellEnd, column);
    const fault = this.#faultOf === null ? null : this.#faultOf(this.#cells);
    if (fault !== null) {
      this.#reject(block, start, rowEnd, fault.reason, fault.column, true);
      this.#line += this.#lines;
      return this.#drop(block, start, rowEnd);
    }
    this.#merge();
    this.rows++;
    this.#line += this.#lines;
    if (rowEnd - start > this.longestRow) this.longestRow = rowEnd - start;
    if (width === 1 && rowEnd - cellEnd === 2) {
      // Of one column, DuckDB may take the two bytes of CRLF for two line ends, with a NULL between (1.5.5).
      this.#flush(block, cellEnd);
      this.#runStart = cellEnd + 1;
    }
    return rowEnd;
  }

  #merge(): void {
    const cells = this.#cells;
    const merged = this.#merged;
    for (let column = 0; column < cells.length; column++) {
      const cell = cells[column] as number;
      const kind = (cell & 15) as CellKind;
      if (kind <= cellKind.blank) {
        const evidence = this.evidence[column] as ColumnEvidence;
        if (kind === cellKind.empty) evidence.empties++;
        else if (kind === cellKind.emptyQuoted) evidence.emptyQuoted++;
        else evidence.blanks++;
      } else if (cell !== merged[column]) {
        merged[column] = cell;
        if (kind === cellKind.text) this.#isText[column] = 1;
        const evidence = this.evidence[column] as ColumnEvidence;
        addEvidence(
          evidence,
          kind,
          (cell >> 4) & 511,
          (cell >> 13) & 511,
          (cell & paddedCell) !== 0,
          (cell & beyondDoubleCell) === 0,
        );
        this.#known.learn(column);
      }
    }
  }

  #cell(
    block: Buffer,
    kind: CellKind,
    state: number,
    start: number,
    end: number,
    column: number,
  ): number {
    const margin = state >= this.#automaton.firstAfterQuote ? 1 : 0;
    if (kind === cellKind.integer) {
      const first = start + margin;
      const digits = end - margin - first - (block[first] === minus ? 1 : 0);
      if (digits < 16) return kind | (digits << 4);
      if (digits < 19)
        return (
          kind | (digits << 4) | this.#beyondDouble(block, first, end - margin, digits, 0, column)
        );
    } else if (kind === cellKind.decimal) {
      const first = start + margin;
      const last = end - margin;
      let at = last - 1;
      while (block[at] !== point) at--;
      const digits = at - first - (block[first] === minus ? 1 : 0);
      const scale = last - 1 - at;
      return (
        kind |
        (Math.min(digits, 511) << 4) |
        (Math.min(scale, 511) << 13) |
        this.#beyondDouble(block, first, last, digits, scale, column)
      );
    } else if (kind === cellKind.text) {
      const seen = (this.evidence[column] as ColumnEvidence).kinds;
      if ((seen & (1 << cellKind.text)) !== 0) return kind;
    } else if (kind !== cellKind.exponent) return kind;
    return this.#classify(block, start, end);
  }

  /** Asked of few: numbers of 16 digits and more, until one of the column is lost in a double. */
  #beyondDouble(
    block: Buffer,
    first: number,
    last: number,
    digits: number,
    scale: number,
    column: number,
  ): number {
    if (digits + scale <= 15) return 0;
    const seen = (this.evidence[column] as ColumnEvidence).kinds;
    if ((seen & beyondDoubleBit) !== 0) return beyondDoubleCell;
    return isPrintedDouble(block, first, last) ? 0 : beyondDoubleCell;
  }

  /** What the automaton cannot tell: spaces around, NaN, integers near the end of int64, vast exponents. */
  #classify(block: Buffer, start: number, end: number): number {
    if (end - start > longestClassifiedCell) return cellKind.text;
    const cell = unquoteCell(block.toString('latin1', start, end), this.#options.dialect);
    const { kind, integerDigits, scale, padded } = classifyText(cell);
    const isKept = !isPlainNumber(kind) || survivesDouble(() => cell.trim(), integerDigits, scale);
    return (
      kind |
      (Math.min(integerDigits, 511) << 4) |
      (Math.min(scale, 511) << 13) |
      (padded ? paddedCell : 0) |
      (isKept ? 0 : beyondDoubleCell)
    );
  }

  #rejectRow(block: Buffer, rowEnd: number): number {
    const start = this.#rowStart;
    const { columns } = this.#options;
    const bad = this.#badColumn;
    const count = this.#column + 1;
    const reason =
      bad >= 0
        ? 'text follows a closing quote'
        : `${count} ${count === 1 ? 'column' : 'columns'} where ${columns.length} are expected`;
    const second = this.#lines > 1 ? block.indexOf(lf, start) + 1 : rowEnd;
    // A stray quote ends at the next opening one, which text follows. Clean quotes mean a long cell of a ragged row.
    if (bad >= 0 && second < rowEnd && this.#isRow(block, second))
      return this.#rejectOpenQuote(block, start, 'a quote is opened and not closed in its row');
    this.#reject(block, start, rowEnd, reason, columns[bad] ?? null);
    this.#line += this.#lines;
    return this.#drop(block, start, rowEnd);
  }

  /** Rejects the first line of what looks like one row, and answers where the second starts. */
  #rejectOpenQuote(block: Buffer, start: number, reason: string): number {
    const at = block.indexOf(lf, start);
    const end = at < 0 ? block.length : at + 1;
    const { columns } = this.#options;
    this.#reject(block, start, end, reason, columns[this.#column] ?? null);
    this.#line++;
    return this.#drop(block, start, end);
  }

  #reject(
    block: Buffer,
    start: number,
    end: number,
    reason: string,
    column: string | null,
    isRow = false,
  ): void {
    this.rejected++;
    const text = block
      .toString('utf8', start, Math.min(end, start + longestRejectText))
      .replace(/[\r\n]+$/, '');
    this.#options.reject({ text, line: this.#line, column, reason, ...(isRow ? { isRow } : {}) });
  }

  /** Leaves `[start, end)` out of the kept bytes. */
  #drop(block: Buffer, start: number, end: number): number {
    this.#flush(block, start);
    this.#runStart = end;
    return end;
  }

  #flush(block: Buffer, to: number): void {
    if (this.#kept !== this.#runStart) block.copyWithin(this.#kept, this.#runStart, to);
    this.#kept += to - this.#runStart;
    this.#runStart = to;
  }

  /** Goes on to the end of a line that was rejected for its length. */
  #skipLine(block: Buffer): number {
    const at = block.indexOf(lf);
    if (at < 0) return block.length;
    this.#isSkipping = false;
    this.#line++;
    return at + 1;
  }

  /** Whether one line, read by itself, is a row of the right width. */
  #isRow(block: Buffer, from: number): boolean {
    const { next, start, isQuoted } = this.#automaton;
    let state = start;
    let cells = 1;
    for (let position = from; position < block.length; position++) {
      const following = next[state | (block[position] as number)] as number;
      if (following < firstAction) state = following;
      else if (following === action.cellEnd) {
        cells++;
        state = start;
      } else if (following === action.rowEnd || following === action.carriageReturn) {
        return cells === this.#cells.length;
      } else if (following === action.quotedLine || following === action.textAfterQuote)
        return false;
      else state = isQuoted[state >> 8] === 1 ? this.#automaton.quotedText : this.#automaton.text;
    }
    return isQuoted[state >> 8] === 0 && cells === this.#cells.length;
  }
}

/** A line with nothing in it is no row; nor is one of spaces, where a row has several columns. */
function isBlank(block: Buffer, start: number, end: number, width: number): boolean {
  if (start === end) return true;
  if (width === 1 || end - start > 1000) return false;
  for (let position = start; position < end; position++) if (block[position] !== 32) return false;
  return true;
}
