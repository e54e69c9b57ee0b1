import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../shared/lake/schema.ts';
import { column, TestLoader, typesOf } from './testLoader.ts';

/** The data of the `vega-datasets` package. */
const data = join(dirname(new URL(import.meta.resolve('vega-datasets')).pathname), '../data');
const fixtures = join(import.meta.dirname, '../../fixtures/files');

/**
 * What the type of a column has to be, from all of its texts and by other means than the product's: regular
 * expressions, BigInt and Date over every distinct value.
 */
function typeByFullScan(texts: readonly string[]): ColumnType {
  const values = texts.map((text) => text.trim()).filter((text) => text !== '');
  const every = (holds: (text: string) => boolean): boolean => values.every(holds);
  if (values.length === 0) return 'string';
  if (every((text) => ['true', 'false'].includes(text.toLowerCase()))) return 'boolean';
  const isDay = (text: string): boolean =>
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
  if (every(isDay)) return 'date';
  const clock = /^\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3])(:[0-5]\d){1,2}(\.\d{1,6})?$/;
  if (every((text) => isDay(text) || (clock.test(text) && isDay(text.slice(0, 10)))))
    return 'timestamp';
  const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/;
  if (every((text) => zoned.test(text) && clock.test(text.replace(zoned, ''))))
    return 'timestamptz';
  const isNumber = (text: string): boolean =>
    /^-?(\d+\.?\d*|\.\d+)$/.test(text) && !/^-?0\d/.test(text);
  if (!every(isNumber)) return 'string';
  const scale = Math.max(...values.map((text) => text.split('.')[1]?.length ?? 0));
  const whole = Math.max(...values.map((text) => text.replace('-', '').split('.')[0]!.length));
  if (values.some((text) => text.includes('.'))) {
    const roomy = [2, 4, 6, 9, 12, 18].find((step) => step >= scale) ?? scale;
    return whole + roomy <= 18 ? `decimal(18, ${roomy})` : `decimal(38, ${roomy})`;
  }
  return every((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text))
    ? 'long'
    : 'decimal(38, 0)';
}

/** What DuckDB's own full sniff calls a type that is ours, where the two mean the same. */
const sniffed: Readonly<Record<string, readonly string[]>> = {
  boolean: ['BOOLEAN'],
  long: ['BIGINT'],
  date: ['DATE'],
  // Dates among timestamps: DuckDB goes by what comes first.
  timestamp: ['TIMESTAMP', 'VARCHAR'],
  timestamptz: ['TIMESTAMP WITH TIME ZONE'],
  // Text too: leading zeros, signs, times of day, and dates that are not ISO.
  string: ['VARCHAR', 'BIGINT', 'TIME', 'DATE', 'DOUBLE'],
  double: ['DOUBLE'],
};

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
});
afterAll(() => instance.closeSync());

describe('types of CSV files equal those of reading all of them first', () => {
  it.each([
    join(data, 'zipcodes.csv'),
    join(data, 'birdstrikes.csv'),
    join(data, 'airports.csv'),
    join(data, 'seattle-weather.csv'),
    join(data, 'stocks.csv'),
    join(data, 'weather.csv'),
    join(import.meta.dirname, '../../../examples/orders.csv'),
    join(fixtures, 'guarded.csv'),
  ])('%s', async (path) => {
    await using loader = await TestLoader.open();
    await loader.load('f.csv', readFileSync(path));
    const { schema } = await loader.finish();
    const types = typesOf(schema);
    const connection = await instance.connect();
    const all = await connection.runAndReadAll(
      `SELECT * FROM read_csv('${path}', all_varchar = true, sample_size = -1, ignore_errors = true, comment = '')`,
    );
    const names = all.columnNames();
    expect(names.length).toBe(Object.keys(types).length);
    const columns = all.getColumnsJson() as (string | null)[][];
    const scanned = columns.map((values) =>
      typeByFullScan([...new Set(values.map((value) => value ?? ''))]),
    );
    expect(Object.values(types)).toEqual(scanned);

    const sniff = await connection.runAndReadAll(
      `SELECT unnest(Columns).type AS type FROM sniff_csv('${path}', sample_size = -1, ignore_errors = true, comment = '')`,
    );
    for (const [index, { type }] of (sniff.getRowObjectsJson() as { type: string }[]).entries()) {
      const ours = Object.values(types)[index]!;
      expect(
        ours.startsWith('decimal') ? ['DOUBLE', 'BIGINT'] : sniffed[ours],
        `${names[index]}: ${ours}`,
      ).toContain(type);
    }
    connection.closeSync();
  });
});

