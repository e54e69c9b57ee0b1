import type { ColumnEvidence } from './columnEvidence.ts';
import type { CsvDialect } from './csv/cellAutomaton.ts';
import type { Reject } from './reject.ts';
import type { RowAdmission } from './rowAdmission.ts';

/** A column of a file and what is known of it so far. */
export interface SurveyedColumn {
  readonly name: string;
  readonly evidence: ColumnEvidence;
}

/** A file of rows, whatever its format, that can be read as CSV as often as needed. */
export interface TabularFile {
  /** What the first megabytes show. */
  readonly survey: readonly SurveyedColumn[];
  /** How passes spell their rows. */
  readonly dialect: CsvDialect;
  /** Unquoted text that means NULL in them. */
  readonly nullText: string;
  /** Rows of a pass have one cell more than the layout: the value of `_unfit`. */
  readonly hasUnfit?: boolean;
  /** How the text of a reject spells its row: in `dialect`, or as a JSON object. */
  readonly rowFormat: 'csv' | 'json';
  /** Rows may leave columns out: that one is not seen does not mean that it is gone. */
  readonly isSparse?: boolean;
  /** What was detected, in words: `csv, windows-1252, ";"`. Right once a pass is over. */
  readonly detected: string;
  /**
   * Starts a reading from the start. `layout`: the columns of its rows, in order. `admission` refuses rows that can
   * be read; what is known of columns then comes from the others.
   */
  pass(
    layout: readonly string[],
    reject: (reject: Reject) => void,
    admission?: RowAdmission,
  ): TabularPass;
}

/** Blocks that may wait to be written while the next is made: DuckDB takes 15 MB in a row, then compresses them. */
export const blocksAhead = 16;

/** One reading of the whole file. */
export interface TabularPass {
  /**
   * Whole rows as UTF-8 CSV, in `layout`'s order. A block is valid until `blocksAhead` more have been taken and the
   * next is asked for.
   */
  readonly blocks: AsyncIterable<Uint8Array>;
  /** Columns seen so far, whether or not they are in the layout, with what is known of them. */
  columns(): readonly SurveyedColumn[];
  /** Rows handed out so far, rows rejected, and bytes of the longest row handed out. */
  readonly rows: number;
  readonly rejected: number;
  readonly longestRow: number;
}
