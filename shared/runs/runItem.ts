import * as z from 'zod';
import { errorCodes } from '../errors.ts';
import { sourceIdOfRun } from '../ids.ts';
import { json } from '../json.ts';
import { sourceKey } from '../table.ts';
import { runRequest, runTrigger } from './runRequest.ts';

export const runStatus = z.enum([
  'queued',
  'running',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'timed_out',
  'skipped',
]);
export type RunStatus = z.infer<typeof runStatus>;
/** Only these may still change. */
export const openStatuses = ['queued', 'running'] as const satisfies readonly RunStatus[];

/** Outcome of a success. `nothing_new`: the source had nothing since the cursor. `no_data`: it is empty. */
export const runResult = z.enum(['loaded', 'nothing_new', 'no_data']);
export type RunResult = z.infer<typeof runResult>;

export const counts = z.strictObject({
  read: z.int().nonnegative(),
  written: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  deduplicated: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
});
export const noCounts = { read: 0, written: 0, rejected: 0, deduplicated: 0, bytes: 0 } as const;

export const fileCounts = z.strictObject({
  loaded: z.int().nonnegative(),
  duplicates: z.int().nonnegative(),
});
export type FileCounts = z.infer<typeof fileCounts>;

export const runError = z.strictObject({
  code: z.enum(errorCodes),
  /** What went wrong and what to do. Holds no secrets. */
  message: z.string(),
  stream: z.string().optional(),
  facts: z.record(z.string(), json).optional(),
});
export type RunError = z.infer<typeof runError>;

export const streamOutcome = z.strictObject({
  status: z.enum(['succeeded', 'failed']),
  counts,
  error: runError.optional(),
});

/** One run of one source. Sort key `RUN#<runId>`, so newest last. */
export const runItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  runId: z.string(),
  connector: z.string(),
  request: runRequest,
  trigger: runTrigger,
  requestedBy: z.string(),
  status: runStatus,
  result: runResult.optional(),
  error: runError.optional(),
  /** The lock's token while this run held it. */
  token: z.int().nonnegative(),
  /** Sequence number of the last commit that happened; 0 before the first. */
  committedSeq: z.int().nonnegative(),
  /** Whose work the commits are: those from `from` on are of this attempt. */
  attempts: z
    .array(z.strictObject({ from: z.int().positive(), attempt: z.int().positive() }))
    .optional(),
  /** Landed files that were loaded, and that were not because their bytes are loaded already. */
  files: fileCounts.optional(),
  /** Sums over all commits. */
  counts,
  streams: z.record(z.string(), streamOutcome),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  /** Billed function time so far, for the run's price. */
  gigabyteSeconds: z.number().nonnegative(),
  stateTransitions: z.int().nonnegative(),
});
export type RunItem = z.infer<typeof runItem>;

/** Throws when `runId` is none of ours. */
export function runItemKey(tenant: string, runId: string): { pk: string; sk: string } {
  const sourceId = sourceIdOfRun(runId);
  if (sourceId === null) throw new TypeError(`not a run id: ${runId}`);
  return { pk: sourceKey(tenant, sourceId), sk: `RUN#${runId}` };
}
export const runItemPrefix = 'RUN#';
