import * as z from 'zod';
import { json } from '../json.ts';
import { executionInput } from './ingestProtocol.ts';

/** Where a unit stands between two of its invocations. Its work so far lies in S3. */
export const unitCheckpoint = z.strictObject({
  v: z.literal(1),
  /** Parts of it that are stored. */
  parts: z.int().nonnegative(),
  /** How often it was parked in a row without progress. */
  parks: z.int().nonnegative(),
});
export type UnitCheckpoint = z.infer<typeof unitCheckpoint>;

/** What the Map hands to an Ingest function for one unit. `seq` is the run's, and of no use to a unit. */
export const unitInput = executionInput.extend({
  op: z.literal('unit'),
  planKey: z.string(),
  unit: z.int().nonnegative(),
  /** Where in the plan's units object this unit is described: bytes `[from, to)`. */
  from: z.int().nonnegative(),
  to: z.int().positive(),
  checkpoint: json.nullable(),
});
export type UnitInput = z.infer<typeof unitInput>;

/** What a unit answers; what it loaded is in the objects it stored. */
export const unitAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('DONE'), unit: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal('CONTINUE'), checkpoint: unitCheckpoint }),
  z.strictObject({
    kind: z.literal('PARK'),
    checkpoint: unitCheckpoint,
    until: z.iso.datetime(),
    reason: z.string(),
  }),
]);
export type UnitAnswer = z.infer<typeof unitAnswer>;

/** Why the Map ended before all units had: put into the checkpoint by the state machine. */
export const mapFault = z.strictObject({ error: z.string(), cause: z.string() });
export type MapFault = z.infer<typeof mapFault>;
