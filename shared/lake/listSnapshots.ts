import { runIdProperty } from './retainedSnapshots.ts';
import { snapshotTotals } from './snapshotSummary.ts';
import type { ObjectStore } from './tableChange.ts';
import { readTableMetadata } from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

/** One line of a table's history. */
export interface SnapshotLine {
  /** int64 in decimal. */
  readonly snapshotId: string;
  readonly committedAt: string;
  readonly operation: string;
  /** Rows of the files that came. */
  readonly addedRows: number;
  /** Rows that went: with their files, or marked as deleted; some may have come in this very snapshot. */
  readonly removedRows: number;
  /** Rows in the snapshot's files that are marked as deleted. */
  readonly deletedRows: number;
  /** Live rows: those of the snapshot before, with `addedRows` more and `removedRows` less. */
  readonly rows: number;
  readonly bytes: number;
  readonly dataFiles: number;
  /** The run that made it, where one did. */
  readonly runId: string | null;
}

/** The snapshots a table can still be read at, newest first. */
export async function listSnapshots(
  store: ObjectStore,
  pointer: TablePointer,
  signal: AbortSignal,
): Promise<readonly SnapshotLine[]> {
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  return metadata.snapshots
    .toSorted((left, right) => right['sequence-number'] - left['sequence-number'])
    .map(({ summary, ...snapshot }) => {
      const number = (name: string): number => Number(summary[name] ?? 0);
      return {
        snapshotId: String(snapshot['snapshot-id']),
        committedAt: new Date(snapshot['timestamp-ms']).toISOString(),
        operation: summary['operation'] ?? '',
        addedRows: number('added-records'),
        removedRows:
          number('deleted-records') +
          number('added-position-deletes') -
          number('removed-position-deletes'),
        deletedRows: number('total-position-deletes'),
        ...snapshotTotals({ ...snapshot, summary }),
        runId: summary[runIdProperty] ?? null,
      };
    });
}
