import * as z from 'zod';
import { errorCodes } from '../errors.ts';
import { json } from '../json.ts';
import { field } from './schema.ts';

export const maxPreviewRows = 500;

/** Where one part of a download of rejects ended; see `RejectsPosition`. */
export const rejectsPosition = z.strictObject({
  snapshotId: z.string().max(32),
  path: z.string().max(1024),
  row: z.int().nonnegative(),
});

/** What the API asks the preview function (25 s). */
export const previewInput = z.strictObject({
  v: z.literal(1),
  tenant: z.string().min(1),
  sourceId: z.string().min(1),
  stream: z.string().min(1),
  what: z.enum(['rows', 'rejects', 'rejectsText', 'snapshots', 'files']),
  /** Most rows, snapshots or files answered. */
  limit: z.int().min(1).max(maxPreviewRows),
  /** A snapshot's id or an ISO 8601 instant; rows, rejects and files only. */
  asOf: z.string().min(1).optional(),
  /** Names of the wanted columns; rows and rejects only. */
  columns: z.array(z.string()).min(1).optional(),
  /** `rejectsText` only: how the rows are spelled, and where the part before ended. */
  format: z.enum(['csv', 'ndjson']).optional(),
  after: rejectsPosition.optional(),
});
export type PreviewInput = z.infer<typeof previewInput>;

const snapshotId = z.string().nullable();
const count = z.int().nonnegative();

/** What it answers. `more`: there was more than `limit`, or than fits an answer. */
export const previewAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rows'),
    snapshotId,
    columns: z.array(field),
    rows: z.array(z.record(z.string(), json)),
    /** Columns with values that were cut; those end with `…`. */
    cut: z.array(z.string()),
    /** Live rows of the table at that snapshot. */
    total: count,
    more: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('snapshots'),
    snapshots: z.array(
      z.strictObject({
        snapshotId: z.string(),
        committedAt: z.iso.datetime(),
        operation: z.string(),
        addedRows: count,
        removedRows: count,
        /** Rows in its files that are marked as deleted. */
        deletedRows: count.optional(),
        /** Live rows. */
        rows: count,
        bytes: count,
        dataFiles: count,
        runId: z.string().nullable(),
      }),
    ),
    more: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('files'),
    snapshotId,
    files: z.array(
      z.strictObject({
        path: z.string(),
        rows: count,
        /** Of `rows`, those that are marked as deleted. */
        deletedRows: count.optional(),
        bytes: count,
        /** The upload its rows came from, where the source has files. */
        sourceFile: z.string().nullable(),
      }),
    ),
    more: z.boolean(),
  }),
  /** A part of a download of rejects. */
  z.strictObject({
    kind: z.literal('text'),
    text: z.string(),
    rows: count,
    next: rejectsPosition.nullable(),
  }),
  /** The request cannot be answered; the API passes it on as a problem document. */
  z.strictObject({ kind: z.literal('problem'), code: z.enum(errorCodes), message: z.string() }),
]);
export type PreviewAnswer = z.infer<typeof previewAnswer>;
