import { type DuckDb, sqlName, sqlText } from './openDuckDb.ts';

export interface NumberedRows {
  /** For FROM: the file's columns, and `place`. */
  readonly from: string;
  /** Quoted name of the column that counts rows from 0, as they lie in the file. */
  readonly place: string;
}

/**
 * The rows of a Parquet file with their places. DuckDB's own `file_row_number` would be the column of that name where
 * the file has one; rows numbered without an order are numbered as they are read, which is as they lie.
 */
export async function numberedRows(db: DuckDb, path: string): Promise<NumberedRows> {
  const columns = await db.rows(`SELECT name FROM parquet_schema(${sqlText(path)})`);
  const names = new Set(columns.map(({ name }) => String(name).toLowerCase()));
  let free = 'place';
  while (names.has(free)) free += '_';
  const place = sqlName(free);
  return {
    from: `(SELECT *, row_number() OVER () - 1 AS ${place} FROM read_parquet(${sqlText(path)}))`,
    place,
  };
}
