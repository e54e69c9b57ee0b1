import type { ManifestPlan } from './planManifests.ts';

/**
 * A snapshot's summary ("Optional Snapshot Summary Fields"): what happened, what it changed, and totals counted
 * on from the parent's. `extra` is the caller's own and MUST NOT name one of Iceberg's.
 */
export function snapshotSummary(
  parent: Readonly<Record<string, string>>,
  { added, removed }: ManifestPlan,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const total = (name: string, change: number): string =>
    String(Number(parent[name] ?? 0) + change);
  const some = (name: string, value: number): Record<string, string> =>
    value === 0 ? {} : { [name]: String(value) };
  const summary: Record<string, string> = {
    operation: removed.files === 0 ? 'append' : added.files === 0 ? 'delete' : 'overwrite',
    ...some('added-data-files', added.files),
    ...some('added-records', added.rows),
    ...some('added-files-size', added.bytes),
    ...some('deleted-data-files', removed.files),
    ...some('deleted-records', removed.rows),
    ...some('removed-files-size', removed.bytes),
    'changed-partition-count': '1',
    'total-records': total('total-records', added.rows - removed.rows),
    'total-files-size': total('total-files-size', added.bytes - removed.bytes),
    'total-data-files': total('total-data-files', added.files - removed.files),
    'total-delete-files': '0',
    'total-position-deletes': '0',
    'total-equality-deletes': '0',
  };
  const taken = Object.keys(extra).find((name) => name in summary);
  if (taken !== undefined) throw new TypeError(`${taken} is one of Iceberg's own summary fields`);
  return { ...summary, ...extra };
}
