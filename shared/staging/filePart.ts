import type { LandedFile } from '../connectors/connector.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import type { RangeLayout } from '../formats/ranges/rangeLayout.ts';
import type { SurveyedColumn } from '../formats/tabularFile.ts';

/** What of a file is loaded. */
export type PartPlace =
  /** Rows of a text file: bytes `[from, to)`, which begin and end where rows do. */
  | {
      readonly kind: 'rows';
      readonly layout: RangeLayout;
      readonly from: number;
      readonly to: number;
      readonly firstLine: number;
      readonly isFirst: boolean;
    }
  /**
   * Row groups `[first, end)` of a Parquet file, which lie in bytes `[from, to)`; those of all parts together are the
   * file, each byte once. Hashed in pieces of `pieceBytes`.
   */
  | {
      readonly kind: 'rowGroups';
      readonly first: number;
      readonly end: number;
      readonly from: number;
      readonly to: number;
      readonly pieceBytes: number;
      readonly rowsBefore?: number;
    };

/** One part of a landed file: what a batch's body is for a loader of one part. */
export interface FilePart {
  readonly kind: 'filePart';
  readonly file: LandedFile;
  readonly options: FileFormatOptions;
  readonly place: PartPlace;
}

/** What whoever puts the parts of a file together has to know of one. */
export interface PartReport {
  /** What is known of the columns of the part's rows; empty where the file declares its types. */
  readonly survey: readonly SurveyedColumn[];
  /** Columns with values that DuckDB does not read as the survey does. */
  readonly doubtful: readonly string[];
  /** The part has rows, and none could be read: no failure, if others can. */
  readonly isUnreadable: boolean;
  /** Hashes of the pieces that begin in it, for Parquet files. */
  readonly pieces: readonly string[];
}
