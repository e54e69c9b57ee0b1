import * as z from 'zod';
import { fileFormat } from '../../formats/fileFormatOptions.ts';
import { json } from '../../json.ts';
import { counts, runError, runResult, runStatus } from '../../runs/runItem.ts';
import {
  schedule,
  secretRef,
  sourceItem,
  sourceRules,
  sourceStatus,
  streamSettings,
  syncMode,
} from '../../sources/sourceItem.ts';
import { flag, pageQuery } from './page.ts';

const contract = sourceItem.shape.contract;
export const health = z.enum([
  'never_synced',
  'queued',
  'syncing',
  'processing',
  'synced',
  'no_data',
  'failed',
]);
export type Health = z.infer<typeof health>;

/** Not an id: 26 characters of the id's alphabet would be ambiguous in `/v1/sources/{idOrKey}`. */
const looksLikeId = /^[0-9a-hjkmnp-tv-z]{26}$/;
export const sourceKeyText = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]*$/,
    'Letters, digits, ".", "_" and "-"; starts with a letter, a digit or "_".',
  )
  .refine((key) => !looksLikeId.test(key), 'A key must not look like an id.');

const identifier = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[a-z_][a-z0-9_]*$/, 'Lower-case letters, digits and "_"; starts with a letter or "_".');
const columnName = z.string().min(1).max(255);
const tag = z.string().trim().min(1).max(64);

const writable = {
  name: z.string().trim().min(1).max(255),
  description: z.string().max(500),
  tags: z.array(tag).max(50),
  collection: z.string().min(1).max(255).nullable(),
  connector: z.string().max(64).describe('Name of the catalogue; may stay empty in a draft.'),
  config: z.record(z.string(), json).describe('As the connector’s `configSchema` says.'),
  fileFormat: fileFormat.nullable().describe('Of files; short for `config.format`.'),
  namespace: identifier,
  table: identifier,
  syncMode,
  primaryKey: z.array(columnName).max(32),
  cursorField: columnName.nullable(),
  streams: z.record(z.string().min(1).max(255), streamSettings).nullable(),
  schedule: schedule.nullable(),
  contract: contract.describe(
    'New columns, and values that do not fit: `evolve` takes them in, `freeze` fails, `discard_row` rejects the row, `discard_value` leaves the value out.',
  ),
  rules: sourceRules.describe('For all streams; a stream’s own settings go before.'),
  freshnessTargetSeconds: z.int().positive().max(31_536_000).nullable(),
  status: sourceStatus,
};
const credentials = z
  .record(z.string(), json)
  .describe('As the connector’s `credentialsSchema` says. Never given out again.');

export const createSource = z
  .strictObject({
    key: sourceKeyText,
    name: writable.name,
    description: writable.description.default(''),
    tags: writable.tags.default([]),
    collection: writable.collection.default(null),
    connector: writable.connector.default(''),
    config: writable.config.default({}),
    credentials: credentials.optional(),
    secretRef: secretRef
      .optional()
      .describe('A secret under the tenant’s prefix, instead of `credentials`.'),
    fileFormat: writable.fileFormat.default(null),
    namespace: writable.namespace
      .optional()
      .describe('Left out: `default`; for a source of many tables, made from the key.'),
    table: writable.table.optional().describe('Left out: made from the key.'),
    syncMode: writable.syncMode
      .optional()
      .describe('Left out: `full_refresh`, for uploaded files `incremental`.'),
    primaryKey: writable.primaryKey.default([]),
    cursorField: writable.cursorField.default(null),
    streams: writable.streams.default(null),
    schedule: writable.schedule.default(null),
    contract: writable.contract.default('evolve'),
    rules: writable.rules.optional(),
    freshnessTargetSeconds: writable.freshnessTargetSeconds.default(null),
    status: writable.status.default('draft'),
  })
  .meta({ id: 'CreateSource' });
export type CreateSource = z.infer<typeof createSource>;

export const changeSource = z
  .strictObject({
    key: z.string().optional().describe('Immutable; may be sent if it is the same.'),
    rowVersion: z.int().positive().optional().describe('Refused with 409 unless it is current.'),
    ...z.strictObject(writable).partial().shape,
  })
  .meta({ id: 'ChangeSource' });
export type ChangeSource = z.infer<typeof changeSource>;

