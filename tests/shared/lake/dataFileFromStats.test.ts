import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../../shared/lake/dataFile.ts';
import { columnsWithBounds } from '../../../shared/lake/dataFileFromStats.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import { openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
let table: TestTable;
beforeAll(async () => {
  duckdb = await openDuckdb();
  table = new TestTable(duckdb);
});

async function boundsOf(
  type: ColumnType,
  values: readonly string[],
  rowGroupSize?: number,
): Promise<readonly [string | undefined, string | undefined]> {
  const field: Field = { id: 7, name: 'c', type };
  const rows = values.map((value) => `(${value}::${duckdbType(type)})`).join(', ');
  const file = await table.write(
    `select * from (values ${rows}) t(c)`,
    [field],
    rowGroupSize === undefined ? {} : { rowGroupSize },
  );
  expect(dataFile.parse(file)).toEqual(file);
  const hex = (bound: string | undefined) =>
    bound === undefined ? undefined : Buffer.from(bound, 'base64').toString('hex');
  return [hex(file.lowerBounds['7']), hex(file.upperBounds['7'])];
}
const int32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('hex');
};
const int64 = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes.toString('hex');
};
const float64 = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.toString('hex');
};
const utf8 = (text: string): string => Buffer.from(text).toString('hex');

describe('bounds', () => {
  it('are little-endian whole numbers', async () => {
    expect(await boundsOf('int', ['-5', '7', 'null'])).toEqual([int32(-5), int32(7)]);
    expect(await boundsOf('long', ["'-9223372036854775808'", '9007199254740993'])).toEqual([
      int64(-(2n ** 63n)),
      int64(2n ** 53n + 1n),
    ]);
    expect(await boundsOf('boolean', ['true', 'false'])).toEqual(['00', '01']);
  });

  it('are two’s complement decimals in as few bytes as they need', async () => {
    expect(await boundsOf('decimal(9, 2)', ['-1.28', '1.27'])).toEqual(['80', '7f']);
    expect(await boundsOf('decimal(9, 2)', ['-1.29', '1.28'])).toEqual(['ff7f', '0080']);
    expect(await boundsOf('decimal(38, 0)', ['-1', `1${'0'.repeat(37)}`])).toEqual([
      'ff',
      (10n ** 37n).toString(16).padStart(32, '0'),
    ]);
    expect(await boundsOf('decimal(5, 5)', ['0', '0.00001'])).toEqual(['00', '01']);
  });

  it('of days and instants before 1970 and before Christ are negative', async () => {
    expect(await boundsOf('date', ["'1969-12-31'", "'1970-01-02'"])).toEqual([int32(-1), int32(1)]);
    const [{ days, micros } = { days: 0, micros: '' }] = (
      await duckdb.runAndReadAll(
        "select (date '0044-03-15 (BC)' - date '1970-01-01')::int as days, epoch_us(timestamp '0044-03-15 (BC) 01:02:03.000004')::varchar as micros",
      )
    ).getRowObjectsJson() as { days: number; micros: string }[];
    expect(await boundsOf('date', ["'0044-03-15 (BC)'"])).toEqual([int32(days), int32(days)]);
    expect((await boundsOf('timestamp', ["'0044-03-15 (BC) 01:02:03.000004'"]))[0]).toBe(
      int64(BigInt(micros)),
    );
    expect(
      await boundsOf('timestamp', ["'1969-12-31 23:59:59.999999'", "'2026-03-01 00:00:00.5'"]),
    ).toEqual([int64(-1n), int64(1_772_323_200_500_000n)]);
    expect((await boundsOf('timestamp', ["'294247-01-10 04:00:54.775806'"]))[0]).toBe(
      int64(9_223_372_036_854_775_806n),
    );
  });

  it('of instants with a zone are in UTC, whatever zone the session has', async () => {
    await duckdb.run("set timezone = 'Asia/Kolkata'");
    try {
      expect(await boundsOf('timestamptz', ["'1970-01-01 05:30:00.000001+05:30'"])).toEqual([
        int64(1n),
        int64(1n),
      ]);
    } finally {
      await duckdb.run("set timezone = 'UTC'");
    }
  });

  it('of infinite days and instants are left out', async () => {
    expect(await boundsOf('timestamp', ["'infinity'", "'1970-01-01'"])).toEqual([
      int64(0n),
      undefined,
    ]);
    expect(await boundsOf('date', ["'-infinity'"])).toEqual([undefined, undefined]);
  });

  it('of numbers with NaN among them are left out', async () => {
    expect(await boundsOf('double', ["'NaN'", '1.5'])).toEqual([undefined, undefined]);
    expect(await boundsOf('float', ["'NaN'"])).toEqual([undefined, undefined]);
  });

  it('of zero cover both of its signs', async () => {
    expect(await boundsOf('double', ["'-0.0'", '0.0'])).toEqual([float64(-0), float64(0)]);
    expect(await boundsOf('double', ['0.0', '1e300'])).toEqual([float64(-0), float64(1e300)]);
  });

  it('of floats are the floats themselves', async () => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(0.1);
    expect((await boundsOf('float', ['0.1', '16777216']))[0]).toBe(bytes.toString('hex'));
  });

  it('of texts are cut to 16 characters, the upper one raised', async () => {
    expect(await boundsOf('string', ["'abc'", "'abcdefghijklmnop'"])).toEqual([
      utf8('abc'),
      utf8('abcdefghijklmnop'),
    ]);
    expect(await boundsOf('string', ["'abcdefghijklmnopq'"])).toEqual([
      utf8('abcdefghijklmnop'),
      utf8('abcdefghijklmnoq'),
    ]);
    // Code points, not UTF-16 units; and no character follows the last one.
    expect(await boundsOf('string', [`'${'😀'.repeat(17)}'`])).toEqual([
      utf8('😀'.repeat(16)),
      utf8(`${'😀'.repeat(15)}😁`),
    ]);
    expect((await boundsOf('string', [`'a${'\u{10FFFF}'.repeat(20)}'`]))[1]).toBe(utf8('b'));
    expect((await boundsOf('string', [`'${'\u{10FFFF}'.repeat(20)}'`]))[1]).toBeUndefined();
    expect((await boundsOf('string', [`'${'\uD7FF'.repeat(20)}'`]))[1]).toBe(
      utf8(`${'\uD7FF'.repeat(15)}\uE000`),
    );
  });

  it('of bytes are cut to 16, the upper one raised', async () => {
    const blob = (hex: string) => `from_hex('${hex}')`;
    expect(await boundsOf('binary', [blob('00ff')])).toEqual(['00ff', '00ff']);
    expect(await boundsOf('binary', [blob('ff'.repeat(20))])).toEqual(['ff'.repeat(16), undefined]);
    expect(await boundsOf('binary', [blob(`01${'ff'.repeat(20)}`)])).toEqual([
      `01${'ff'.repeat(15)}`,
      '02',
    ]);
  });

  it('never exclude a row, whatever the row group', async () => {
    // DuckDB keeps no minimum for long texts: one row group without one leaves the file without one.
    const values = [
      ...Array.from({ length: 2048 }, () => "'m'"),
      ...Array.from({ length: 2048 }, () => `'${'é'.repeat(300)}'`),
    ];
    expect(await boundsOf('string', values, 2048)).toEqual([undefined, undefined]);
  });

  it('and sizes are kept for the first 100 columns and Headgate’s own, counts for all', async () => {
    const many: Field[] = Array.from({ length: columnsWithBounds + 5 }, (_, index) => ({
      id: index + 1,
      name: `c${index}`,
      type: 'int',
    }));
    many.push({ id: 500, name: '_run_id', type: 'string' });
    const file = await table.write(
      `select ${many.map(({ name, type }) => `1::${duckdbType(type)} as ${name}`).join(', ')}`,
      many,
    );
    expect(Object.keys(file.valueCounts)).toHaveLength(many.length);
    expect(Object.keys(file.nullCounts)).toHaveLength(many.length);
    expect(Object.keys(file.lowerBounds)).toHaveLength(columnsWithBounds + 1);
    expect(Object.keys(file.columnBytes)).toHaveLength(columnsWithBounds + 1);
    expect(file.lowerBounds['500']).toBeDefined();
    expect(file.lowerBounds['101']).toBeUndefined();
  });
});

