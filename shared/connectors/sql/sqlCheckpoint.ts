import * as z from 'zod';

/**
 * Where a read stands. `after` holds the values of the `order` columns, as the database prints them: every row
 * up to and including these is delivered. `order` may be shorter than the read's own order (the cursor without
 * the key): then every row with these leading values is. A complete full refresh of a stream with a cursor says
 * in `order` and `after` where incremental reads go on.
 */
export const sqlCheckpoint = z.strictObject({
  v: z.literal(1),
  /** `full`: the whole table by key. `incremental`: by cursor, then key. `window`: a backfill. */
  read: z.enum(['full', 'incremental', 'window']),
  order: z.array(z.string()),
  after: z.array(z.string()).nullable(),
  /** A full refresh's frozen end of the cursor, kept until it is complete. */
  upper: z.strictObject({ value: z.string(), inclusive: z.boolean() }).nullable(),
  done: z.boolean(),
  /** `paged`: read in more than one transaction, so its rows are of more than one moment. */
  consistency: z.enum(['snapshot', 'paged']),
});
export type SqlCheckpoint = z.infer<typeof sqlCheckpoint>;
