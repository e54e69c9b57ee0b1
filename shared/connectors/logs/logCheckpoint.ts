import * as z from 'zod';

const offset = z.string().regex(/^\d{1,19}$/);
/** By partition, as text because JSON's keys are. */
const offsets = z.record(z.string().regex(/^\d{1,9}$/), offset);

/**
 * Where a topic's read stands: each partition's next offset, and while a read is under way, the ends that were frozen
 * when it began.
 */
export const logCheckpoint = z.strictObject({
  v: z.literal(1),
  next: offsets,
  /** null: the read is complete. */
  ends: offsets.nullable(),
});
export type LogCheckpoint = z.infer<typeof logCheckpoint>;

/** A checkpoint stays below 32 KB with so many partitions, at 40 bytes for each of its numbers. */
export const mostPartitions = 400;
