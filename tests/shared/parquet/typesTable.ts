import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { dataFileFromStats } from '../../../shared/lake/dataFileFromStats.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { columnBuffer } from '../../../shared/parquet/columnBuffers.ts';
import { ParquetWriter } from '../../../shared/parquet/parquetWriter.ts';
import type { TestTable } from '../lake/testTable.ts';
import { typeFields, typesQuery } from '../lake/typeCases.ts';
import { fillColumn } from './fillColumn.ts';

/** Commits the extremes of each type in a file of ours. */
export const typesTable = (duckdb: DuckDBConnection, table: TestTable): Promise<TestTable> =>
  commitOurs(duckdb, table, typeFields, typesQuery);

/**
 * Commits the rows of a query in a file of ours, of two row groups where there are more than a hundred, under the path
 * that DuckDB's file would have had.
 */
export async function commitOurs(
  duckdb: DuckDBConnection,
  table: TestTable,
  fields: readonly Field[],
  query: string,
): Promise<TestTable> {
  const { path } = await table.write(query, fields);
  const texts = fields.map(({ name, type }) => {
    const typed = `"${name}"::${duckdbType(type)}`;
    return `${type === 'binary' ? `hex(${typed})` : `${typed}::VARCHAR`} AS "${name}"`;
  });
  const reader = await duckdb.runAndReadAll(`SELECT ${texts.join(', ')} FROM (${query})`);
  const rows = reader.getRowObjectsJson();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-types-'));
  try {
    const local = join(folder, 'part.parquet');
    await using writer = await ParquetWriter.create(local, fields);
    for (const group of [rows.slice(0, 100), rows.slice(100)]) {
      if (group.length === 0) continue;
      const buffers = fields.map(({ name, type }) => {
        const buffer = columnBuffer(type);
        const values = group.map((row) => row[name] as string | null);
        fillColumn(buffer, type, values);
        return buffer;
      });
      await writer.writeRowGroup(buffers, group.length);
    }
    const { stats } = await writer.end();
    table.store.objects.set(path.replace(`s3://${table.store.bucket}/`, ''), readFileSync(local));
    await table.commit(fields, [dataFileFromStats({ path, fields, stats })]);
    return table;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
