import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { TableRow } from './compare.ts';
import type { OneSource } from './oneSource.ts';

export interface TableReader extends Disposable {
  /** The live rows as a query engine would see them, `deleted` where they are tombstones. */
  read(of: OneSource): Promise<readonly TableRow[]>;
}

export async function tableReader(): Promise<TableReader> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  /** Rows of the files that were live at the last look: a file never changes, and looking at all of them takes minutes. */
  let known = new Map<string, readonly TableRow[]>();
  return {
    async read(source) {
      const folder = mkdtempSync(join(tmpdir(), 'headgate-read-'));
      try {
        const live = new Map<string, readonly TableRow[]>();
        for (const [index, { file, deletes }] of (await source.files()).entries()) {
          const key = JSON.stringify([file, deletes]);
          const rows =
            known.get(key) ?? (await readFile(connection, source, folder, index, file, deletes));
          live.set(key, rows);
        }
        known = live;
        return [...live.values()].flat();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function readFile(
  connection: DuckDBConnection,
  { store }: OneSource,
  folder: string,
  index: number,
  file: string,
  deletes: string | null,
): Promise<readonly TableRow[]> {
  const fetch = (path: string, name: string): string => {
    const local = join(folder, `${index}-${name}.parquet`);
    writeFileSync(local, store.objects.get(path.slice('s3://lake/'.length)) ?? '');
    return local;
  };
  const local = fetch(file, 'rows');
  const described = await connection.runAndReadAll(`describe select * from '${local}'`);
  const names = new Set(described.getRowObjectsJson().map((row) => String(row['column_name'])));
  const column = (name: string, sql: string): string =>
    names.has(name) ? `${sql} as ${name}` : `null as ${name}`;
  const where =
    deletes === null
      ? ''
      : `where file_row_number not in (select pos from '${fetch(deletes, 'deletes')}')`;
  const result = await connection.runAndReadAll(`
    select ${[
      column('id', 'id::varchar'),
      column('at', 'epoch_us("at")::varchar'),
      column('n', 'n::varchar'),
      column('word', 'word'),
      column('amount', 'amount::varchar'),
      '_run_id as run',
      names.has('_deleted') ? 'coalesce(_deleted, false) as deleted' : 'false as deleted',
    ].join(', ')}
    from read_parquet('${local}', file_row_number = true) ${where}`);
  return result.getRowObjectsJson() as unknown as readonly TableRow[];
}
