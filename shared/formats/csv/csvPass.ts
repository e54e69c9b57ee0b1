import type { Reject } from '../reject.ts';
import type { RowAdmission } from '../rowAdmission.ts';
import type { TabularPass } from '../tabularFile.ts';
import { CsvScanner } from './csvScanner.ts';
import type { CsvLayout } from './detectCsv.ts';
import { surveyedColumns } from './readCsvHead.ts';
import { scanBlocks } from './scanBlocks.ts';

export interface CsvPassOptions {
  readonly layout: Pick<CsvLayout, 'dialect' | 'columns' | 'firstLine' | 'preamble'>;
  /** UTF-8. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Of the chunks, in front of the first data row. */
  readonly skipBytes: number;
  readonly reject: (reject: Reject) => void;
  readonly admission: RowAdmission | undefined;
}

/** One reading of CSV text. What stands above the header is rejected first. */
export function csvPass(options: CsvPassOptions): TabularPass {
  const { layout, chunks, skipBytes, reject, admission } = options;
  for (const row of layout.preamble) reject(row);
  const reader = new CsvScanner({
    dialect: layout.dialect,
    columns: layout.columns,
    firstLine: layout.firstLine,
    reject,
    ...(admission === undefined ? {} : { admission }),
  });
  return {
    blocks: scanBlocks(chunks, skipBytes, reader),
    columns: () => surveyedColumns(layout.columns, reader),
    get rows() {
      return reader.rows;
    },
    get rejected() {
      return reader.rejected + layout.preamble.length;
    },
    get longestRow() {
      return reader.longestRow;
    },
  };
}