export const replaceCredentials = z
  .strictObject({
    credentials: credentials.optional(),
    secretRef: secretRef.optional(),
    rowVersion: z.int().positive().optional(),
  })
  .refine(
    (body) => (body.credentials === undefined) !== (body.secretRef === undefined),
    'Either `credentials` or `secretRef`.',
  )
  .meta({ id: 'ReplaceCredentials' });

export const replaceConfig = z
  .strictObject({
    config: writable.config,
    rowVersion: z.int().positive().optional(),
  })
  .meta({ id: 'ReplaceConfig' });

const listed = {
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  collection: z.string().nullable(),
  connector: z.string(),
  fileFormat: z.string().nullable(),
  namespace: z.string(),
  table: z.string(),
  syncMode,
  schedule: schedule.nullable(),
  scheduleText: z.string().describe('In words: “Daily at 02:00 (New York)”.'),
  nextRunAt: z.iso.datetime().nullable().describe('null: not scheduled, or not active.'),
  status: sourceStatus,
  health,
  attention: sourceItem.shape.attention,
  lastSyncAt: z.iso.datetime().nullable(),
  lastSyncStatus: runStatus.nullable(),
  lastSyncResult: runResult.nullable(),
  lastSyncError: runError.nullable(),
  lastRunId: z.string().nullable(),
  lastSuccessAt: z.iso.datetime().nullable(),
  currentRunId: z.string().nullable().describe('The run that holds the lock.'),
  recordCount: z.int().nonnegative(),
  syncCount: z.int().nonnegative(),
  freshness: z.strictObject({
    ageSeconds: z.int().nonnegative().nullable().describe('Since the last success; null: never.'),
    targetSeconds: z.int().positive().nullable(),
  }),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  rowVersion: z.int().positive(),
};

export const sourceSummary = z.strictObject(listed).meta({ id: 'SourceSummary' });
export type SourceSummary = z.infer<typeof sourceSummary>;

export const source = z
  .strictObject({
    ...listed,
    config: z.record(z.string(), json).describe('Sensitive values are `***`.'),
    credentials: z.enum(['none', 'own', 'shared']).describe('Whether any are stored, and whose.'),
    primaryKey: z.array(z.string()),
    cursorField: z.string().nullable(),
    streams: z.record(z.string(), streamSettings).nullable(),
    contract,
    rules: sourceRules,
    lastSyncCounts: counts.nullable(),
  })
  .meta({ id: 'Source' });
export type Source = z.infer<typeof source>;

export const listSourcesQuery = z.strictObject({
  ...pageQuery,
  status: sourceStatus.optional(),
  connector: z.string().max(64).optional(),
  tag: z.string().max(64).optional(),
  collection: z.string().max(255).optional(),
  health: health.optional(),
  search: z.string().max(255).optional().describe('Part of the key, name or description.'),
});
export type ListSourcesQuery = z.infer<typeof listSourcesQuery>;

export const verifyQuery = z.strictObject({
  verify: flag.default(true).describe('false: do not try the credentials.'),
});
export const deleteSourceQuery = z.strictObject({
  data: flag.default(false).describe('true: its tables, files and history go too, for good.'),
});

export const testResult = z
  .strictObject({
    ok: z.boolean(),
    status: z.enum(['connected', 'failed']),
    code: z.string().optional(),
    message: z.string(),
    sample: z
      .array(z.strictObject({ stream: z.string(), records: z.array(z.record(z.string(), json)) }))
      .optional()
      .describe(
        'First records of each stream, before masks and other rules, where the connector shows what its configuration comes to. Stored nowhere.',
      ),
    testedAt: z.iso.datetime(),
  })
  .meta({ id: 'TestResult' });

/** A connection that no source has yet: what a form holds before it is saved. */
export const connection = z
  .strictObject({
    config: writable.config,
    credentials: credentials.optional(),
    secretRef: secretRef.optional(),
  })
  .meta({ id: 'Connection' });
export type Connection = z.infer<typeof connection>;

export const secretEntry = z
  .strictObject({
    name: z.string().describe('Below the tenant’s prefix.'),
    jsonKey: z.string().nullable(),
    shared: z.boolean(),
    usedBy: z.array(z.strictObject({ sourceId: z.string(), sourceKey: z.string() })),
  })
  .meta({ id: 'SecretEntry' });
