import * as z from 'zod';
import { json } from '../json.ts';
import { columnType } from '../lake/schema.ts';
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

export const schemaContract = z.enum(['evolve', 'freeze', 'discard_row', 'discard_value']);
export type SchemaContract = z.infer<typeof schemaContract>;

/** What happens to a column before anything is stored. Names are the source's own spelling. */
export const columnMask = z.enum(['hash', 'redact', 'drop']);
export type ColumnMask = z.infer<typeof columnMask>;

/** Rules that a source sets for all its streams, and a stream for itself. */
const rules = {
  /** How rows that are gone at the source leave the table: `_deleted` becomes true, or they go. */
  onDelete: z.enum(['tombstone', 'remove']).optional(),
  /** More rejected rows than this, or a larger share of those read, fail the commit before it happens. */
  maxRejectedRows: z.int().nonnegative().nullable().optional(),
  maxRejectedRatio: z.number().min(0).max(1).nullable().optional(),
  /** Nested values: as JSON text, or objects as columns `a_b`. */
  nested: z.enum(['json', 'flatten']).optional(),
};
export const sourceRules = z.strictObject({
  ...rules,
  /** When the keys of every stream that has some are compared with the source's; see run kind `detect_deletes`. */
  detectDeletes: schedule.nullable().optional(),
});
export type SourceRules = z.infer<typeof sourceRules>;

/** Settings of one stream of a source; what is left out follows the source. */
export const streamSettings = z.strictObject({
  ...rules,
  syncMode: syncMode.optional(),
  /** Empty: none, whatever the source says. */
  primaryKey: z.array(z.string()).optional(),
  cursorField: z.string().optional(),
  /** Columns to take; left out: all. */
  columns: z.array(z.string()).optional(),
  /** Columns not to take. */
  exclude: z.array(z.string()).optional(),
  /** Source column → its name in the table. */
  rename: z.record(z.string(), z.string()).optional(),
  /** Source column → its type in the table. */
  types: z.record(z.string(), columnType).optional(),
  masks: z.record(z.string(), columnMask).optional(),
  contract: schemaContract.optional(),
  table: z.string().optional(),
});
export type StreamSettings = z.infer<typeof streamSettings>;

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
  /** Of the app at the vendor that the source's own credentials belong to. No secret: RFC 6749, 2.2. */
  oauthClientId: z.string().nullable().optional(),
  fileFormat: z.string().nullable(),
  namespace: z.string(),
  table: z.string(),
  syncMode,
  primaryKey: z.array(z.string()),
  cursorField: z.string().nullable(),
  /** null: all streams, with the source's settings. */
  streams: z.record(z.string(), streamSettings).nullable(),
  schedule: schedule.nullable(),
  contract: schemaContract,
  rules: sourceRules.optional(),
  /** Failed runs in a row; scheduled runs are paused at 20. */
  failuresInARow: z.int().nonnegative().optional(),
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
