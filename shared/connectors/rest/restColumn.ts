import type { Column } from '../../lake/schema.ts';
import type { Path } from './paths.ts';

/** A column, and where in a record it comes from. */
export interface RestColumn extends Column {
  /** Default: the column's name, as one name. */
  readonly from?: Path;
  /** How the source writes it where a table wants something else. */
  readonly format?: 'epochSeconds' | 'epochMilliseconds' | 'isoOffset' | 'list';
}
