import { type DuckDb, sqlText } from '../duckdb/openDuckDb.ts';
import type { Field } from '../lake/schema.ts';
import type { ColumnRange, RowFilter } from './columnRange.ts';
import { type Comparable, compare, fromText } from './comparable.ts';
import { columnOf } from './parquetRows.ts';

/** Ranges kept per column; with no more values than this each is a range of its own. */
const rangesPerColumn = 1_024;
/** Sorting more values than these costs more than it could save. */
const mostSortedRows = 5_000_000;
/** Longer text is not held; its range is open upwards. */
const longestText = 256;

interface Values {
  readonly field: Field;
  /** Sorted, and none overlaps the next. */
  readonly ranges: readonly {
    readonly lower: Comparable | null;
    readonly upper: Comparable | null;
  }[];
  readonly hasNulls: boolean;
  /** NaN lies outside of all bounds. */
  readonly hasNaN: boolean;
}

/**
 * Finds the rows that may equal one of `relation`'s in all of `fields`. Null equals null. Each column is looked at
 * by itself, so that files are left out by whichever column they are ordered by.
 */
export async function keyFilter(
  db: DuckDb,
  relation: string,
  fields: readonly Field[],
): Promise<RowFilter> {
  const columns: Values[] = [];
  for (const field of fields) columns.push(await valuesOf(db, relation, field));
  return {
    mayMatch: (rangeOf) => columns.every((values) => meets(values, rangeOf(values.field))),
    matchesAll: () => false,
  };
}

async function valuesOf(db: DuckDb, relation: string, field: Field): Promise<Values> {
  const column = columnOf(field);
  const isFloat = field.type === 'float' || field.type === 'double';
  const nan = isFloat ? `isnan(${column})` : 'false';
  const [counts] = await db.rows(
    `SELECT count(*) AS total, count(${column}) AS filled,
       count(*) FILTER (WHERE ${nan}) AS nans FROM ${relation}`,
  );
  const [total, filled, nans] = [counts?.['total'], counts?.['filled'], counts?.['nans']].map(
    Number,
  );
  const bucket =
    Number(filled) <= mostSortedRows ? `ntile(${rangesPerColumn}) OVER (ORDER BY ${column})` : '0';
  const text = (sql: string): string =>
    field.type === 'binary' ? `hex(${sql})` : `CAST(${sql} AS VARCHAR)`;
  const rows = await db.rows(
    `SELECT left(${text(`min(${column})`)}, ${longestText}) AS least,
       CASE WHEN length(${text(`max(${column})`)}) <= ${longestText} THEN ${text(`max(${column})`)} ELSE ${sqlText('')} END AS most,
       length(${text(`max(${column})`)}) > ${longestText} AS is_long
     FROM (SELECT ${column}, ${bucket} AS bucket FROM ${relation} WHERE ${column} IS NOT NULL AND NOT ${nan})
     GROUP BY bucket ORDER BY bucket`,
  );
  return {
    field,
    hasNulls: filled !== total,
    hasNaN: nans !== 0,
    ranges: rows.map(({ least, most, is_long: isLong }) => ({
      lower: fromText(field.type, String(least), 'lower'),
      upper: isLong === true ? null : fromText(field.type, String(most), 'upper'),
    })),
  };
}

function meets(values: Values, range: ColumnRange): boolean {
  if (values.hasNulls && range.mayHaveNulls) return true;
  if (!range.mayHaveValues) return false;
  if (values.hasNaN) return true;
  const { lower, upper } = range;
  // The first range that does not end before the file begins; all after it begin further up.
  let [from, to] = [0, values.ranges.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const end = values.ranges[middle]?.upper ?? null;
    if (lower !== null && end !== null && compare(end, lower) < 0) from = middle + 1;
    else to = middle;
  }
  const first = values.ranges[from];
  if (first === undefined) return false;
  return first.lower === null || upper === null || compare(first.lower, upper) <= 0;
}
