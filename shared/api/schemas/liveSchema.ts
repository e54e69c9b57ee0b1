import * as z from 'zod';
import { columnType } from '../../lake/schema.ts';
import { syncMode } from '../../sources/sourceItem.ts';

const streamDescription = z.strictObject({
  name: z.string(),
  columns: z
    .array(
      z.strictObject({
        name: z.string(),
        nativeType: z.string().nullable(),
        type: columnType.describe('Type in the table.'),
      }),
    )
    .nullable()
    .describe('null: known only once a file is read.'),
  primaryKey: z.array(z.string()),
  cursorFields: z.array(z.string()),
  syncModes: z.array(syncMode),
  captures: z.enum(['inserts', 'changes', 'snapshot']),
  deletes: z.enum(['tombstone', 'flag', 'none']),
  ordered: z.boolean(),
  timeZone: z.string(),
  supportsDateRange: z.boolean(),
  notes: z.array(z.string()),
});

export const liveSchema = z
  .strictObject({
    sourceId: z.string(),
    sourceKey: z.string(),
    inspectedAt: z.iso.datetime(),
    streams: z.array(streamDescription),
  })
  .meta({ id: 'LiveSchema' });

export const offeredStreams = z
  .strictObject({ inspectedAt: z.iso.datetime(), streams: z.array(streamDescription) })
  .meta({ id: 'OfferedStreams' });
