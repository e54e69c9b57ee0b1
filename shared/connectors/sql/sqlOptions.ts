import * as z from 'zod';

/** Settings every SQL source shares; spread into its config. */
export const sqlOptions = {
  schemas: z
    .array(z.string().min(1).max(255))
    .min(1)
    .max(100)
    .default(['public'])
    .meta({ title: 'Schemas', description: 'Schemas whose tables and views are offered.' }),
  timeZone: z
    .string()
    .refine(isTimeZone, 'not an IANA time zone such as Europe/Berlin')
    .default('UTC')
    .meta({
      title: 'Time zone',
      description: 'Zone of date and time columns that say none. IANA name, e.g. America/New_York.',
    }),
  lagSeconds: z.int().min(0).max(86_400).default(60).meta({
    title: 'Lag in seconds',
    description:
      'An incremental read stops this long before now, so that rows whose transaction is still open are not passed over. Longer than the longest writing transaction is safe.',
  }),
  overlapSeconds: z
    .int()
    .min(0)
    .max(31 * 86_400)
    .default(300)
    .meta({
      title: 'Overlap in seconds',
      description:
        'An incremental read by a time begins this long before the last one’s newest row, for rows that were committed even later than the lag allows. What was loaded before is recognised by its key. Without a key there is no overlap.',
    }),
  overlapValues: z.int().min(0).max(1_000_000_000).default(0).meta({
    title: 'Overlap in values',
    description:
      'The same for a cursor that is a number: an incremental read begins this far below the largest number loaded.',
  }),
};

const sqlOptionsObject = z.object(sqlOptions);
export type SqlOptions = z.infer<typeof sqlOptionsObject>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}
