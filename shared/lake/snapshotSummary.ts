import type { ManifestPlan } from './planManifests.ts';
import type { Snapshot } from './tableMetadata.ts';

/**
 * A snapshot's summary ("Optional Snapshot Summary Fields"): what happened, what it changed, and totals counted
 * on from the parent's. `total-records` counts deleted rows too, as Iceberg does. `extra` is the caller's own and
 * MUST NOT name one of Iceberg's.
 */
export function snapshotSummary(
  parent: Readonly<Record<string, string>>,
  plan: Omit<ManifestPlan, 'manifests' | 'removedRows'>,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const { added, removed, addedDeletes, removedDeletes } = plan;
  const total = (name: string, change: number): string =>
    String(Number(parent[name] ?? 0) + change);
  const some = (name: string, value: number): Record<string, string> =>
    value === 0 ? {} : { [name]: String(value) };
  const summary: Record<string, string> = {
    operation: operationOf(plan),
    ...some('added-data-files', added.files),
    ...some('added-records', added.rows),
    ...some('added-delete-files', addedDeletes.files),
    ...some('added-position-delete-files', addedDeletes.files),
    ...some('added-position-deletes', addedDeletes.rows),
    ...some('added-files-size', added.bytes + addedDeletes.bytes),
    ...some('deleted-data-files', removed.files),
    ...some('deleted-records', removed.rows),
    ...some('removed-delete-files', removedDeletes.files),
    ...some('removed-position-delete-files', removedDeletes.files),
    ...some('removed-position-deletes', removedDeletes.rows),
    ...some('removed-files-size', removed.bytes + removedDeletes.bytes),
    'changed-partition-count': '1',
    'total-records': total('total-records', added.rows - removed.rows),
    'total-files-size': total(
      'total-files-size',
      added.bytes + addedDeletes.bytes - removed.bytes - removedDeletes.bytes,
    ),
    'total-data-files': total('total-data-files', added.files - removed.files),
    'total-delete-files': total('total-delete-files', addedDeletes.files - removedDeletes.files),
    'total-position-deletes': total(
      'total-position-deletes',
      addedDeletes.rows - removedDeletes.rows,
    ),
    'total-equality-deletes': '0',
  };
  const taken = Object.keys(extra).find((name) => name in summary);
  if (taken !== undefined) throw new TypeError(`${taken} is one of Iceberg's own summary fields`);
  return { ...summary, ...extra };
}

/** `append`: only data files came. `delete`: rows went and none came. `overwrite`: both. */
function operationOf({
  added,
  removed,
  addedDeletes,
}: Pick<ManifestPlan, 'added' | 'removed' | 'addedDeletes'>): string {
  if (removed.files + addedDeletes.files === 0) return 'append';
  return added.files === 0 ? 'delete' : 'overwrite';
}

/** What a table's pointer says of a snapshot. Rows are live ones; bytes are those of data and delete files. */
export function snapshotTotals(snapshot: Snapshot | null): {
  rows: number;
  bytes: number;
  dataFiles: number;
} {
  const total = (name: string): number => Number(snapshot?.summary[`total-${name}`] ?? 0);
  return {
    rows: total('records') - total('position-deletes'),
    bytes: total('files-size'),
    dataFiles: total('data-files'),
  };
}
