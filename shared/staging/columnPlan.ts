import {
  type ColumnEvidence,
  columnTypeOf,
  holdsColumn,
  needsCleaning,
  nullsExpected,
} from '../formats/columnEvidence.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { ColumnType } from '../lake/schema.ts';
import type { ColumnRule } from '../schema/ruleBook.ts';
import type { ValueMask } from '../schema/valueMask.ts';
import type { SchemaContract } from '../sources/sourceItem.ts';
import { guardedValue } from './guardedSql.ts';

/** How one column of a file is read, by everything seen of it. */
export interface ColumnReading {
  /** The type that holds every value; the table's own where that does. */
  readonly type: ColumnType;
  /** Unless it ends as text, values are trimmed and empty ones become NULL before they are cast. */
  readonly needsCleaning: boolean;
  /** The source's settings say so: values that are none of the type go to `_unfit`. */
  readonly isChosen?: boolean;
  /** The column is text, and none of its values is kept as it is. */
  readonly mask?: NonNullable<ColumnRule['mask']>;
}

/** What is decided about a column before anything is known of its values. */
export interface ReadingRule {
  readonly rule: ColumnRule;
  readonly contract: SchemaContract;
  /** Type chosen for this column of this file, unless the contract keeps the table's; null: none. */
  readonly chosen: ColumnType | null;
  /** DuckDB reads values of the column otherwise than the survey does. */
  readonly isDoubtful: boolean;
}

/**
 * How a column is read under its rule and the stream's contract; null: it is not loaded. `existing`: its type in the
 * table, null where the table has no such column.
 */
export function readingUnder(
  { rule, contract, chosen, isDoubtful }: ReadingRule,
  evidence: ColumnEvidence,
  existing: ColumnType | null,
): ColumnReading | null {
  const keepsTable = contract === 'discard_row' || contract === 'discard_value';
  if (!rule.isTaken || (keepsTable && existing === null)) return null;
  if (rule.mask !== null) return { type: 'string', needsCleaning: false, mask: rule.mask };
  const type = rule.type ?? (keepsTable ? null : chosen);
  if (type !== null) return { type, needsCleaning: false, isChosen: true };
  const fixed = contract === 'evolve' ? null : existing;
  if (isDoubtful) return { type: fixed ?? 'string', needsCleaning: false, isChosen: true };
  // A frozen column whose values do not fit is for the schema to refuse.
  if (keepsTable && existing !== null && !holdsColumn(existing, evidence))
    return { type: existing, needsCleaning: false, isChosen: true };
  return readingOf(evidence, existing);
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
  left.mask === right.mask &&
  left.isChosen === right.isChosen &&
  (left.type === 'string' || left.needsCleaning === right.needsCleaning);

const isCleaned = (stored: ColumnType, reading: ColumnReading): boolean =>
  reading.needsCleaning && stored !== 'string';

/** DuckDB takes no time without seconds in front of a zone. */
const withSeconds = (text: string): string =>
  `regexp_replace(${text}, '^(.{10}.\\d\\d:\\d\\d)(Z|[+-]| UTC)', '\\1:00\\2')`;

/** The text of CSV column `c<position>` that a chosen type is read from. */
export function chosenText(position: number, type: ColumnType): string {
  const trimmed = `nullif(trim(c${position}), '')`;
  return type === 'timestamptz' ? withSeconds(trimmed) : trimmed;
}

/** The DuckDB type to declare for a CSV column that the table stores as `stored`. */
export const declaredType = (stored: ColumnType, reading: ColumnReading): string =>
  isCleaned(stored, reading) || reading.isChosen === true || reading.mask !== undefined
    ? 'VARCHAR'
    : duckdbType(stored);

/** SQL for the value of CSV column `c<position>` as the table stores it. */
export function valueExpression(
  position: number,
  stored: ColumnType,
  reading: ColumnReading,
  mask: ValueMask,
): string {
  const column = `c${position}`;
  if (reading.mask !== undefined) return mask.sql(reading.mask, column);
  if (reading.isChosen === true && stored !== 'string')
    return `CAST(${guardedValue({ text: chosenText(position, reading.type), type: reading.type })} AS ${duckdbType(stored)})`;
  if (!isCleaned(stored, reading)) return column;
  const trimmed = `trim(${column})`;
  const spelled = stored === 'timestamptz' ? withSeconds(trimmed) : trimmed;
  return `CAST(nullif(${spelled}, '') AS ${duckdbType(stored)})`;
}

/**
 * NULLs the stored column must have. DuckDB's CSV reader turns some texts it cannot read into NULL without a word
 * (1.5.5: `2020-01-01T10:00Z` as TIMESTAMPTZ), which only this count shows.
 */
export const expectedNulls = (stored: ColumnType, evidence: ColumnEvidence): number =>
  nullsExpected(evidence, stored);
