import { HeadgateError } from '../errors.ts';
import {
  currentSnapshot,
  findSnapshot,
  type Snapshot,
  type TableMetadata,
} from './tableMetadata.ts';

/**
 * The snapshot with this id, or the newest one at this ISO 8601 instant; the current one (null: none yet) when
 * `asOf` is undefined. Throws `not_found` when the history does not go back that far, `validation_failed` when
 * `asOf` is neither.
 */
export function snapshotAsOf(metadata: TableMetadata, asOf: string | undefined): Snapshot | null {
  if (asOf === undefined) return currentSnapshot(metadata);
  const instant = /^\d+$/.test(asOf) ? null : Date.parse(asOf);
  if (Number.isNaN(instant))
    throw new HeadgateError('validation_failed', `${asOf} is neither a snapshot id nor an instant`);
  const found =
    instant === null
      ? findSnapshot(metadata, asOf)
      : (metadata.snapshots
          .filter((snapshot) => snapshot['timestamp-ms'] <= instant)
          .toSorted((left, right) => right['sequence-number'] - left['sequence-number'])[0] ??
        null);
  if (found === null)
    throw new HeadgateError('not_found', `The table has no snapshot as of ${asOf} (any more)`);
  return found;
}
