import * as z from 'zod';

export const defaultLimit = 25;
export const maxLimit = 200;

/** Query parameters of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .default(defaultLimit)
    .describe('Results in a page.'),
  cursor: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('`nextCursor` of the page before, with the same filters.'),
};

const more = {
  limit: z.int(),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
};

/** A page of a list whose length is not known. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), pagination: z.strictObject(more) });

/** A page of a list whose length is known: `total` counts everything that matches the filters. */
export const countedPageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    data: z.array(item),
    pagination: z.strictObject({ total: z.int().nonnegative(), ...more }),
  });

/** A text parameter that means yes or no. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
