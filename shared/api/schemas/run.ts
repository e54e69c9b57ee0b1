import * as z from 'zod';
import { json } from '../../json.ts';
import { runProgress } from '../../runs/lockItem.ts';
import {
  counts,
  fileCounts,
  runError,
  runResult,
  runStatus,
  streamOutcome,
} from '../../runs/runItem.ts';
import { runMode, runRequest, runTrigger, whenBusy } from '../../runs/runRequest.ts';

const dayOrInstant = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

export const startRun = z
  .strictObject({
    mode: runMode.optional().describe('Left out: the source’s own.'),
    startDate: dayOrInstant
      .optional()
      .describe('Backfill from here; neither the cursor nor rows outside move.'),
    endDate: dayOrInstant.optional().describe('Backfill to here, exclusive. Needs `startDate`.'),
    streams: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(1000)
      .optional()
      .describe('Left out: all selected.'),
    force: z.boolean().optional().describe('Load files again whose bytes were loaded before.'),
    whenBusy: whenBusy
      .default('queue')
      .describe('While a run holds the source: wait, or be refused.'),
  })
  .refine((body) => body.endDate === undefined || body.startDate !== undefined, {
    path: ['startDate'],
    error: 'Needed with endDate.',
  })
  .refine(
    ({ startDate, endDate }) =>
      startDate === undefined ||
      endDate === undefined ||
      Date.parse(startDate) < Date.parse(endDate),
    { path: ['endDate'], error: 'Must be after startDate.' },
  )
  .meta({ id: 'StartRun' });

export const replayRejects = z
  .strictObject({
    streams: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(1000)
      .optional()
      .describe('Left out: all that have rejects.'),
    files: z
      .array(z.string().min(1).max(1024))
      .min(1)
      .max(100)
      .optional()
      .describe('Only rows of these files.'),
    whenBusy: whenBusy
      .default('queue')
      .describe('While a run holds the source: wait, or be refused.'),
  })
  .meta({ id: 'ReplayRejects' });

export const idempotencyHeaders = z.strictObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The same key and request within 24 hours answer the same.'),
});

export const acceptedRun = z
  .strictObject({
    runId: z.string(),
    sourceId: z.string(),
    status: z
      .enum(['started', 'queued', 'coalesced'])
      .describe('`coalesced`: an equal request was already waiting.'),
  })
  .meta({ id: 'AcceptedRun' });

export const setCursor = z
  .strictObject({
    cursor: json
      .nullable()
      .describe('As `GET …/streams` shows it. null: the next run starts from nothing.'),
  })
  .meta({ id: 'SetCursor' });

export const streamState = z
  .strictObject({
    name: z.string(),
    table: z.string().describe('`<namespace>.<table>`'),
    rows: z.int().nonnegative(),
    cursor: json.nullable().describe('Where the next incremental run goes on.'),
    unfinishedSince: z.iso
      .datetime()
      .nullable()
      .describe('A full read was broken off; the next run within a day goes on with it.'),
    renewed: z
      .strictObject({ runId: z.string(), at: z.iso.datetime(), reason: z.string() })
      .nullable()
      .describe(
        'The last run that read everything again by itself, because the source no longer knew the cursor.',
      ),
    lastRunId: z.string().nullable(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'StreamState' });
export type StreamState = z.infer<typeof streamState>;

export const run = z
  .strictObject({
    id: z.string(),
    sourceId: z.string(),
    connector: z.string(),
    kind: runRequest.shape.kind.unwrap(),
    mode: runMode.nullable(),
    startDate: z.string().nullable(),
    endDate: z.string().nullable(),
    trigger: runTrigger,
    requestedBy: z.string(),
    status: runStatus,
    result: runResult.nullable(),
    error: runError.nullable(),
    counts,
    committedRows: z
      .int()
      .nonnegative()
      .describe('Rows that are in the table, whatever became of the rest.'),
    files: fileCounts
      .nullable()
      .describe('Of a source of files: those loaded, and those whose bytes were loaded before.'),
    streams: z.record(z.string(), streamOutcome),
    progress: runProgress.nullable().describe('While it runs.'),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    durationSeconds: z.number().nonnegative().nullable(),
    gigabyteSeconds: z.number().nonnegative(),
    stateTransitions: z.int().nonnegative(),
    costUsd: z.number().nonnegative().describe('Functions and state transitions, us-east-1.'),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof run>;

export const runLog = z
  .strictObject({
    runId: z.string(),
    entries: z.array(
      z.strictObject({
        at: z.iso.datetime(),
        level: z.enum(['info', 'warn', 'error']),
        message: z.string(),
        facts: z.record(z.string(), json).optional(),
      }),
    ),
  })
  .meta({ id: 'RunLog' });

export const healthReport = z
  .strictObject({
    status: z.enum(['ok', 'attention']),
    at: z.iso.datetime(),
    sources: z.strictObject({
      total: z.int().nonnegative(),
      byHealth: z.record(z.string(), z.int().nonnegative()),
      stale: z.int().nonnegative().describe('Older than their freshness target.'),
    }),
    recentFailures: z.array(
      z.strictObject({
        sourceId: z.string(),
        sourceKey: z.string(),
        runId: z.string(),
        status: runStatus,
        error: runError.nullable(),
        finishedAt: z.iso.datetime(),
      }),
    ),
    running: z
      .array(
        z.strictObject({
          sourceId: z.string(),
          sourceKey: z.string(),
          runId: z.string(),
          kind: runRequest.shape.kind.unwrap(),
          attempt: z.int().nonnegative().describe('0: not begun.'),
          heldSince: z.iso.datetime().nullable(),
          leaseUntil: z.iso.datetime().nullable().describe('When the lock may be taken over.'),
          waitingRunId: z.string().nullable().describe('The run that is next.'),
        }),
      )
      .describe('Locks that are held; at most 100.'),
    attention: z.array(
      z.strictObject({
        sourceId: z.string(),
        sourceKey: z.string(),
        code: z.string(),
        message: z.string(),
        since: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'Health' });
