/**
 * What the text of one cell could be. The first three carry no value; a cell has exactly one kind. Kinds are bits
 * of `ColumnEvidence.kinds`, and the first three MUST stay the lowest: scanners count them by comparing.
 */
export const cellKind = {
  /** Nothing between two delimiters: NULL. */
  empty: 0,
  /** `""`: the empty string in a text column, NULL elsewhere. */
  emptyQuoted: 1,
  /** Spaces only: NULL unless the column is text. */
  blank: 2,
  text: 3,
  /** Fits int64, no leading zero, no plus sign. */
  integer: 4,
  /** An integer beyond int64. */
  wideInteger: 5,
  /** Digits and a point, no exponent. */
  decimal: 6,
  /** With an exponent that a double can hold. */
  exponent: 7,
  /** NaN and infinities. */
  special: 8,
  boolean: 9,
  date: 10,
  timestamp: 11,
  timestamptz: 12,
  /** A timestamptz without seconds: DuckDB's CSV reader turns it into NULL unless it is spelled out (1.5.5). */
  shortTimestamptz: 13,
} as const;
export type CellKind = (typeof cellKind)[keyof typeof cellKind];

/** A value with spaces around it that is no text once they are gone: its column is trimmed while it is cast. */
export const paddedBit = 1 << 14;
/** A number with digits that a double does not keep: its column must not become one. */
export const beyondDoubleBit = 1 << 15;
