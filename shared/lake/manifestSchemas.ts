import { avroType } from './avroFile.ts';

/**
 * Avro schemas of manifests and manifest lists, Iceberg v2, unpartitioned. Field ids are those of the
 * specification's tables ("Manifests", "Manifest Lists"); readers resolve by id and by name.
 */
const named = (name: string, id: number, type: unknown): object => ({
  name,
  type,
  'field-id': id,
});
const optional = (name: string, id: number, type: unknown): object => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});
/** Avro maps have text keys only, so Iceberg spells a map with int keys as an array of pairs. */
const mapOf = (keyId: number, valueId: number, value: string): object => ({
  type: 'array',
  logicalType: 'map',
  items: {
    type: 'record',
    name: `k${keyId}_v${valueId}`,
    fields: [named('key', keyId, 'int'), named('value', valueId, value)],
  },
});

const dataFileSchema = {
  type: 'record',
  name: 'r2',
  fields: [
    named('content', 134, 'int'),
    named('file_path', 100, 'string'),
    named('file_format', 101, 'string'),
    named('partition', 102, { type: 'record', name: 'r102', fields: [] }),
    named('record_count', 103, 'long'),
    named('file_size_in_bytes', 104, 'long'),
    optional('column_sizes', 108, mapOf(117, 118, 'long')),
    optional('value_counts', 109, mapOf(119, 120, 'long')),
    optional('null_value_counts', 110, mapOf(121, 122, 'long')),
    optional('nan_value_counts', 137, mapOf(138, 139, 'long')),
    optional('lower_bounds', 125, mapOf(126, 127, 'bytes')),
    optional('upper_bounds', 128, mapOf(129, 130, 'bytes')),
    optional('key_metadata', 131, 'bytes'),
    optional('split_offsets', 132, { type: 'array', items: 'long', 'element-id': 133 }),
    optional('equality_ids', 135, { type: 'array', items: 'int', 'element-id': 136 }),
    optional('sort_order_id', 140, 'int'),
    optional('referenced_data_file', 143, 'string'),
  ],
};

export const manifestEntrySchema = {
  type: 'record',
  name: 'manifest_entry',
  fields: [
    named('status', 0, 'int'),
    optional('snapshot_id', 1, 'long'),
    optional('sequence_number', 3, 'long'),
    optional('file_sequence_number', 4, 'long'),
    named('data_file', 2, dataFileSchema),
  ],
};
export const manifestEntryType = avroType(manifestEntrySchema);

export const manifestFileSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    named('manifest_path', 500, 'string'),
    named('manifest_length', 501, 'long'),
    named('partition_spec_id', 502, 'int'),
    named('content', 517, 'int'),
    named('sequence_number', 515, 'long'),
    named('min_sequence_number', 516, 'long'),
    named('added_snapshot_id', 503, 'long'),
    named('added_files_count', 504, 'int'),
    named('existing_files_count', 505, 'int'),
    named('deleted_files_count', 506, 'int'),
    named('added_rows_count', 512, 'long'),
    named('existing_rows_count', 513, 'long'),
    named('deleted_rows_count', 514, 'long'),
    optional('partitions', 507, {
      type: 'array',
      'element-id': 508,
      items: {
        type: 'record',
        name: 'r508',
        fields: [
          named('contains_null', 509, 'boolean'),
          optional('contains_nan', 518, 'boolean'),
          optional('lower_bound', 510, 'bytes'),
          optional('upper_bound', 511, 'bytes'),
        ],
      },
    }),
    optional('key_metadata', 519, 'bytes'),
  ],
};
export const manifestFileType = avroType(manifestFileSchema);
