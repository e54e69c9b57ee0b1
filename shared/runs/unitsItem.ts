import * as z from 'zod';
import { sourceIdOfRun } from '../ids.ts';
import { sourceKey } from '../table.ts';
import { runProgress } from './lockItem.ts';

/**
 * The units of a run that are at work side by side: what they have done so far, and when one was last heard of.
 * Theirs alone, so that they never touch the LOCK item. Times are epoch milliseconds.
 */
export const unitsItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  runId: z.string(),
  /** The plan they work for: a unit of another one is a zombie. */
  planKey: z.string(),
  ...runProgress.omit({ stream: true }).shape,
  heardAt: z.int(),
  /** Until then silence is expected: a unit is parked. */
  quietUntil: z.int(),
  /** Epoch seconds. */
  expiresAt: z.int(),
});
export type UnitsItem = z.infer<typeof unitsItem>;

/** Throws when `runId` is none of ours. */
export function unitsItemKey(tenant: string, runId: string): { pk: string; sk: string } {
  const sourceId = sourceIdOfRun(runId);
  if (sourceId === null) throw new TypeError(`not a run id: ${runId}`);
  return { pk: sourceKey(tenant, sourceId), sk: `UNITS#${runId}` };
}
