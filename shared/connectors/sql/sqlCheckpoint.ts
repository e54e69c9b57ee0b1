import * as z from 'zod';

const bound = z.strictObject({ value: z.string(), inclusive: z.boolean() });

/**
 * How far a column was read: every row below the value is delivered, and those that equal it where `inclusive`.
 * A null value: no row had one.
 */
const through = z.strictObject({
  column: z.string(),
  value: z.string().nullable(),
  inclusive: z.boolean(),
});
export type Through = z.infer<typeof through>;

/** Where a read stands that is not complete. */
const position = z.strictObject({
  /** `nulls`: rows that no range of the cursor holds, read apart from the others and after them. */
  part: z.enum(['rows', 'nulls']),
  /**
   * Every row of the part up to and including these values, as the database prints them, is delivered. Fewer columns
   * than the read is ordered by: every row with these leading values is. null: none is.
   */
  order: z.array(z.string()),
  after: z.array(z.string()).nullable(),
  /** The frozen upper end of the cursor. */
  upper: bound.nullable(),
  /** What `through` becomes once the read is complete, as far as is known. */
  next: through.nullable(),
  /** Where the read goes on in a result that the database keeps, and a hash of the statement that the result is of. */
  result: z.strictObject({ place: z.string(), statement: z.string() }).optional(),
});
export type Position = z.infer<typeof position>;

/**
 * What was read of a table, by whole reads and by cursor; values are text as the database prints it. The position
 * within a read is kept apart from the cursor: the next read begins where this one's rows may still be joined by
 * others, which is not where it was stopped.
 */
export const sqlCheckpoint = z.strictObject({
  v: z.literal(1),
  /** `full`: the whole table. `incremental`: what came since. `window`: a backfill. */
  read: z.enum(['full', 'incremental', 'window']),
  /** Where the next incremental read begins. null: nothing was read by a cursor. */
  through: through.nullable(),
  /** null: the read is complete. */
  at: position.nullable(),
  /** `paged`: read in more than one transaction, so its rows are of more than one moment. */
  consistency: z.enum(['snapshot', 'paged']),
});
export type SqlCheckpoint = z.infer<typeof sqlCheckpoint>;
