import * as z from 'zod';
import { runError } from '../runs/runItem.ts';
import { sourceKey } from '../table.ts';

/** What a user sees. `loaded` follows from the claiming run's committed sequence. */
export const fileStatus = z.enum([
  'on_disk',
  'pending',
  'processing',
  'loaded',
  'failed',
  'file_deleted',
]);
export type FileStatus = z.infer<typeof fileStatus>;

/** One version of one landed file. Sort key `FILE#<name>#<versionId>`. */
export const fileItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  name: z.string().min(1).max(900),
  versionId: z.string(),
  /** Key in the landing bucket. */
  key: z.string(),
  bytes: z.int().nonnegative(),
  etag: z.string(),
  modifiedAt: z.iso.datetime(),
  /** S3's per-key order of events; an older one than stored is ignored. */
  sequencer: z.string().optional(),
  /** Loading it first removes the rows of earlier versions of the same name. */
  replaces: z.boolean(),
  state: z.enum(['on_disk', 'pending', 'claimed', 'loaded', 'failed', 'deleted']),
  /** The run and commit that loads (or deletes) it. */
  claim: z.strictObject({ runId: z.string(), seq: z.int().positive() }).optional(),
  rows: z.int().nonnegative().optional(),
  rejected: z.int().nonnegative().optional(),
  contentHash: z.string().optional(),
  detected: z.string().optional(),
  error: runError.optional(),
  loadedAt: z.iso.datetime().optional(),
});
export type FileItem = z.infer<typeof fileItem>;

export const fileItemKey = (
  tenant: string,
  sourceId: string,
  name: string,
  versionId: string,
): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `FILE#${name}#${versionId}`,
});
export const fileItemPrefix = 'FILE#';

/** Landing keys: `landing/<tenant>/<sourceId>/<name>`; finished uploads under `_uploads/<id>/`, which no drop rule sees. */
export const landingPrefix = (tenant: string, sourceId: string): string =>
  `landing/${tenant}/${sourceId}/`;
export const uploadsPrefix = (tenant: string, sourceId: string): string =>
  `_uploads/${tenant}/${sourceId}/`;
