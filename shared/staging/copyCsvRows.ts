import { isUtf8 } from 'node:buffer';
import { HeadgateError } from '../errors.ts';

const [lf, quote] = [10, 34];

/** Counts the rows of `copyCsv` bytes and finds where they end, by the parity of quotes alone. */
export class CopyCsvRows {
  rows = 0;
  longestRow = 0;

  /** As `CsvScanner.scan`, but every row is kept. Throws `source_answer_invalid` for bytes that are no UTF-8. */
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number } {
    const size = block.length;
    let rows = 0;
    let end = 0;
    let isQuoted = false;
    let longest = this.longestRow;
    for (let at = 0; at < size; at++) {
      const byte = block[at];
      if (byte === quote) isQuoted = !isQuoted;
      else if (byte === lf && !isQuoted) {
        rows++;
        if (at + 1 - end > longest) longest = at + 1 - end;
        end = at + 1;
      }
    }
    this.rows += rows;
    this.longestRow = longest;
    if (isLast && end < size) throw invalid('The source ended in the middle of a row.');
    if (!isUtf8(block.subarray(0, end)))
      throw invalid('The source sent text that is not UTF-8. Check the encoding of the database.');
    return { consumed: end, kept: end };
  }
}

const invalid = (message: string): HeadgateError =>
  new HeadgateError('source_answer_invalid', message);
