import * as z from 'zod';
import { runError } from '../runs/runItem.ts';
import { sourceKey, ttlAttribute } from '../table.ts';

/** What a user sees. `processing`: a run that is not over has claimed it. */
export const fileStatus = z.enum([
  'on_disk',
  'pending',
  'processing',
  'loaded',
  'failed',
  'file_deleted',
]);
export type FileStatus = z.infer<typeof fileStatus>;

/** One version of a file of the source. */
export const fileRef = z.strictObject({ name: z.string(), versionId: z.string() });
export type FileRef = z.infer<typeof fileRef>;

/** What a reading came to. */
const reading = {
  rows: z.int().nonnegative().optional(),
  rejected: z.int().nonnegative().optional(),
  detected: z.string().optional(),
  loadedAt: z.iso.datetime().optional(),
  /** Another file has the same bytes, and its rows stand for both. */
  duplicateOf: fileRef.optional(),
  error: runError.optional(),
};

const restingState = z.enum(['on_disk', 'pending', 'loaded', 'failed', 'deleted']);
export type RestingState = z.infer<typeof restingState>;

/**
 * What a commit makes of a file. Nothing of it holds before that commit happened; from then on all of it does,
 * whether or not it was written down (`resolveFile`). A claim whose commit never comes means nothing.
 */
export const fileClaim = z.strictObject({
  runId: z.string(),
  seq: z.int().positive(),
  /** The commit has to be this attempt's. Claims of earlier versions have none, and no `to`. */
  attempt: z.int().positive().optional(),
  to: restingState.optional(),
  at: z.iso.datetime().optional(),
  reading: z.strictObject({ ...reading, contentHash: z.string().optional() }).optional(),
});
export type FileClaim = z.infer<typeof fileClaim>;

/** One version of one landed file. Sort key `FILE#<name>#<versionId>`. */
export const fileItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  name: z.string().min(1).max(1024),
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
  /** What it is by the last commit that was written down. `claimed`: written by earlier versions, and `pending`. */
  state: z.enum(['on_disk', 'pending', 'claimed', 'loaded', 'failed', 'deleted']),
  ...reading,
  /** Of these very bytes; known once they were read. */
  contentHash: z.string().optional(),
  /** On disk, and no run takes it until it is asked for. */
  parked: z.literal(true).optional(),
  /** To be loaded although it is loaded; `force`: although another file has the same bytes. */
  again: z.enum(['reload', 'force']).optional(),
  claim: fileClaim.optional(),
  /** The run that made it what it is, and what it was before: where an undo of that run goes back to. */
  changed: z
    .strictObject({
      runId: z.string(),
      before: z.strictObject({
        state: restingState,
        ...reading,
        parked: z.literal(true).optional(),
      }),
    })
    .optional(),
  /** The last invocation that claimed it: an earlier one never may again. */
  fence: z.strictObject({ token: z.int().positive(), attempt: z.int().positive() }).optional(),
  /** Grows with every change; each change is conditioned on it. */
  rev: z.int().nonnegative().optional(),
  /** Its object was hidden behind a delete marker, and S3 removes it for good some day. */
  hidden: z.literal(true).optional(),
  /** Epoch seconds. */
  [ttlAttribute]: z.int().optional(),
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

/** Nothing but the reference, of whatever has one. */
export const refOf = ({ name, versionId }: FileRef): FileRef => ({ name, versionId });

/** Tells versions of files apart in maps. */
export const refKey = ({ name, versionId }: FileRef): string => `${name}#${versionId}`;

export const isSameFile = (a: FileRef, b: FileRef): boolean =>
  a.name === b.name && a.versionId === b.versionId;

/** Landing keys: `landing/<tenant>/<sourceId>/<name>`; finished uploads under `_uploads/<id>/`, which no drop rule sees. */
export const landingPrefix = (tenant: string, sourceId: string): string =>
  `landing/${tenant}/${sourceId}/`;
export const uploadsPrefix = (tenant: string, sourceId: string): string =>
  `_uploads/${tenant}/${sourceId}/`;
