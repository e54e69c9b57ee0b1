import * as z from 'zod';
import { json } from '../../json.ts';

/** Which list of a stream is read: all records, changes, or what was deleted. */
export const restPass = z.enum(['full', 'changes', 'deletions']);
export type RestPass = z.infer<typeof restPass>;

/** Where the reading of one parent's children stands. */
const child = z.strictObject({ parent: json, page: json });

/** A read that is under way. */
export const restSweep = z.strictObject({
  pass: restPass,
  /** The window of this read, ISO 8601; `upper` was frozen at its start. */
  lower: z.string().nullable(),
  upper: z.string(),
  /** What paging found for the next page; null: the first. */
  page: json,
  /** The latest time seen in a list that comes in ascending order. */
  seen: z.string().nullable(),
  /** The token that the source handed out for the next read. */
  token: z.string().nullable(),
  /** Digests of records that the next read's overlap will bring again. */
  recent: z.array(z.string()),
  child: child.nullable(),
});
export type RestSweep = z.infer<typeof restSweep>;

/** Where a stream stands. */
export const restCheckpoint = z.strictObject({
  v: z.literal(1),
  /** Everything before this time is delivered, or since this token everything is yet to come; null: nothing was. */
  since: z.string().nullable(),
  /** Digests of records at the end of the last read: the same again are passed over. */
  recent: z.array(z.string()),
  /** null: the read is complete. */
  sweep: restSweep.nullable(),
});
export type RestCheckpoint = z.infer<typeof restCheckpoint>;
