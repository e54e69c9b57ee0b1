import type { ColumnType } from '../lake/schema.ts';
import type { ColumnBuffer } from '../parquet/columnBuffers.ts';

/**
 * Where rows go whose values a connector has decoded. For each row and wanted column exactly one value is added to the
 * column's buffer, or a NULL (`nulls.add(row)`); then `row` is counted up.
 *
 * Between two answers of a `fill` the buffers MAY be others and `row` MAY begin at 0 again: look at both anew.
 */
export interface ColumnSink {
  /** In the order of the batch's columns; null: the column is not wanted. */
  readonly columns: readonly (ColumnBuffer | null)[];
  /**
   * What each buffer holds: the column's own type, or one that it widens to (int → long, float → double, a decimal of
   * more digits). Decimals are added without their point, dates as days and times as microseconds since 1970 (UTC).
   */
  readonly types: readonly (ColumnType | null)[];
  /** The number of the row under way. */
  row: number;
  /**
   * Besides a NULL in the row under way: the text of a value that the column's type has no place for. In the order of
   * the columns.
   */
  unfit(column: number, text: string): void;
}

/** What was added since the answer before; every row of it is whole. */
export interface FilledRows {
  readonly rows: number;
  /** Bytes taken from the source. */
  readonly bytes: number;
}
