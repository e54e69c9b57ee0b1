import * as z from 'zod';
import { json } from '../json.ts';
import { counts, runError, runResult, runStatus } from '../runs/runItem.ts';
import { sourceKey } from '../table.ts';

export const sourceStatus = z.enum(['draft', 'active', 'paused', 'archived']);
export const syncMode = z.enum(['full_refresh', 'full_refresh_append', 'incremental', 'cdc']);

export const schedule = z.strictObject({
  /** Five or six fields, as in crontab or EventBridge. */
  cron: z.string().min(1),
  /** IANA name; required, because "every day at 2" means nothing without it. */
  timezone: z.string().min(1),
});
export type Schedule = z.infer<typeof schedule>;

/** Where the credentials lie. MUST be under the tenant's prefix. */
export const secretRef = z.strictObject({ arn: z.string(), jsonKey: z.string().optional() });
export type SecretRef = z.infer<typeof secretRef>;

/** Settings of one stream of a source; what is left out follows the source. */
export const streamSettings = z.strictObject({
  syncMode: syncMode.optional(),
  primaryKey: z.array(z.string()).optional(),
  cursorField: z.string().optional(),
  columns: z.array(z.string()).optional(),
  table: z.string().optional(),
});

export const lastRun = z.strictObject({
  runId: z.string(),
  status: runStatus,
  result: runResult.optional(),
  error: runError.optional(),
  counts,
  finishedAt: z.iso.datetime(),
});

/** One configured connection. Sort key `SOURCE`. */
export const sourceItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  key: z.string().min(1).max(255),
  name: z.string().min(1).max(255),
  description: z.string().max(500),
  tags: z.array(z.string()),
  collection: z.string().nullable(),
  /** Empty in a draft. */
  connector: z.string(),
  config: z.record(z.string(), json),
  secretRef: secretRef.nullable(),
  fileFormat: z.string().nullable(),
  namespace: z.string(),
  table: z.string(),
  syncMode,
  primaryKey: z.array(z.string()),
  cursorField: z.string().nullable(),
  /** null: all streams, with the source's settings. */
  streams: z.record(z.string(), streamSettings).nullable(),
  schedule: schedule.nullable(),
  contract: z.enum(['evolve', 'freeze', 'discard_row', 'discard_value']),
  freshnessTargetSeconds: z.int().positive().nullable(),
  status: sourceStatus,
  attention: z.array(
    z.strictObject({ code: z.string(), message: z.string(), since: z.iso.datetime() }),
  ),
  lastRun: lastRun.nullable(),
  lastSuccessAt: z.iso.datetime().nullable(),
  recordCount: z.int().nonnegative(),
  syncCount: z.int().nonnegative(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  rowVersion: z.int().positive(),
});
export type SourceItem = z.infer<typeof sourceItem>;

export const sourceItemKey = (tenant: string, sourceId: string): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: 'SOURCE',
});
