import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { dataFileFromStats } from '../../../shared/lake/dataFileFromStats.ts';
import { columnBuffer } from '../../../shared/parquet/columnBuffers.ts';
import { ParquetWriter } from '../../../shared/parquet/parquetWriter.ts';
import type { TestTable } from '../lake/testTable.ts';
import { typeFields, typesQuery } from '../lake/typeCases.ts';
import { fillColumn } from './fillColumn.ts';

/** Commits the extremes of each type in a file of ours, under the path that DuckDB's would have had. */
export async function typesTable(duckdb: DuckDBConnection, table: TestTable): Promise<TestTable> {
  const { path } = await table.write(typesQuery, typeFields);
  const texts = typeFields
    .map(
      ({ name, type }) =>
        `${type === 'binary' ? `hex("${name}")` : `"${name}"::VARCHAR`} AS "${name}"`,
    )
    .join(', ');
  const rows = (
    await duckdb.runAndReadAll(`SELECT ${texts} FROM (${typesQuery})`)
  ).getRowObjectsJson();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-types-'));
  try {
    const local = join(folder, 'part.parquet');
    await using writer = await ParquetWriter.create(local, typeFields);
    const buffers = typeFields.map(({ name, type }) => {
      const buffer = columnBuffer(type);
      fillColumn(
        buffer,
        type,
        rows.map((row) => row[name] as string | null),
      );
      return buffer;
    });
    await writer.writeRowGroup(buffers, rows.length);
    const { stats } = await writer.end();
    table.store.objects.set(path.replace(`s3://${table.store.bucket}/`, ''), readFileSync(local));
    await table.commit(typeFields, [dataFileFromStats({ path, fields: typeFields, stats })]);
    return table;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
