import { HeadgateError } from '../errors.ts';
import type { DataFile } from './dataFile.ts';
import { positionDeleteIds } from './positionDeleteFile.ts';

interface KeyValue<Value> {
  readonly key: number;
  readonly value: Value;
}
type Pairs<Value> = readonly KeyValue<Value>[] | null;

/** `data_file` as Avro has it. */
export interface AvroDataFile {
  /** One of `dataFileContent`. */
  readonly content: number;
  readonly file_path: string;
  readonly file_format: string;
  readonly partition: object;
  readonly record_count: number;
  readonly file_size_in_bytes: number;
  readonly column_sizes: Pairs<number>;
  readonly value_counts: Pairs<number>;
  readonly null_value_counts: Pairs<number>;
  readonly nan_value_counts: Pairs<number>;
  readonly lower_bounds: Pairs<Buffer>;
  readonly upper_bounds: Pairs<Buffer>;
  readonly key_metadata: null;
  readonly split_offsets: null;
  readonly equality_ids: null;
  readonly sort_order_id: number | null;
  /** Absent in manifests that were written before Headgate wrote delete files. */
  readonly referenced_data_file?: string | null;
}

/** What a file holds; 2, equality deletes, is never written. */
export const dataFileContent = { data: 0, position_deletes: 1 } as const;

export const toAvroDataFile = (file: DataFile): AvroDataFile => ({
  content: dataFileContent[file.content],
  file_path: file.path,
  file_format: 'PARQUET',
  partition: {},
  record_count: file.rows,
  file_size_in_bytes: file.bytes,
  column_sizes: pairs(file.columnBytes, (value) => value),
  value_counts: pairs(file.valueCounts, (value) => value),
  null_value_counts: pairs(file.nullCounts, (value) => value),
  nan_value_counts: pairs(file.nanCounts, (value) => value),
  lower_bounds: pairs(file.lowerBounds, (value) => Buffer.from(value, 'base64')),
  upper_bounds: pairs(file.upperBounds, (value) => Buffer.from(value, 'base64')),
  key_metadata: null,
  split_offsets: null,
  equality_ids: null,
  // Delete files are sorted by file and position, which is no order of the table's.
  sort_order_id: file.content === 'data' ? 0 : null,
  referenced_data_file: file.deletesFrom ?? null,
});

/** Throws `internal_error` for what Headgate never writes: equality deletes, deletes of several data files. */
export const fromAvroDataFile = (file: AvroDataFile): DataFile => ({
  path: file.file_path,
  ...(file.content === dataFileContent.data
    ? { content: 'data' }
    : { content: 'position_deletes', deletesFrom: deletesFromOf(file) }),
  rows: file.record_count,
  bytes: file.file_size_in_bytes,
  columnBytes: record(file.column_sizes, (value) => value),
  valueCounts: record(file.value_counts, (value) => value),
  nullCounts: record(file.null_value_counts, (value) => value),
  nanCounts: record(file.nan_value_counts, (value) => value),
  lowerBounds: record(file.lower_bounds, (value) => value.toString('base64')),
  upperBounds: record(file.upper_bounds, (value) => value.toString('base64')),
});

/**
 * The data file whose rows a position-delete file deletes. Throws `internal_error` for equality deletes and for a
 * file that may hold positions of several data files.
 */
export function deletesFromOf(file: AvroDataFile): string {
  const path = (pairs: Pairs<Buffer>): string | undefined =>
    pairs?.find(({ key }) => key === positionDeleteIds.filePath)?.value.toString();
  const least = path(file.lower_bounds);
  const target = file.referenced_data_file ?? (least === path(file.upper_bounds) ? least : null);
  if (file.content !== dataFileContent.position_deletes || target == null)
    throw new HeadgateError(
      'internal_error',
      `${file.file_path} is no file of position deletes of one data file`,
    );
  return target;
}

function pairs<From, To>(
  from: Readonly<Record<string, From>>,
  convert: (value: From) => To,
): KeyValue<To>[] {
  return Object.entries(from).map(([key, value]) => ({ key: Number(key), value: convert(value) }));
}

function record<From, To>(from: Pairs<From>, convert: (value: From) => To): Record<string, To> {
  return Object.fromEntries((from ?? []).map(({ key, value }) => [key, convert(value)]));
}
