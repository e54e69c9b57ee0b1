/** A row that could not be loaded, with everything needed to find, mend and replay it. */
export interface Reject {
  /** The row as it stands in the file, at most `longestRejectText` characters of it. */
  readonly text: string;
  /** 1-based line of the file in which the row starts; for workbooks the row, for JSON the line of the value. */
  readonly line: number;
  /** The column at fault, where one is. */
  readonly column: string | null;
  readonly reason: string;
  /** The text is a whole row of the file's columns, refused for one of its values. */
  readonly isRow?: boolean;
}

export const longestRejectText = 1 << 20;
