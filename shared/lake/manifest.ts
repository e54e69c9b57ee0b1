import { decodeAvroFile, encodeAvroFile } from './avroFile.ts';
import type { DataFile } from './dataFile.ts';
import type { IcebergSchema } from './icebergSchema.ts';
import {
  manifestEntrySchema,
  manifestEntryType,
  manifestFileSchema,
  manifestFileType,
} from './manifestSchemas.ts';

interface KeyValue<Value> {
  readonly key: number;
  readonly value: Value;
}
type Pairs<Value> = readonly KeyValue<Value>[] | null;

/** `data_file` as Avro has it. */
export interface AvroDataFile {
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
}

export const entryStatus = { existing: 0, added: 1, deleted: 2 } as const;

/** One line of a manifest. An added entry leaves its sequence numbers null and inherits its manifest's. */
export interface ManifestEntry {
  readonly status: number;
  readonly snapshot_id: number;
  readonly sequence_number: number | null;
  readonly file_sequence_number: number | null;
  readonly data_file: AvroDataFile;
}

/** One line of a manifest list. */
export interface ManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  /** 0 data, 1 deletes. */
  readonly content: number;
  readonly sequence_number: number;
  readonly min_sequence_number: number;
  readonly added_snapshot_id: number;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: number;
  readonly existing_rows_count: number;
  readonly deleted_rows_count: number;
  readonly partitions: readonly object[] | null;
  readonly key_metadata: null;
}

/** Files a manifest keeps alive. */
export const liveFiles = (manifest: ManifestFile): number =>
  manifest.added_files_count + manifest.existing_files_count;

export const encodeManifest = (
  schema: IcebergSchema,
  entries: readonly ManifestEntry[],
): Uint8Array =>
  encodeAvroFile(
    manifestEntrySchema,
    manifestEntryType,
    {
      schema: JSON.stringify(schema),
      'schema-id': String(schema['schema-id']),
      'partition-spec': '[]',
      'partition-spec-id': '0',
      'format-version': '2',
      content: 'data',
    },
    entries,
  );

/** Size of an entry in its manifest. */
export const manifestEntryBytes = (entry: ManifestEntry): number =>
  manifestEntryType.toBuffer(entry).length;

/** What the manifest list says about a manifest with these entries. */
export function describeManifest(
  path: string,
  bytes: number,
  snapshotId: number,
  sequenceNumber: number,
  entries: readonly ManifestEntry[],
): ManifestFile {
  const files = [0, 0, 0];
  const rows = [0, 0, 0];
  let least = sequenceNumber;
  for (const { status, sequence_number, data_file } of entries) {
    files[status] = (files[status] ?? 0) + 1;
    rows[status] = (rows[status] ?? 0) + data_file.record_count;
    if (status !== entryStatus.deleted && sequence_number !== null)
      least = Math.min(least, sequence_number);
  }
  const [existingFiles = 0, addedFiles = 0, deletedFiles = 0] = files;
  const [existingRows = 0, addedRows = 0, deletedRows = 0] = rows;
  return {
    manifest_path: path,
    manifest_length: bytes,
    partition_spec_id: 0,
    content: 0,
    sequence_number: sequenceNumber,
    min_sequence_number: least,
    added_snapshot_id: snapshotId,
    added_files_count: addedFiles,
    existing_files_count: existingFiles,
    deleted_files_count: deletedFiles,
    added_rows_count: addedRows,
    existing_rows_count: existingRows,
    deleted_rows_count: deletedRows,
    partitions: [],
    key_metadata: null,
  };
}

/** The entries of a manifest with the sequence numbers they inherit filled in. */
export function* decodeManifest(
  file: Uint8Array,
  manifest: Pick<ManifestFile, 'sequence_number' | 'added_snapshot_id'>,
): Generator<ManifestEntry & { sequence_number: number; file_sequence_number: number }> {
  for (const entry of decodeAvroFile(file) as Iterable<ManifestEntry>)
    yield {
      status: entry.status,
      snapshot_id: entry.snapshot_id ?? manifest.added_snapshot_id,
      sequence_number: entry.sequence_number ?? manifest.sequence_number,
      file_sequence_number: entry.file_sequence_number ?? manifest.sequence_number,
      data_file: entry.data_file,
    };
}

export const encodeManifestList = (
  snapshotId: number,
  parentId: string | null,
  sequenceNumber: number,
  manifests: readonly ManifestFile[],
): Uint8Array =>
  encodeAvroFile(
    manifestFileSchema,
    manifestFileType,
    {
      'snapshot-id': String(snapshotId),
      'parent-snapshot-id': parentId ?? 'null',
      'sequence-number': String(sequenceNumber),
      'format-version': '2',
    },
    manifests,
  );

export const decodeManifestList = (file: Uint8Array): ManifestFile[] => [
  ...(decodeAvroFile(file) as Iterable<ManifestFile>),
];

export const toAvroDataFile = (file: DataFile): AvroDataFile => ({
  content: 0,
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
  sort_order_id: 0,
});

export const fromAvroDataFile = (file: AvroDataFile): DataFile => ({
  path: file.file_path,
  content: 'data',
  rows: file.record_count,
  bytes: file.file_size_in_bytes,
  columnBytes: record(file.column_sizes, (value) => value),
  valueCounts: record(file.value_counts, (value) => value),
  nullCounts: record(file.null_value_counts, (value) => value),
  nanCounts: record(file.nan_value_counts, (value) => value),
  lowerBounds: record(file.lower_bounds, (value) => value.toString('base64')),
  upperBounds: record(file.upper_bounds, (value) => value.toString('base64')),
});

function pairs<From, To>(
  from: Readonly<Record<string, From>>,
  convert: (value: From) => To,
): KeyValue<To>[] {
  return Object.entries(from).map(([key, value]) => ({ key: Number(key), value: convert(value) }));
}

function record<From, To>(from: Pairs<From>, convert: (value: From) => To): Record<string, To> {
  return Object.fromEntries((from ?? []).map(({ key, value }) => [key, convert(value)]));
}
