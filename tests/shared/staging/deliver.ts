import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { SourceRecord } from '../../../shared/connectors/connector.ts';
import type { Column } from '../../../shared/lake/schema.ts';
import type { TestLoader } from './testLoader.ts';

/** One stream's worth of rows, delivered as every kind of batch there is. */
export type Kind = 'csv' | 'json' | 'jsonl' | 'parquet' | 'records' | 'undeclared' | 'copyCsv';
export const kinds: readonly Kind[] = [
  'csv',
  'json',
  'jsonl',
  'parquet',
  'records',
  'undeclared',
  'copyCsv',
];

/** Delivers rows of texts, longs and NULLs under the columns' names, in the columns' order. */
export async function deliver(
  loader: TestLoader,
  kind: Kind,
  columns: readonly Column[],
  rows: readonly SourceRecord[],
): Promise<void> {
  switch (kind) {
    case 'csv': {
      const cell = (value: unknown): string => (value == null ? '' : String(value));
      const lines = rows.map((row) => columns.map(({ name }) => cell(row[name])).join(','));
      await loader.load(
        'f.csv',
        `${columns.map(({ name }) => name).join(',')}\n${lines.join('\n')}\n`,
        {
          header: true,
          delimiter: ',',
        },
      );
      return;
    }
    case 'json':
      await loader.load('f.json', JSON.stringify(rows));
      return;
    case 'jsonl':
      await loader.load('f.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
      return;
    case 'parquet': {
      const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'f.parquet');
      const types = { long: 'BIGINT', string: 'VARCHAR', double: 'DOUBLE', boolean: 'BOOLEAN' };
      const sql = (value: unknown): string =>
        value == null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value);
      await parquetFile(
        path,
        `SELECT ${columns
          .map(({ name, type }) => `"${name}"::${types[type as 'long']} AS "${name}"`)
          .join(', ')} FROM (VALUES ${rows
          .map((row) => `(${columns.map(({ name }) => sql(row[name])).join(', ')})`)
          .join(', ')}) t(${columns.map(({ name }) => `"${name}"`).join(', ')})`,
      );
      await loader.load('f.parquet', readFileSync(path));
      return;
    }
    case 'records':
      await loader.loader.load({ columns, body: { kind: 'records', records: rows } });
      return;
    case 'undeclared':
      await loader.loader.load({ body: { kind: 'records', records: rows } });
      return;
    case 'copyCsv': {
      const cell = (value: unknown): string =>
        value == null ? '\\N' : typeof value === 'boolean' ? (value ? 't' : 'f') : `"${value}"`;
      const text = rows.map((row) => `${columns.map(({ name }) => cell(row[name])).join(',')}\n`);
      await loader.loader.load({
        columns,
        body: {
          kind: 'copyCsv',
          async *open() {
            yield Buffer.from(text.join(''));
          },
        },
      });
    }
  }
}

/** Writes what a query answers. */
export async function parquetFile(path: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  instance.closeSync();
}
