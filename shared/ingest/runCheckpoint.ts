import * as z from 'zod';
import { json } from '../json.ts';
import { runError } from '../runs/runItem.ts';
import { mapFault } from '../runs/unitProtocol.ts';

/** One stream that is still to be read in this run. */
export const queuedStream = z.strictObject({
  stream: z.string(),
  /** The connector's checkpoint to go on from; null at the start. */
  position: json.nullable(),
  /** How often it failed in a way that may pass. */
  tries: z.int().nonnegative(),
  /** The stream's table was empty when this read began, so that what it calls fresh is new to the table too. */
  fromEmpty: z.boolean().optional(),
  /** Set once parts of a full refresh of it are kept aside. */
  stageHash: z.string().optional(),
  /** Units are, or were, at work on it: their plan, how often they were started, and where its read began. */
  fanOut: z
    .strictObject({
      planKey: z.string(),
      tries: z.int().positive(),
      from: json.nullable(),
      hash: z.string(),
    })
    .optional(),
  /** The source no longer knew its cursor: everything is read again and takes the place of all rows. */
  renewed: z.boolean().optional(),
  /** Its units could not agree: it is read in one go. */
  whole: z.boolean().optional(),
});
export type QueuedStream = z.infer<typeof queuedStream>;

/** Where a run stands between two invocations of Ingest. Opaque to the state machine. */
export const runCheckpoint = z.strictObject({
  v: z.literal(1),
  queue: z.array(queuedStream),
  failures: z.array(runError.required({ stream: true })),
  /** Whether any stream had something, now or earlier. */
  hadData: z.boolean(),
  /** Landed files up to this count of arrivals were taken. */
  drainedSeq: z.int().nonnegative().optional(),
  /** How often the run was parked in a row without progress. */
  parks: z.int().nonnegative(),
  /** Put there by the state machine: why the units did not all come to their end. */
  fault: mapFault.optional(),
});
export type RunCheckpoint = z.infer<typeof runCheckpoint>;
