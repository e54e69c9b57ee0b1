import * as z from 'zod';
import { columnType } from '../lake/schema.ts';

/** Columns named in one record at most, of each kind; of the others only the number. */
export const mostDriftColumns = 50;
export const mostSamples = 3;
export const longestSample = 40;

const column = {
  /** As the table has it; the source's spelling for a column that the contract keeps out. */
  name: z.string(),
  /** The source's own spelling where it differs. */
  source: z.string().optional(),
};
const seen = {
  /** A few of the values, cut; none of a masked column. */
  samples: z.array(z.string()),
  /** False: the contract kept the table as it was. */
  isStored: z.boolean(),
  /** Values that were not stored in a column because of that; null: not counted. */
  discarded: z.int().nonnegative().nullable(),
};

/** How what a load brought differs from the table it found. */
export const schemaDrift = z.strictObject({
  /** `type` null: a column that was kept out before anybody looked at its values. */
  added: z.array(z.strictObject({ ...column, type: columnType.nullable(), ...seen })),
  /** In the table, and not delivered any more: null in the new rows. */
  removed: z.array(z.strictObject({ ...column, type: columnType })),
  /** `to` null: no type at all holds for all values, and rows or values were kept out. */
  changed: z.array(
    z.strictObject({ ...column, from: columnType, to: columnType.nullable(), ...seen }),
  ),
  /** Further columns that are not named here. */
  more: z.int().nonnegative(),
});
export type SchemaDrift = z.infer<typeof schemaDrift>;

/** Whether somebody who reads the table may be in for a surprise: a column is gone, or has another type. */
export const isBreaking = ({ removed, changed }: SchemaDrift): boolean =>
  removed.length + changed.length > 0;
