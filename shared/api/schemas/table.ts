import * as z from 'zod';
import { json } from '../../json.ts';
import { maxPreviewRows } from '../../lake/previewProtocol.ts';
import { columnType } from '../../lake/schema.ts';

const tableSummaryShape = {
  name: z.string().describe('`<namespace>.<table>`'),
  sourceId: z.string(),
  sourceKey: z.string(),
  stream: z.string(),
  location: z.string(),
  rows: z.int().nonnegative(),
  rejectedRows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  dataFiles: z.int().nonnegative(),
  snapshotId: z.string().nullable(),
  updatedAt: z.iso.datetime(),
};
export const tableSummary = z.strictObject(tableSummaryShape).meta({ id: 'TableSummary' });
export const table = z
  .strictObject({
    ...tableSummaryShape,
    metadataLocation: z
      .string()
      .nullable()
      .describe('Key of the Iceberg metadata in the lake bucket.'),
    columns: z.array(
      z.strictObject({
        id: z.int(),
        name: z.string(),
        type: columnType,
        doc: z.string().nullable().describe('The source’s own spelling where it differs.'),
      }),
    ),
  })
  .meta({ id: 'Table' });

const stream = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .describe('Needed when the source has several.');
const limit = z.coerce.number().int().min(1).max(maxPreviewRows).default(100);
const asOf = z
  .string()
  .max(64)
  .optional()
  .describe('A snapshot’s id, or an instant: the table as it was then.');
export const previewQuery = z.strictObject({
  stream,
  limit,
  asOf,
  columns: z
    .string()
    .max(20_000)
    .regex(/^[a-z0-9_]+(,[a-z0-9_]+)*$/, 'Names with commas between.')
    .optional()
    .describe('Names with commas between. Left out: all.'),
});
export const rejectsQuery = z.strictObject({ stream, limit });

export const downloadQuery = z.strictObject({
  stream,
  format: z.enum(['csv', 'ndjson']).default('csv'),
  cursor: z
    .string()
    .min(1)
    .max(3000)
    .optional()
    .describe('`nextCursor` of the part before: parts put together are the whole file.'),
});

export const rejectsPart = z
  .strictObject({
    sourceId: z.string(),
    stream: z.string(),
    format: z.enum(['csv', 'ndjson']),
    text: z.string().describe('Whole rows; a header only in the first part of CSV.'),
    rows: z.int().nonnegative(),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'RejectsPart' });

export const rows = z
  .strictObject({
    sourceId: z.string(),
    stream: z.string(),
    snapshotId: z.string().nullable(),
    columns: z.array(z.strictObject({ name: z.string(), type: columnType })),
    rows: z
      .array(z.record(z.string(), json))
      .describe('64-bit integers and decimals are text, so that no digit is lost.'),
    cut: z
      .array(z.string())
      .describe('Columns with values too long to show whole; those end with …'),
    total: z.int().nonnegative().describe('Rows there are.'),
    hasMore: z.boolean(),
  })
  .meta({ id: 'Rows' });

export const snapshots = z
  .strictObject({
    sourceId: z.string(),
    stream: z.string(),
    snapshots: z.array(
      z.strictObject({
        snapshotId: z.string(),
        committedAt: z.iso.datetime(),
        operation: z.string(),
        addedRows: z.int().nonnegative(),
        removedRows: z.int().nonnegative(),
        rows: z.int().nonnegative(),
        bytes: z.int().nonnegative(),
        dataFiles: z.int().nonnegative(),
        runId: z.string().nullable(),
      }),
    ),
    hasMore: z.boolean(),
  })
  .meta({ id: 'Snapshots' });
