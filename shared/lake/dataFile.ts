import * as z from 'zod';

/**
 * One immutable Parquet file and what its manifest entry needs.
 * Bounds are base64 of Iceberg's single-value serialization, by field id; strings are cut to 16 code points
 * except `_source_file`, whose bounds are whole so that the files of one upload can be found.
 */
export const dataFile = z.strictObject({
  /** `s3://bucket/key`. */
  path: z.string().startsWith('s3://'),
  /** data or position deletes. */
  content: z.enum(['data', 'position_deletes']),
  /** `position_deletes`: the one data file whose rows it deletes. A data file has at most one such file. */
  deletesFrom: z.string().startsWith('s3://').optional(),
  rows: z.int().nonnegative(),
  bytes: z.int().positive(),
  columnBytes: z.record(z.string(), z.int()),
  valueCounts: z.record(z.string(), z.int()),
  nullCounts: z.record(z.string(), z.int()),
  nanCounts: z.record(z.string(), z.int()),
  lowerBounds: z.record(z.string(), z.string()),
  upperBounds: z.record(z.string(), z.string()),
});
export type DataFile = z.infer<typeof dataFile>;
