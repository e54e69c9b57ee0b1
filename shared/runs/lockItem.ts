import * as z from 'zod';
import { sourceKey } from '../table.ts';
import { runRequest, runTrigger } from './runRequest.ts';

/** A run that waits for its turn, or the one that has it. */
export const lockSeat = z.strictObject({
  runId: z.string(),
  request: runRequest,
  trigger: runTrigger,
  requestedBy: z.string(),
  connector: z.string(),
  requestedAt: z.iso.datetime(),
});
export type LockSeat = z.infer<typeof lockSeat>;

export const runProgress = z.strictObject({
  pages: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  stream: z.string().optional(),
});
export type RunProgress = z.infer<typeof runProgress>;

/**
 * The lock of one source: small and alone, so that heartbeats touch nothing else.
 * Free is "no `owner`". `token` grows with every change of owner and never goes back. Times are epoch
 * milliseconds and decide only about liveness, never about safety.
 */
export const lockItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  owner: lockSeat.optional(),
  token: z.int().nonnegative(),
  /** Grows with every Ingest invocation of the owner; part of every object key it writes. */
  attempt: z.int().nonnegative(),
  leaseUntil: z.int().optional(),
  heldSince: z.int().optional(),
  /** The lease a reaper gave; equal to `leaseUntil` when nothing was heard of the run since. */
  extended: z.int().optional(),
  progress: runProgress.optional(),
  pending: lockSeat.extend({ until: z.int() }).optional(),
  /** Counts batches of arrived files; undrained while above `drainedSeq`. */
  fileSeq: z.int().nonnegative(),
  drainedSeq: z.int().nonnegative(),
});
export type LockItem = z.infer<typeof lockItem>;

export const lockItemKey = (tenant: string, sourceId: string): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: 'LOCK',
});
