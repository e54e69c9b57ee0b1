import * as z from 'zod';

/**
 * Where a table stands. Kept in the STREAM item and changed only by Commit, in the transaction that also
 * moves the cursor. Snapshot ids are decimal strings (int64).
 */
export const tablePointer = z.strictObject({
  /** Key of the current `*.metadata.json` in the lake bucket. */
  metadataKey: z.string(),
  snapshotId: z.string().nullable(),
  /** Grows by one with each commit of this table; what a conditional write compares. */
  version: z.int().nonnegative(),
  /** Live rows. */
  rows: z.int().nonnegative(),
  /** Of data and delete files. */
  bytes: z.int().nonnegative(),
  dataFiles: z.int().nonnegative(),
});
export type TablePointer = z.infer<typeof tablePointer>;
