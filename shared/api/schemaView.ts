import type * as z from 'zod';
import type { DriftItem } from '../schema/driftItem.ts';
import { type SchemaVersionItem, unpackFields } from '../schema/schemaVersionItem.ts';
import type { driftRecord, schemaVersion } from './schemas/drift.ts';

/** A drift record as the API shows it. */
export const driftRecordOf = ({
  runId,
  stream,
  at,
  isBreaking,
  drift,
}: DriftItem): z.infer<typeof driftRecord> => ({ runId, stream, at, isBreaking, ...drift });

/** A version of a schema with its columns. */
export const schemaVersionOf = ({
  stream,
  runId,
  at,
  hash,
  fields,
}: SchemaVersionItem): z.infer<typeof schemaVersion> => ({
  stream,
  runId,
  at,
  hash,
  columns: unpackFields(fields).map(({ id, name, type, doc }) => ({
    id,
    name,
    type,
    doc: doc ?? null,
  })),
});
