import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import { aboveCut, type Comparable, fromBound } from './comparable.ts';

/** What is known about the values of one column in a file or a row group. A null bound is unknown or open. */
export interface ColumnRange {
  readonly lower: Comparable | null;
  readonly upper: Comparable | null;
  readonly mayHaveNulls: boolean;
  readonly mayHaveValues: boolean;
}

/** By field; what nobody knows anything about is `anything`. */
export type RangeOf = (field: Field) => ColumnRange;

/** Which rows a rule has to look at, judged from ranges alone. A doubt MUST be answered with true. */
export interface RowFilter {
  mayMatch(rangeOf: RangeOf): boolean;
  /** Whether every row is known to match; such a file is not read at all. */
  matchesAll(rangeOf: RangeOf): boolean;
}

export const anything: ColumnRange = {
  lower: null,
  upper: null,
  mayHaveNulls: true,
  mayHaveValues: true,
};

/** The ranges that a manifest entry tells. */
export const rangesOfFile =
  (file: DataFile): RangeOf =>
  ({ id, type }) => {
    const [values, nulls] = [file.valueCounts[id], file.nullCounts[id]];
    if (values === undefined || nulls === undefined) return anything;
    const bytes = (bound: string | undefined): Uint8Array | null =>
      bound === undefined ? null : Buffer.from(bound, 'base64');
    const [least, most] = [bytes(file.lowerBounds[id]), bytes(file.upperBounds[id])];
    const above = most === null ? null : aboveCut(type, most);
    return {
      lower: least === null ? null : fromBound(type, least),
      upper: above === null ? null : fromBound(type, above),
      mayHaveNulls: nulls > 0,
      mayHaveValues: nulls < values,
    };
  };
