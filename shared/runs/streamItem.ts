import * as z from 'zod';
import { json } from '../json.ts';
import { field } from '../lake/schema.ts';
import { tablePointer } from '../lake/tablePointer.ts';
import { sourceKey } from '../table.ts';

/** One stream of a source: its table, its cursor, its schema. Changed only by Commit, but for `lastFieldId` and `renewed`. */
export const streamItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  stream: z.string(),
  /** `<namespace>.<table>`, unique in the tenant. */
  table: z.string(),
  location: z.string(),
  metadataPrefix: z.string(),
  /** Highest field id ever reserved; reserved by conditional write before a file is written. */
  lastFieldId: z.int().nonnegative(),
  /** Ids are never used twice, so a schema is small; kept here while below 2,000 fields. */
  schema: z.array(field),
  pointer: tablePointer.nullable(),
  rejects: tablePointer.nullable(),
  /** The connector's checkpoint after the last complete read. */
  cursor: json.nullable(),
  /** The cursor stands within a read whose end was frozen by the run that began it; more may have come since. */
  unfinished: z.boolean().optional(),
  /**
   * Parts of a full refresh that is not finished: kept aside by Commit, resumed by a later run within a day
   * when `hash` (schema, config, connector) is still the same.
   */
  stage: z
    .strictObject({
      hash: z.string(),
      startedAt: z.iso.datetime(),
      /** Staged objects, and which commit in them. */
      parts: z.array(z.strictObject({ key: z.string(), index: z.int().nonnegative() })),
      /** The connector's checkpoint to go on from. */
      position: json,
    })
    .nullable(),
  /** How the stream was before its last run's first commit: what an undo goes back to. */
  before: z
    .strictObject({
      runId: z.string(),
      pointer: tablePointer.nullable(),
      rejects: tablePointer.nullable(),
      cursor: json.nullable(),
      unfinished: z.boolean().optional(),
    })
    .nullable()
    .optional(),
  /** The last time that the source had lost what the cursor stood for, and a run read everything again by itself. */
  renewed: z
    .strictObject({ runId: z.string(), at: z.iso.datetime(), reason: z.string() })
    .optional(),
  /** Run and sequence of the last commit. */
  committedBy: z.strictObject({ runId: z.string(), seq: z.int().positive() }).nullable(),
  updatedAt: z.iso.datetime(),
});
export type StreamItem = z.infer<typeof streamItem>;

export const streamItemKey = (
  tenant: string,
  sourceId: string,
  stream: string,
): { pk: string; sk: string } => ({ pk: sourceKey(tenant, sourceId), sk: `STREAM#${stream}` });
export const streamItemPrefix = 'STREAM#';
