import { DuckDBInstance } from '@duckdb/node-api';

/** A result that is kept, as warehouses do. */
export interface KeptResult {
  readonly id: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
}

/** A database behind a simulated warehouse: what SQL means is DuckDB's word, not ours. */
export interface Warehouse extends AsyncDisposable {
  run(sql: string): Promise<void>;
  /** Values, as text; null is null. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** Runs a SELECT and keeps its rows in their order. */
  keep(sql: string, values?: Readonly<Record<string, string>>): Promise<KeptResult>;
  /** Rows of a kept result, each value as the text that an expression of its quoted name makes of it. */
  page(
    result: KeptResult,
    start: number,
    count: number,
    textOf: (quoted: string, type: string) => string,
  ): Promise<readonly (readonly (string | null)[])[]>;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export async function openWarehouse(): Promise<Warehouse> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(
    `set timezone = 'UTC'; set default_null_order = 'nulls_first'; set autoinstall_known_extensions = false`,
  );
  let kept = 0;
  const rows = async (sql: string): Promise<readonly (readonly (string | null)[])[]> =>
    (await connection.runAndReadAll(sql))
      .getRows()
      .map((row) => row.map((value) => (value === null ? null : String(value))));
  return {
    run: async (sql) => {
      await connection.run(sql);
    },
    rows,
    keep: async (sql, values = {}) => {
      kept += 1;
      const id = `memory.main.kept_${kept}`;
      const used = Object.fromEntries(
        Object.entries(values).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql)),
      );
      await connection.run(`create table ${id} as (${sql})`, used);
      const empty = await connection.run(`select * from ${id} limit 0`);
      const [[count] = []] = await rows(`select count(*) from ${id}`);
      return {
        id,
        columns: empty.columnNames().map((name, index) => ({
          name,
          type: String(empty.columnType(index)),
        })),
        rows: Number(count),
      };
    },
    page: ({ id, columns }, start, count, textOf) =>
      rows(
        `select ${columns.map(({ name, type }) => textOf(quoted(name), type)).join(', ')}
         from ${id} limit ${count} offset ${start}`,
      ),
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
