import * as z from 'zod';
import { json } from '../json.ts';

export const runMode = z.enum(['full_refresh', 'full_refresh_append', 'incremental']);

/** What a run is asked to do. Two requests are equal when all of this is. */
export const runRequest = z.strictObject({
  kind: z
    .enum([
      'ingest',
      'clear',
      'file_delete',
      /** Loads rejected rows again, by today's settings. */
      'replay',
      /** Compares keys with the source's and takes out the rows that are gone there. */
      'detect_deletes',
      /** Puts tables and cursors back to where the last run found them. */
      'undo',
      /** Sets or forgets one stream's cursor. */
      'set_cursor',
    ])
    .default('ingest'),
  /** Left out: the source's own mode. */
  mode: runMode.optional(),
  /** Backfill window, ISO 8601 date or instant; the end is exclusive. */
  startDate: z.string().optional(),
  endDate: z.string().optional(),
  /** Left out: all selected streams. */
  streams: z.array(z.string()).min(1).optional(),
  /** `file_delete`: names of the files whose rows go. */
  files: z.array(z.string()).min(1).optional(),
  /** `undo`: the run to undo, which must be the last that committed. */
  undoes: z.string().optional(),
  /** `set_cursor`: the connector's checkpoint; null starts from nothing. */
  cursor: json.nullable().optional(),
  /** Loads files again whose bytes were loaded before. */
  force: z.boolean().optional(),
});
export type RunRequest = z.infer<typeof runRequest>;

export const runTrigger = z.enum(['api', 'schedule', 'file', 'upload']);
export type RunTrigger = z.infer<typeof runTrigger>;

export const whenBusy = z.enum(['queue', 'reject']);
export type WhenBusy = z.infer<typeof whenBusy>;
