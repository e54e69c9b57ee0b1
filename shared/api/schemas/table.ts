import * as z from 'zod';
import { json } from '../../json.ts';
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
export const previewQuery = z.strictObject({
  stream,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  asOf: z.string().max(64).optional().describe('A snapshot id.'),
});
export const rejectsQuery = z.strictObject({
  stream,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const rows = z
  .strictObject({
    sourceId: z.string(),
    stream: z.string(),
    snapshotId: z.string().nullable(),
    columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    rows: z
      .array(z.record(z.string(), json))
      .describe('64-bit integers and decimals are text, so that no digit is lost.'),
    truncated: z.boolean(),
  })
  .meta({ id: 'Rows' });

export const snapshots = z
  .strictObject({
    sourceId: z.string(),
    stream: z.string(),
    snapshots: z.array(
      z.strictObject({
        snapshotId: z.string(),
        at: z.iso.datetime(),
        operation: z.string(),
        summary: z.record(z.string(), z.string()),
      }),
    ),
  })
  .meta({ id: 'Snapshots' });
