import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { LandedFile } from '../../../../shared/connectors/connector.ts';
import { readParquetTail, tailOf } from '../../../../shared/formats/ranges/parquetParts.ts';
import { temporaryFolder } from '../../../local/temporaryFolder.ts';

async function query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const landed = (bytes: Buffer): LandedFile => ({
  name: 'a.parquet',
  versionId: 'v1',
  bytes: bytes.length,
  modifiedAt: new Date(0),
  async *open(from = 0) {
    yield bytes.subarray(from);
  },
});

async function made(path: string, sql: string, options = ''): Promise<Buffer> {
  await query(`COPY (${sql}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048${options})`);
  return readFileSync(path);
}

const rows = (count: number): string =>
  `SELECT i, 'text ' || i AS t, CASE WHEN i % 3 = 0 THEN NULL ELSE [i, i + 1] END AS l,
     {'a': i, 'b': {'c': 'x' || i}} AS s, i::DECIMAL(20, 2) AS d FROM range(${count}) r(i)`;

describe('a Parquet file with some of its row groups', () => {
  it('has their rows, in its own places and with nothing in between', async () => {
    const folder = temporaryFolder();
    const whole = join(folder, 'whole.parquet');
    const bytes = await made(whole, rows(9000), ", COMPRESSION zstd, KV_METADATA {key: 'v'}");
    const tail = (await readParquetTail(landed(bytes)))!;
    expect(tail.rowGroups.map((group) => group.rows)).toEqual([2048, 2048, 2048, 2048, 808]);
    for (const [first, end] of [
      [0, 5],
      [0, 1],
      [1, 4],
      [4, 5],
    ] as const) {
      const [from, to] = [tail.rowGroups[first]!.from, tail.rowGroups[end - 1]!.to];
      const part = Buffer.alloc(tail.at);
      part.write('PAR1');
      bytes.copy(part, from, from, to);
      const path = join(folder, `part-${first}-${end}.parquet`);
      writeFileSync(path, Buffer.concat([part, tailOf(tail, first, end)]));
      expect(await query(`SELECT * FROM '${path}'`), `${first} to ${end}`).toEqual(
        await query(`SELECT * FROM '${whole}' WHERE i >= ${first * 2048} AND i < ${end * 2048}`),
      );
      expect(await query(`SELECT value::VARCHAR AS v FROM parquet_kv_metadata('${path}')`)).toEqual(
        [{ v: 'v' }],
      );
    }
  });

  it('may have none, and then tells its columns', async () => {
    const folder = temporaryFolder();
    const bytes = await made(join(folder, 'whole.parquet'), rows(3000));
    const tail = (await readParquetTail(landed(bytes)))!;
    const path = join(folder, 'none.parquet');
    writeFileSync(path, Buffer.concat([Buffer.from('PAR1'), tailOf(tail, 0, 0)]));
    expect(await query(`SELECT count(*)::INT AS n FROM '${path}'`)).toEqual([{ n: 0 }]);
    expect(
      (await query(`DESCRIBE SELECT * FROM '${path}'`)).map((row) => row['column_name']),
    ).toEqual(['i', 't', 'l', 's', 'd']);
  });

  it('is one of hundreds of columns and row groups, too', async () => {
    const folder = temporaryFolder();
    const columns = Array.from({ length: 300 }, (_, n) => `i + ${n} AS c${n}`).join(', ');
    const bytes = await made(
      join(folder, 'wide.parquet'),
      `SELECT ${columns} FROM range(60000) r(i)`,
    );
    const tail = (await readParquetTail(landed(bytes)))!;
    expect(tail.rowGroups).toHaveLength(30);
    expect(tail.footer.length).toBeGreaterThan(2 ** 19);
    const [from, to] = [tail.rowGroups[17]!.from, tail.rowGroups[18]!.to];
    const part = Buffer.alloc(tail.at);
    part.write('PAR1');
    bytes.copy(part, from, from, to);
    const path = join(folder, 'part.parquet');
    writeFileSync(path, Buffer.concat([part, tailOf(tail, 17, 19)]));
    expect(
      await query(`SELECT min(c299)::INT AS least, max(c299)::INT AS most FROM '${path}'`),
    ).toEqual([{ least: 17 * 2048 + 299, most: 19 * 2048 - 1 + 299 }]);
  });

  it('is not made of what is none, is cut off, or makes no sense', async () => {
    const folder = temporaryFolder();
    const bytes = await made(join(folder, 'whole.parquet'), rows(3000));
    expect(await readParquetTail(landed(Buffer.from('PAR1')))).toBeNull();
    expect(await readParquetTail(landed(bytes.subarray(0, bytes.length - 3)))).toBeNull();
    const broken = Buffer.from(bytes);
    broken.fill(0xff, broken.length - 300, broken.length - 8);
    expect(await readParquetTail(landed(broken))).toBeNull();
    const vast = Buffer.from(bytes);
    vast.writeUInt32LE(2 ** 31, vast.length - 8);
    expect(await readParquetTail(landed(vast))).toBeNull();
  });
});
