import { type AvroDataFile, dataFileContent } from './avroDataFile.ts';
import { decodeAvroFile, encodeAvroFile } from './avroFile.ts';
import type { IcebergSchema } from './icebergSchema.ts';
import {
  manifestEntrySchema,
  manifestEntryType,
  manifestFileSchema,
  manifestFileType,
} from './manifestSchemas.ts';

/** What a manifest lists: data files, or files that delete rows of them. Never both ("Manifests"). */
export const manifestContent = { data: 0, deletes: 1 } as const;
export type ManifestContent = keyof typeof manifestContent;

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
  /** One of `manifestContent`. */
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

/** Manifests with live files that list data files, or delete files. */
export const aliveManifests = (
  manifests: readonly ManifestFile[],
  content: ManifestContent,
): readonly ManifestFile[] =>
  manifests.filter(
    (manifest) => liveFiles(manifest) > 0 && manifest.content === manifestContent[content],
  );

/** Throws TypeError for an entry that the other kind of manifest lists. */
export function encodeManifest(
  schema: IcebergSchema,
  content: ManifestContent,
  entries: readonly ManifestEntry[],
): Uint8Array {
  if (
    entries.some(
      ({ data_file }) => (data_file.content === dataFileContent.data) !== (content === 'data'),
    )
  )
    throw new TypeError('a manifest lists data files or delete files, never both');
  return encodeAvroFile(
    manifestEntrySchema,
    manifestEntryType,
    {
      schema: JSON.stringify(schema),
      'schema-id': String(schema['schema-id']),
      'partition-spec': '[]',
      'partition-spec-id': '0',
      'format-version': '2',
      content,
    },
    entries,
  );
}

/** Size of an entry in its manifest. */
export const manifestEntryBytes = (entry: ManifestEntry): number =>
  manifestEntryType.toBuffer(entry).length;

/** What the manifest list says about a manifest with these entries. */
export function describeManifest(
  path: string,
  bytes: number,
  content: ManifestContent,
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
    content: manifestContent[content],
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
