import * as z from 'zod';
import { columnType } from '../../lake/schema.ts';
import { schemaDrift } from '../../schema/schemaDrift.ts';
import { pageQuery } from './page.ts';

export const driftRecord = z
  .strictObject({
    runId: z.string(),
    stream: z.string(),
    at: z.iso.datetime(),
    isBreaking: z.boolean().describe('A column is gone, or has another type.'),
    ...schemaDrift.shape,
    more: schemaDrift.shape.more.describe('Further columns that are not named here.'),
  })
  .meta({ id: 'SchemaDrift' });

export const runDrift = z
  .strictObject({ runId: z.string(), drift: z.array(driftRecord) })
  .meta({ id: 'RunDrift' });

export const driftQuery = z.strictObject(pageQuery);

const stream = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .describe('Needed when the source has several.');
export const schemaHistoryQuery = z.strictObject({ ...pageQuery, stream });

export const schemaVersion = z
  .strictObject({
    stream: z.string(),
    runId: z.string().describe('The run that made it.'),
    at: z.iso.datetime(),
    hash: z.string().describe('The same for equal schemas.'),
    columns: z.array(
      z.strictObject({
        id: z.int(),
        name: z.string(),
        type: columnType,
        doc: z.string().nullable().describe('The source’s own spelling where it differs.'),
      }),
    ),
  })
  .meta({ id: 'SchemaVersion' });
