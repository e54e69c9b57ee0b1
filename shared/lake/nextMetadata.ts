import { randomUUID } from 'node:crypto';
import type { SchemaEvolution } from './evolveSchema.ts';
import { pathOf } from './objectPath.ts';
import { retainedSnapshots, retention } from './retainedSnapshots.ts';
import type { PrepareCommit } from './tableChange.ts';
import type { Snapshot, TableMetadata } from './tableMetadata.ts';

/** Iceberg's own default (`write.metadata.previous-versions-max`). */
const keptMetadataFiles = 100;

/**
 * The table's metadata after a commit: `base` with the schema, the snapshot (null: only the schema changed) and
 * the logs moved on. Snapshots that are no longer retained leave it, and with them the schemas only they used.
 */
export function nextMetadata(
  { store, current, location, metadataPrefix, now }: Omit<PrepareCommit, 'change'>,
  base: TableMetadata | null,
  evolution: SchemaEvolution,
  snapshot: Snapshot | null,
  timestamp: number,
): TableMetadata {
  const all = [...(base?.snapshots ?? []), ...(snapshot === null ? [] : [snapshot])];
  const snapshots = retainedSnapshots(all, now);
  const kept = new Set(snapshots.map((each) => String(each['snapshot-id'])));
  const used = new Set(snapshots.map((each) => each['schema-id']));
  const { schema } = evolution;
  const snapshotLog = base?.['snapshot-log'] ?? [];
  const metadataLog = base?.['metadata-log'] ?? [];
  return {
    ...(base ?? newTable()),
    location,
    'last-sequence-number': (base?.['last-sequence-number'] ?? 0) + (snapshot === null ? 0 : 1),
    'last-updated-ms': timestamp,
    'last-column-id': evolution.lastColumnId,
    'current-schema-id': schema['schema-id'],
    schemas: evolution.schemas.filter((each) => each === schema || used.has(each['schema-id'])),
    properties: {
      ...base?.properties,
      'write.parquet.compression-codec': 'zstd',
      'write.metadata.path': pathOf(store.bucket, metadataPrefix.replace(/\/$/, '')),
      'write.metadata.previous-versions-max': String(keptMetadataFiles),
      'history.expire.max-snapshot-age-ms': String(retention.days * 86_400_000),
      'history.expire.min-snapshots-to-keep': String(retention.atLeast),
      // Headgate deletes what it no longer needs; an engine that expires snapshots on its own must not.
      'gc.enabled': 'false',
    },
    'current-snapshot-id': snapshot?.['snapshot-id'] ?? base?.['current-snapshot-id'] ?? -1,
    refs:
      snapshot === null
        ? (base?.refs ?? {})
        : { ...base?.refs, main: { 'snapshot-id': snapshot['snapshot-id'], type: 'branch' } },
    snapshots: [...snapshots],
    'snapshot-log': [
      ...snapshotLog.filter((entry) => kept.has(String(entry['snapshot-id']))),
      ...(snapshot === null
        ? []
        : [{ 'timestamp-ms': timestamp, 'snapshot-id': snapshot['snapshot-id'] }]),
    ],
    'metadata-log': [
      ...metadataLog,
      ...(base === null || current === null
        ? []
        : [
            {
              'timestamp-ms': base['last-updated-ms'],
              'metadata-file': pathOf(store.bucket, current.metadataKey),
            },
          ]),
    ].slice(-keptMetadataFiles),
  };
}

/** Members every v2 table has and no commit of ours changes. */
const newTable = () => ({
  'format-version': 2 as const,
  'table-uuid': randomUUID(),
  'default-spec-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  // Partition field ids start at 1000.
  'last-partition-id': 999,
  'default-sort-order-id': 0,
  'sort-orders': [{ 'order-id': 0, fields: [] }],
  statistics: [],
});
