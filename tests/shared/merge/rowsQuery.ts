import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { Field } from '../../../shared/lake/schema.ts';

/** A query of rows given as SQL values in the order of `fields`: `["1", "'a'", 'NULL']`. */
export const rowsQuery = (fields: readonly Field[], rows: readonly (readonly string[])[]): string =>
  rows
    .map(
      (row) =>
        `SELECT ${fields
          .map(({ name, type }, index) => `CAST(${row[index]} AS ${duckdbType(type)}) AS "${name}"`)
          .join(', ')}`,
    )
    .join(' UNION ALL ');