describe('the bounds of _source_file', () => {
  const source: Field = { id: 3, name: '_source_file', type: 'string' };
  const write = (names: readonly (string | null)[], sourceFile?: string) =>
    table.write(
      `select * from (values ${names.map((name) => (name === null ? '(null::varchar)' : `('${name}')`)).join(', ')}) t(_source_file)`,
      [source],
      sourceFile === undefined ? {} : { sourceFile },
    );
  const names = (file: Awaited<ReturnType<typeof write>>) =>
    [file.lowerBounds['3'], file.upperBounds['3']].map((bound) =>
      bound === undefined ? undefined : Buffer.from(bound, 'base64').toString(),
    );

  it('are the whole name', async () => {
    const name = 'exports/2026/03/a very long name of an upload.csv';
    expect(names(await write([name, name]))).toEqual([name, name]);
  });

  it('are whole even where DuckDB cuts them', async () => {
    for (const name of [`${'x'.repeat(400)}.csv`, `${'é'.repeat(400)}.csv`])
      expect(names(await write([name, name], name))).toEqual([name, name]);
  });

  it('are none where no row has one', async () => {
    expect(names(await write([null, null]))).toEqual([undefined, undefined]);
  });

  it('refuse rows of two uploads, of an upload and of none, and of another upload than named', async () => {
    await expect(write(['a.csv', 'b.csv'])).rejects.toThrow(/exactly one upload/);
    await expect(write(['a.csv', null])).rejects.toThrow(/exactly one upload/);
    await expect(write(['a.csv'], 'b.csv')).rejects.toThrow(/exactly one upload/);
    await expect(write(['x'.repeat(300)])).rejects.toThrow(/exactly one upload/);
    await expect(write(['x'.repeat(300)], 'y'.repeat(300))).rejects.toThrow(/exactly one upload/);
  });
});
