import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../../shared/lake/dataFile.ts';
import {
  copyPositionDeletes,
  positionDeleteFile,
  positionDeleteIds,
} from '../../../shared/lake/positionDeleteFile.ts';
import { openDuckdb } from './testTable.ts';

let duckdb: DuckDBConnection;
const folder = mkdtempSync(join(tmpdir(), 'headgate-lake-'));
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = 's3://lake/data/r1-d.parquet';
const local = join(folder, "it's.parquet");
const rows = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowObjectsJson();
async function write(deletesFrom: string, positions: string, named = deletesFrom) {
  const [stats] = await rows(copyPositionDeletes(deletesFrom, positions, local));
  return positionDeleteFile({ path, deletesFrom: named, stats });
}
const long = (bound: string | undefined) => Buffer.from(bound ?? '', 'base64').readBigInt64LE();

describe('a position-delete file', () => {
  it('names its data file in both bounds, whole, however long and odd the path is', async () => {
    for (const target of [
      's3://lake/data/a.parquet',
      "s3://lake/data/it's/ü😀.parquet",
      `s3://lake/${'ü'.repeat(400)}/x.parquet`,
      `s3://lake/${'z'.repeat(255)}/x.parquet`,
    ]) {
      const file = await write(target, 'select unnest([7, 0, 3]) pos');
      expect(dataFile.parse(file)).toEqual(file);
      expect(file).toMatchObject({ content: 'position_deletes', deletesFrom: target, rows: 3 });
      const { filePath, pos } = positionDeleteIds;
      for (const bounds of [file.lowerBounds, file.upperBounds])
        expect(Buffer.from(bounds[filePath] ?? '', 'base64').toString()).toBe(target);
      expect([long(file.lowerBounds[pos]), long(file.upperBounds[pos])]).toEqual([0n, 7n]);
    }
  });

  it('is sorted by position and has the reserved field ids', async () => {
    await duckdb.run('set preserve_insertion_order = false');
    await write('s3://lake/a', 'select (i * 7919) % 300000 pos from range(300000) t(i)');
    await duckdb.run('set preserve_insertion_order = true');
    const unsorted = await rows(
      `select count(*) n from (select pos, file_row_number r from read_parquet('${local.replace("'", "''")}', file_row_number = true)) where pos <> r`,
    );
    expect(unsorted).toEqual([{ n: '0' }]);
    const schema = await rows(
      `select name, type, field_id from parquet_schema('${local.replace("'", "''")}') where field_id is not null`,
    );
    expect(schema).toEqual([
      { name: 'file_path', type: 'BYTE_ARRAY', field_id: '2147483546' },
      { name: 'pos', type: 'INT64', field_id: '2147483545' },
    ]);
  });

  it('that names no row, a null, another file or a row before the first is refused', async () => {
    const target = 's3://lake/a';
    await expect(write(target, 'select 1 pos where false')).rejects.toThrow(/at least one row/);
    await expect(write(target, 'select unnest([1, null]) pos')).rejects.toThrow(/none is null/);
    await expect(write(target, 'select -1 pos')).rejects.toThrow(/begin at 0/);
    await expect(write(target, 'select 1 pos', 's3://lake/b')).rejects.toThrow(/another value/);
    await expect(
      write(`s3://lake/${'a'.repeat(300)}`, 'select 1 pos', `s3://lake/b${'a'.repeat(300)}`),
    ).rejects.toThrow(/another value/);
  });
});