it('loads the 42,049 zip codes with their leading zeros', async () => {
  await using loader = await TestLoader.open();
  const counts = await loader.load('zipcodes.csv', readFileSync(join(data, 'zipcodes.csv')));
  expect(counts).toMatchObject({ read: 42_049, written: 42_049, rejected: 0 });
  const { adds } = await loader.finish();
  const codes = column(await loader.rows(adds), 'zip_code');
  expect(codes[0]).toBe('00501');
  expect(codes.every((code) => /^\d{5}$/.test(String(code)))).toBe(true);
});

it('loads the 10,000 bird strikes', async () => {
  await using loader = await TestLoader.open();
  const counts = await loader.load('birdstrikes.csv', readFileSync(join(data, 'birdstrikes.csv')));
  expect(counts).toMatchObject({ read: 10_000, written: 10_000, rejected: 0 });
});

it('loads the 3,201 movies as another reader reads them, titles 1776 and 300 as plain text', async () => {
  await using loader = await TestLoader.open();
  const bytes = readFileSync(join(data, 'movies.json'));
  const counts = await loader.load('movies.json', bytes);
  expect(counts).toMatchObject({ read: 3_201, written: 3_201, rejected: 0 });
  const { adds, schema } = await loader.finish();
  expect(typesOf(schema)['title']).toBe('string');
  const file = readFileSync(join(loader.lakeFolder, adds[0]!.path.slice('s3://lake/'.length)));
  const rows = await parquetReadObjects({
    file: file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength),
    compressors,
  });
  const movies = JSON.parse(bytes.toString()) as Record<string, unknown>[];
  const text = (value: unknown): string | null =>
    value === null || value === undefined ? null : String(value);
  expect(rows.length).toBe(movies.length);
  for (const [index, movie] of movies.entries()) {
    const row = rows[index]!;
    expect(row['title']).toBe(text(movie['Title']));
    expect(text(row['us_gross'])).toBe(text(movie['US Gross']));
    expect(row['director']).toBe(text(movie['Director']));
    const rating = movie['IMDB Rating'];
    // hyparquet multiplies: 610 * 0.01 is 6.1000000000000005.
    expect(row['imdb_rating'] === null ? null : Number(Number(row['imdb_rating']).toFixed(2))).toBe(
      rating,
    );
  }
  const titles = rows.map((row) => row['title']);
  expect(titles).toContain('1776');
  expect(titles).toContain('300');
});

it('loads the 3,000,000 flights', async () => {
  await using loader = await TestLoader.open({ threads: 2 });
  const counts = await loader.load(
    'flights-3m.parquet',
    readFileSync(join(data, 'flights-3m.parquet')),
  );
  expect(counts).toMatchObject({ read: 3_000_000, written: 3_000_000, rejected: 0 });
  const { adds } = await loader.finish();
  const connection = await instance.connect();
  const sums = async (path: string): Promise<unknown> => {
    const names = "lower(string_agg(column_name, ','))";
    const columns = await connection
      .runAndReadAll(
        `SELECT ${names} FROM (DESCRIBE SELECT * EXCLUDE (_run_id, _ingested_at, _source_file, _unfit) FROM read_parquet('${path}'))`,
      )
      .catch(() =>
        connection.runAndReadAll(
          `SELECT ${names} FROM (DESCRIBE SELECT * FROM read_parquet('${path}'))`,
        ),
      );
    const rows = await connection.runAndReadAll(
      `SELECT count(*)::VARCHAR, sum(delay)::VARCHAR, sum(distance)::VARCHAR, min(date)::VARCHAR, max(date)::VARCHAR, count(DISTINCT origin)::VARCHAR FROM read_parquet('${path}')`,
    );
    return [columns.getRowsJson(), rows.getRowsJson()];
  };
  const loaded = join(loader.lakeFolder, adds[0]!.path.slice('s3://lake/'.length));
  expect(await sums(loaded)).toEqual(await sums(join(data, 'flights-3m.parquet')));
  connection.closeSync();
});
