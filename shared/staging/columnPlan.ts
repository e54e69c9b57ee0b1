import {
  type ColumnEvidence,
  columnTypeOf,
  holdsColumn,
  needsCleaning,
  nullsExpected,
} from '../formats/columnEvidence.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { ColumnType } from '../lake/schema.ts';
import { guardedValue } from './guardedSql.ts';

/** How one column of a file is read, by everything seen of it. */
export interface ColumnReading {
  /** The type that holds every value; the table's own where that does. */
  readonly type: ColumnType;
  /** Unless it ends as text, values are trimmed and empty ones become NULL before they are cast. */
  readonly needsCleaning: boolean;
  /** The source's settings say so: values that are none of the type go to `_unfit`. */
  readonly isChosen?: boolean;
}

/** A column without any value is text until one is seen. */
export function readingOf(evidence: ColumnEvidence, existing: ColumnType | null): ColumnReading {
  const type =
    existing !== null && holdsColumn(existing, evidence)
      ? existing
      : (columnTypeOf(evidence, existing) ?? 'string');
  return { type, needsCleaning: needsCleaning(evidence) };
}

export const isSameReading = (left: ColumnReading, right: ColumnReading): boolean =>
  left.type === right.type &&
  (left.type === 'string' || left.needsCleaning === right.needsCleaning);

const isCleaned = (stored: ColumnType, reading: ColumnReading): boolean =>
  reading.needsCleaning && stored !== 'string';

/** The text of CSV column `c<position>` that a chosen type is read from. */
export const chosenText = (position: number): string => `nullif(trim(c${position}), '')`;

/** The DuckDB type to declare for a CSV column that the table stores as `stored`. */
export const declaredType = (stored: ColumnType, reading: ColumnReading): string =>
  isCleaned(stored, reading) || reading.isChosen === true ? 'VARCHAR' : duckdbType(stored);

/** SQL for the value of CSV column `c<position>` as the table stores it. */
export function valueExpression(
  position: number,
  stored: ColumnType,
  reading: ColumnReading,
): string {
  const column = `c${position}`;
  if (reading.isChosen === true && stored !== 'string')
    return `CAST(${guardedValue({ text: chosenText(position), type: reading.type })} AS ${duckdbType(stored)})`;
  if (!isCleaned(stored, reading)) return column;
  const trimmed = `trim(${column})`;
  const spelled =
    stored === 'timestamptz'
      ? `regexp_replace(${trimmed}, '^(.{10}.\\d\\d:\\d\\d)(Z|[+-]| UTC)', '\\1:00\\2')`
      : trimmed;
  return `CAST(nullif(${spelled}, '') AS ${duckdbType(stored)})`;
}

/**
 * NULLs the stored column must have. DuckDB's CSV reader turns some texts it cannot read into NULL without a word
 * (1.5.5: `2020-01-01T10:00Z` as TIMESTAMPTZ), which only this count shows.
 */
export const expectedNulls = (stored: ColumnType, evidence: ColumnEvidence): number =>
  nullsExpected(evidence, stored);
