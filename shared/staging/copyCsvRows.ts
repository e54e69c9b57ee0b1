import { isUtf8 } from 'node:buffer';
import { HeadgateError } from '../errors.ts';

const [lf, quote] = [10, 34];

/** Counts the rows of `copyCsv` bytes and finds where they end, by the parity of quotes alone. */
export class CopyCsvRows {
  rows = 0;
  longestRow = 0;

  /** As `CsvScanner.scan`, but every row is kept. Throws `source_answer_invalid` for bytes that are no UTF-8. */
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number } {
    let end = 0;
    for (let next = copyRowEnd(block, 0); next >= 0; next = copyRowEnd(block, end)) {
      this.rows++;
      if (next - end > this.longestRow) this.longestRow = next - end;
      end = next;
    }
    if (isLast && end < block.length) throw brokenRow();
    if (!isUtf8(block.subarray(0, end))) throw notUtf8();
    return { consumed: end, kept: end };
  }
}

/** Where the row that starts at `start` ends; −1 when the block ends before. */
export function copyRowEnd(block: Buffer, start: number): number {
  let isQuoted = false;
  for (let at = start; at < block.length; at++) {
    const byte = block[at];
    if (byte === quote) isQuoted = !isQuoted;
    else if (byte === lf && !isQuoted) return at + 1;
  }
  return -1;
}

export const brokenRow = (): HeadgateError => invalid('The source ended in the middle of a row.');

export const notUtf8 = (): HeadgateError =>
  invalid('The source sent text that is not UTF-8. Check the encoding of the database.');

const invalid = (message: string): HeadgateError =>
  new HeadgateError('source_answer_invalid', message);
