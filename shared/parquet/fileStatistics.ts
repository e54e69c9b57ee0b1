import type { DuckDbRow } from '../duckdb/openDuckDb.ts';
import type { ColumnType, Field } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';
import type { ColumnRange, Extreme } from './chunkStatistics.ts';
import { dateText, decimalText, timestampText } from './momentText.ts';

/** What a whole file's chunks of one column came to. */
export interface ColumnFacts {
  readonly field: Field;
  readonly range: ColumnRange;
  /** NULLs among them. */
  readonly values: number;
  readonly nulls: number;
  /** Compressed, with page headers. */
  readonly bytes: number;
}

/** A file's facts as the row of DuckDB's `COPY … (RETURN_STATS)`, which `dataFileFromStats` takes. */
export const copyStatsRow = (
  rows: number,
  fileBytes: number,
  columns: readonly ColumnFacts[],
): DuckDbRow => ({
  count: String(rows),
  file_size_bytes: String(fileBytes),
  column_statistics: columns.map(({ field, range, values, nulls, bytes }) => ({
    key: `"${field.name}"`,
    value: Object.entries({
      column_size_bytes: String(bytes),
      num_values: String(values),
      null_count: String(nulls),
      ...(field.type === 'float' || field.type === 'double'
        ? { has_nan: String(range.hasNan) }
        : {}),
      ...(range.least === null ? {} : { min: boundText(field.type, range.least) }),
      ...(range.most === null ? {} : { max: boundText(field.type, range.most) }),
    }).map(([key, value]) => ({ key, value })),
  })),
});

/** As DuckDB prints it there. */
function boundText(type: ColumnType, value: Extreme): string {
  switch (type) {
    case 'float':
    case 'double':
      return value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value);
    case 'date':
      return dateText(Number(value), ' (BC)');
    case 'timestamp':
      return timestampText(value as bigint, '', ' (BC)');
    case 'timestamptz':
      return timestampText(value as bigint, '+00', ' (BC)');
    case 'string':
      return wholeCharacters(value as Buffer).toString();
    case 'binary':
      return (value as Buffer).toString('hex');
    default: {
      const scale = decimalOf(type)?.scale;
      return scale === undefined ? String(value) : decimalText(BigInt(value as bigint), scale);
    }
  }
}

/** Without a last character that was cut through. */
function wholeCharacters(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && ((text[end - 1] as number) & 0xc0) === 0x80) end--;
  const first = text[end - 1] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return text.subarray(0, end - 1 + length === text.length ? text.length : Math.max(0, end - 1));
}
