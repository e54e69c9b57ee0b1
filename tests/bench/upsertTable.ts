import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { copyOptions } from '../../shared/lake/copyOptions.ts';
import type { DataFile } from '../../shared/lake/dataFile.ts';
import { dataFileFromStats } from '../../shared/lake/dataFileFromStats.ts';
import { duckdbType } from '../../shared/lake/duckdbTypes.ts';
import type { Field } from '../../shared/lake/schema.ts';

export const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'customer_id', type: 'int' },
  { id: 3, name: 'updated_at', type: 'timestamp' },
  { id: 4, name: 'amount', type: 'decimal(12, 2)' },
  { id: 5, name: 'quantity', type: 'int' },
  { id: 6, name: 'status', type: 'string' },
  { id: 7, name: 'email', type: 'string' },
  { id: 8, name: 'note', type: 'string' },
  { id: 9, name: '_run_id', type: 'string' },
  { id: 10, name: '_ingested_at', type: 'timestamptz' },
];

export const filesInTable = 50;

/** `random`: keys all over the table. `recent`: nine of ten in its last twentieth, the others new. */
export type Keys = 'random' | 'recent';

export interface BenchTable {
  readonly folder: string;
  readonly rows: number;
  readonly live: readonly DataFile[];
  readonly batches: Readonly<Record<Keys, DataFile>>;
}

/** Where a file of the table lies on this machine. */
export const localPathOf = (folder: string, path: string): string =>
  join(folder, path.slice('s3://lake/'.length));

/** A table of `rows` rows in 50 files, ordered by key, and two batches of a hundredth of it. Made once per size. */
export async function upsertTable(rows: number): Promise<BenchTable> {
  const folder = join(tmpdir(), 'headgate-bench', `upsert-${rows}`);
  const described = join(folder, 'table.json');
  if (existsSync(described)) return JSON.parse(readFileSync(described, 'utf8')) as BenchTable;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const database = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1500MB',
  });
  const db = await database.connect();
  const write = async (name: string, id: string, count: number, day: string): Promise<DataFile> => {
    const values = [
      id,
      'hash(i + 1) % 500000',
      `TIMESTAMP '${day}' + to_seconds((hash(i + 2) % 86400)::INTEGER)`,
      '(hash(i + 3) % 1000000) / 100',
      'hash(i + 4) % 9 + 1',
      "['new', 'paid', 'sent', 'returned'][(hash(i + 5) % 4)::INTEGER + 1]",
      "'user' || (hash(i + 6) % 500000) || '@example.com'",
      "'note ' || (hash(i + 7) % 100000)",
      "'run-0'",
      `TIMESTAMPTZ '${day}'`,
    ];
    const columns = schema.map(
      (field, index) => `(${values[index]})::${duckdbType(field.type)} AS ${field.name}`,
    );
    const path = `s3://lake/${name}.parquet`;
    const reader = await db.runAndReadAll(
      `COPY (SELECT ${columns.join(', ')} FROM range(${count}) t(i))
       TO '${localPathOf(folder, path)}' (${copyOptions(schema)})`,
    );
    const [stats] = reader.getRowObjectsJson();
    return dataFileFromStats({ path, fields: schema, stats });
  };
  const perFile = Math.ceil(rows / filesInTable);
  const live: DataFile[] = [];
  for (let file = 0; file < filesInTable; file++)
    live.push(await write(`live-${file}`, `i + ${file * perFile}`, perFile, '2026-01-01'));
  const total = perFile * filesInTable;
  const batch = Math.ceil(rows / 100);
  const twentieth = Math.ceil(total / 20);
  const random = await write('random', `hash(i) % ${total}`, batch, '2026-01-02');
  const recent = await write(
    'recent',
    `CASE WHEN i % 10 < 9 THEN ${total - twentieth} + hash(i) % ${twentieth} ELSE ${total} + i END`,
    batch,
    '2026-01-02',
  );
  db.closeSync();
  database.closeSync();
  const table = { folder, rows: total, live, batches: { random, recent } };
  writeFileSync(described, JSON.stringify(table));
  return table;
}

export const bytesOf = ({ live }: BenchTable): number =>
  live.reduce((sum, { bytes }) => sum + bytes, 0);
