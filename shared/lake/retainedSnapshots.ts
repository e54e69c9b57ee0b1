import type { Snapshot } from './tableMetadata.ts';

/**
 * Which snapshots stay. A snapshot that was the current one within the last 5 days stays, so that whoever began
 * to read it can finish; so do the newest 10 whatever their age. More than 200 never stay: a table that is
 * committed to every few seconds would otherwise grow its metadata without end. The one snapshot that undoing the
 * newest run goes back to stays whatever came since.
 */
export const retention = {
  days: 5,
  atLeast: 10,
  atMost: 200,
  /** What is left once `atMost` is exceeded. */
  cutTo: 150,
  /** Snapshots go in batches, because finding their objects costs a read of every manifest list. */
  batch: 20,
} as const;

/** In a snapshot's summary: the run that made it. */
export const runIdProperty = 'headgate.run-id';

/**
 * The snapshots that stay after a commit at `now`, oldest first. `snapshots` is one line of history, of which some
 * may be gone.
 */
export function retainedSnapshots(snapshots: readonly Snapshot[], now: Date): readonly Snapshot[] {
  const ordered = snapshots.toSorted(
    (left, right) => left['sequence-number'] - right['sequence-number'],
  );
  const cutoff = now.getTime() - retention.days * 86_400_000;
  const keepFrom = ordered.length - retention.atLeast;
  let expired = 0;
  for (; expired < keepFrom; expired++) {
    const successor = ordered[expired + 1];
    if (successor === undefined || successor['timestamp-ms'] > cutoff) break;
  }
  if (ordered.length > retention.atMost)
    expired = Math.max(expired, ordered.length - retention.cutTo);
  else if (expired < retention.batch) expired = 0;
  const undo = ordered.findLastIndex(
    ({ summary }) => summary[runIdProperty] !== ordered.at(-1)?.summary[runIdProperty],
  );
  return ordered.filter((_, index) => index >= expired || index === undo);
}
