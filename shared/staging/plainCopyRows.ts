import { isUtf8 } from 'node:buffer';
import { canonicalDialect } from '../formats/canonicalCsv.ts';
import { cellAutomaton } from '../formats/csv/cellAutomaton.ts';
import { textEnd, unusual } from '../formats/csv/cellEnds.ts';
import type { ColumnType } from '../lake/schema.ts';
import { brokenRow, copyRowEnd, notUtf8 } from './copyCsvRows.ts';
import { type PlainCell, plainCellOf } from './plainCell.ts';
import type { RowSpool } from './rowSpool.ts';

const [lf, quote, comma, backslash, upperN] = [10, 34, 44, 92, 78];

/** When so much is set aside that it is no exception, nothing more is. */
const mostBytesAside = 32 * 2 ** 20;

/**
 * Parts the rows of `copyCsv` bytes: those whose every value is spelled plainly stay in their block, which DuckDB may
 * then read with its columns' types; the others are set aside. `types`: of each column; null: a text to DuckDB.
 */
export class PlainCopyRows {
  /** All of them, whether they stay or not. */
  rows = 0;
  longestRow = 0;
  readonly #cells: readonly (PlainCell | null)[];
  readonly #aside: RowSpool;
  #isParting = true;

  constructor(types: readonly (ColumnType | null)[], aside: RowSpool) {
    const automaton = cellAutomaton(canonicalDialect);
    this.#cells = types.map((type) => (type === null ? null : plainCellOf(type, automaton)));
    this.#aside = aside;
  }

  /** false: the rows of the block that was scanned last, and of all that follow, are of both kinds. */
  get isParting(): boolean {
    return this.#isParting;
  }

  /** As `CsvScanner.scan`. Throws `source_answer_invalid` for bytes that are no UTF-8, and for half a row at the end. */
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number } {
    const lastLineEnd = block.lastIndexOf(lf);
    if (!isUtf8(block.subarray(0, isLast ? block.length : lastLineEnd + 1))) throw notUtf8();
    this.#isParting &&= this.#aside.bytes < mostBytesAside;
    let kept = 0;
    let keptFrom = 0;
    let start = 0;
    const keep = (): void => {
      if (kept !== keptFrom) block.copyWithin(kept, keptFrom, start);
      kept += start - keptFrom;
    };
    while (start <= lastLineEnd) {
      const plainEnd = this.#isParting ? this.#plainRowEnd(block, start, lastLineEnd) : unusual;
      const end = plainEnd === unusual ? copyRowEnd(block, start) : plainEnd;
      // Its last line is in the next block.
      if (end < 0) break;
      if (plainEnd === unusual && this.#isParting) {
        keep();
        this.#aside.add(block.subarray(start, end));
        keptFrom = end;
      }
      this.rows++;
      if (end - start > this.longestRow) this.longestRow = end - start;
      start = end;
    }
    keep();
    if (isLast && start < block.length) throw brokenRow();
    return { consumed: start, kept };
  }

  #plainRowEnd(block: Buffer, start: number, lastLineEnd: number): number {
    const cells = this.#cells;
    const last = cells.length - 1;
    let position = start;
    for (let column = 0; column <= last; column++) {
      // Behind a text with line ends in it there may be no other.
      if (position > lastLineEnd) return unusual;
      const byte = block[position];
      const plain = cells[column] as PlainCell | null;
      if (plain === null)
        position = byte === quote ? quotedEnd(block, position) : textEnd(block, position, comma);
      else if (byte === backslash && block[position + 1] === upperN) position += 2;
      else position = plain(block, position);
      if (position === unusual || block[position++] !== (column < last ? comma : lf))
        return unusual;
    }
    // A line with nothing in it is no row to DuckDB.
    return position - start > 1 ? position : unusual;
  }
}

/** Behind the closing quote of a text, which may have line ends in it. */
function quotedEnd(block: Buffer, start: number): number {
  for (let position = start + 1; position < block.length; position++) {
    if (block[position] !== quote) continue;
    if (block[position + 1] !== quote) return position + 1;
    position++;
  }
  return unusual;
}
