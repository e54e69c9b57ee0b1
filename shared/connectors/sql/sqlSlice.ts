import * as z from 'zod';

/** Rows above `after` and up to `to` by the leading columns of `by`; null is an open end. */
export const sqlSlice = z.strictObject({
  v: z.literal(1),
  by: z.array(z.string()).min(1),
  after: z.array(z.string()).min(1).nullable(),
  to: z.array(z.string()).min(1).nullable(),
  /** The frozen upper end of the cursor, the same for all slices of a read. */
  upper: z.strictObject({ value: z.string(), inclusive: z.boolean() }).nullable(),
  /** Also the rows that no range of the cursor holds. */
  nulls: z.boolean(),
});
export type SqlSlice = z.infer<typeof sqlSlice>;
