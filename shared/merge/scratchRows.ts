import { rm } from 'node:fs/promises';
import { type DuckDb, sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import { columnOf } from './parquetRows.ts';

/** A column of a step's own: its name and DuckDB type. */
export interface ScratchColumn {
  readonly name: string;
  readonly type: string;
}

/** A file's number, the position of a row in it, the place of a new row. */
export const fileColumn: ScratchColumn = { name: 'file', type: 'INTEGER' };
export const posColumn: ScratchColumn = { name: 'pos', type: 'BIGINT' };
export const placeColumn: ScratchColumn = { name: 'place', type: 'BIGINT' };
export const scratchColumn = (field: Field): ScratchColumn => ({
  name: columnOf(field),
  type: duckdbType(field.type),
});

/**
 * Rows of a step on their way to the next, in files of the scratch folder. Tables of DuckDB would be spilled too, but
 * take twice their share of memory, and all the more when rows are deleted from them (1.5.5).
 */
export class ScratchRows {
  readonly #db: DuckDb;
  readonly #columns: readonly ScratchColumn[];
  readonly #newPath: () => string;
  readonly #paths: string[] = [];
  #rows = 0;

  constructor(db: DuckDb, columns: readonly ScratchColumn[], newPath: () => string) {
    this.#db = db;
    this.#columns = columns;
    this.#newPath = newPath;
  }

  get rows(): number {
    return this.#rows;
  }

  /** SQL of the relation of all rows so far. */
  get sql(): string {
    return this.#paths.length === 0 ? this.#empty : relation(this.#paths, this.#rows);
  }

  /** Adds the rows of a query that answers the columns in their order; answers the relation of these rows alone. */
  async append(query: string): Promise<{ readonly rows: number; readonly sql: string }> {
    const path = this.#newPath();
    const outputs = this.#columns.map(
      ({ name, type }) => `${sqlName(name)}::${type} AS ${sqlName(name)}`,
    );
    const names = this.#columns.map(({ name }) => sqlName(name)).join(', ');
    const [result] = await this.#db.rows(
      `COPY (SELECT ${outputs.join(', ')} FROM (${query}) rows(${names}))
       TO ${sqlText(path)} (FORMAT parquet, COMPRESSION lz4)`,
    );
    const rows = Number(result?.['Count']);
    if (rows === 0) {
      await rm(path, { force: true });
      return { rows, sql: this.#empty };
    }
    this.#paths.push(path);
    this.#rows += rows;
    return { rows, sql: relation([path], rows) };
  }

  /** Lets go of all rows. */
  async clear(): Promise<void> {
    for (const path of this.#paths.splice(0)) await rm(path, { force: true });
    this.#rows = 0;
  }

  get #empty(): string {
    const columns = this.#columns.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`);
    return `(SELECT ${columns.join(', ')} LIMIT 0)`;
  }
}

const relation = (paths: readonly string[], rows: number): string =>
  `read_parquet([${paths.map(sqlText).join(', ')}], explicit_cardinality = ${rows})`;
