import * as z from 'zod';
import type { DataFile } from './dataFile.ts';
import type { ColumnType, Field } from './schema.ts';
import { serializeBound, truncateBound } from './singleValue.ts';
import { isSystemColumn } from './systemColumn.ts';

const count = z.coerce.number().int().nonnegative();
const text = z.array(z.object({ key: z.string(), value: z.string() }));

/** One row of DuckDB's `COPY … (RETURN_STATS)`, as `getRowObjectsJson()` gives it. */
export const copyStats = z.object({
  count,
  file_size_bytes: count,
  column_statistics: z.array(z.object({ key: z.string(), value: text })),
});
export type CopyStats = z.infer<typeof copyStats>;

/** Iceberg's own default (`write.metadata.metrics.max-inferred-column-defaults`): manifests stay small. */
export const columnsWithBounds = 100;

export interface DataFileFromStats {
  /** `s3://bucket/key` where the file will lie. */
  readonly path: string;
  /** The file's columns. */
  readonly fields: readonly Field[];
  /** The row of RETURN_STATS, unchecked. */
  readonly stats: unknown;
  /**
   * The upload all rows of the file came from. MUST be given when its name may exceed 256 bytes: DuckDB cuts
   * longer minima and maxima, and the files of an upload are found by whole bounds.
   */
  readonly sourceFile?: string;
  /** A column with one and the same value in every row, which DuckDB may cut too; its bounds are whole. */
  readonly wholeValue?: { readonly name: string; readonly value: string };
}

/**
 * What a manifest entry needs to know about a Parquet file DuckDB wrote. Counts are kept for every column, sizes
 * and bounds for the first 100 user columns and all system columns.
 *
 * Throws when `_source_file` holds more than one value: rows of two uploads in one file could not be removed
 * one by one.
 */
export function dataFileFromStats(input: DataFileFromStats): DataFile {
  const stats = copyStats.parse(input.stats);
  const columns = new Map(
    stats.column_statistics.map(({ key, value }) => [
      unquote(key),
      new Map(value.map((fact) => [fact.key, fact.value])),
    ]),
  );
  const file = {
    path: input.path,
    content: 'data' as const,
    rows: stats.count,
    bytes: stats.file_size_bytes,
    columnBytes: {} as Record<string, number>,
    valueCounts: {} as Record<string, number>,
    nullCounts: {} as Record<string, number>,
    nanCounts: {},
    lowerBounds: {} as Record<string, string>,
    upperBounds: {} as Record<string, string>,
  };
  input.fields.forEach((field, position) => {
    const facts = columns.get(field.name);
    if (facts === undefined) return;
    const values = Number(facts.get('num_values'));
    const nulls = Number(facts.get('null_count'));
    file.valueCounts[field.id] = values;
    file.nullCounts[field.id] = nulls;
    if (position >= columnsWithBounds && !isSystemColumn(field.name)) return;
    file.columnBytes[field.id] = Number(facts.get('column_size_bytes'));
    const whole = wholeValueOf(field, facts, values, nulls, input);
    if (whole !== undefined) {
      if (whole === null) return;
      file.lowerBounds[field.id] = Buffer.from(whole).toString('base64');
      file.upperBounds[field.id] = Buffer.from(whole).toString('base64');
      return;
    }
    const lower = boundOf(field.type, facts, 'lower');
    const upper = boundOf(field.type, facts, 'upper');
    if (lower !== null) file.lowerBounds[field.id] = Buffer.from(lower).toString('base64');
    if (upper !== null) file.upperBounds[field.id] = Buffer.from(upper).toString('base64');
  });
  return file;
}

/** DuckDB writes a column's path as a quoted identifier. */
const unquote = (key: string): string => key.replace(/^"|"$/g, '').replaceAll('""', '"');

/**
 * `has_nan` is that of the last row group only (1.5.5), so false says little; but minimum and maximum always
 * leave NaN out, as Iceberg wants them.
 */
function boundOf(
  type: ColumnType,
  facts: ReadonlyMap<string, string>,
  side: 'lower' | 'upper',
): Uint8Array | null {
  const value = facts.get(side === 'lower' ? 'min' : 'max');
  if (value === undefined || facts.get('has_nan') === 'true') return null;
  const bound = serializeBound(type, value, side);
  return bound !== null && (type === 'string' || type === 'binary')
    ? truncateBound(type, bound, side)
    : bound;
}

/** DuckDB cuts longer minima and maxima (1.5.5), the maximum upwards. */
const longestWholeBytes = 256;

/** undefined: a column that has bounds like any other. null: all its values are. */
function wholeValueOf(
  { name: column }: Field,
  facts: ReadonlyMap<string, string>,
  values: number,
  nulls: number,
  { sourceFile, wholeValue, path }: DataFileFromStats,
): string | null | undefined {
  if (column !== '_source_file' && column !== wholeValue?.name) return undefined;
  if (values === nulls) return null;
  const [least, most] = [facts.get('min'), facts.get('max')];
  const given = column === wholeValue?.name ? wholeValue.value : sourceFile;
  const value = given ?? (least === most ? least : undefined);
  const agrees =
    value !== undefined &&
    nulls === 0 &&
    (Buffer.byteLength(value) > longestWholeBytes
      ? least === undefined || value.startsWith(least)
      : least === value && most === value);
  if (agrees) return value;
  throw new TypeError(
    column === '_source_file'
      ? `${path}: a data file holds the rows of exactly one upload`
      : `${path}: ${column} holds another value than it should`,
  );
}
