import { type SystemColumn, systemColumns } from './schema.ts';

/** Whether a table's column is one of Headgate's own. `in` would also say so of `constructor`. */
export const isSystemColumn = (name: string): name is SystemColumn =>
  Object.hasOwn(systemColumns, name);
