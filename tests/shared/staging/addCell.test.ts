import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import type { SourceRecord } from '../../../shared/connectors/connector.ts';
import type { Json } from '../../../shared/json.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { ColumnType } from '../../../shared/lake/schema.ts';
import { plainMicros } from '../../../shared/staging/momentMicros.ts';
import { recordCell, textOf, unfit } from '../../../shared/staging/recordCell.ts';
import { seeded } from '../../randomness.ts';
import { TestLoader } from './testLoader.ts';

const { next: random, below, pick: one } = seeded('cells of records');
const digits = (count: number): string => Array.from({ length: count }, () => below(10)).join('');
const two = (value: number): string => String(value).padStart(2, '0');

const types: readonly ColumnType[] = [
  'string',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamp',
  'timestamptz',
  'binary',
  'decimal(9, 2)',
  'decimal(18, 4)',
  'decimal(38, 10)',
];

/** What people and programs write for moments, and what they write by mistake. */
function moment(): string {
  const day = `${one(['0001', '1582', '1899', '1970', '2024', '2026', '9999', '26'])}-${two(below(14))}-${two(below(33))}`;
  if (random() < 0.2) return day;
  const seconds = one(['', `:${two(below(61))}`, `:${two(below(60))}.${digits(1 + below(9))}`]);
  const zone = one(['', 'Z', '+02:00', '-0930', '+05', ' UTC', '+15:00', 'z', '-00:30']);
  return `${day}${one(['T', ' ', '_'])}${two(below(25))}:${two(below(61))}${seconds}${zone}`;
}

const number = (): Json =>
  one<() => Json>([
    () => below(100) - 50,
    () => -0,
    () => (random() - 0.5) * 10 ** below(40),
    () => random() * 1e-7,
    () => Math.round((random() - 0.5) * 2 ** 54),
    () => 2 ** 31 - below(2),
    () => `${one(['', '-', '+'])}${digits(1 + below(25))}`,
    () => `${one(['', '-'])}${digits(below(20))}.${digits(below(12))}`,
    () => `${digits(2)}e${below(50) - 25}`,
    () => one(['9223372036854775807', '-9223372036854775808', '9223372036854775808', '007']),
    () => one(['NaN', 'inf', '-Infinity', '+inf', '0x10', '0b1', '1_000', ' 1', '', ' ', '3.5e38']),
    () => '9007199254740993',
  ])();

const value = (): Json =>
  one<() => Json>([
    number,
    number,
    moment,
    moment,
    () => one([true, false, 'true', 'f', 'TRUE']),
    () => `\\x${one(['', '00ff', 'ABcd', '0', 'xy'])}`,
    () => one(['', 'text', 'a "b",\n\\N', 'é€😀', '\ud800', 'x'.repeat(70), 'ü'.repeat(5000)]),
    () => one<Json>([{ a: [1, 'ü'] }, [], null]),
  ])();

it('cells of records are what DuckDB makes of their text, and what fits no column is kept', async () => {
  const columns = types.map((type, index) => ({ name: `c${index}`, type }));
  const records: SourceRecord[] = Array.from({ length: 4000 }, () =>
    Object.fromEntries(columns.map(({ name }) => [name, value()])),
  );
  await using loader = await TestLoader.open({ systemColumns: [] });
  await loader.loader.load({ columns, body: { kind: 'records', records } });
  const { adds, counts } = await loader.finish();
  expect(counts).toMatchObject({ read: 4000, written: 4000, rejected: 0 });
  const rows = await loader.rows(adds);

  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  for (const { name, type } of columns) {
    const cells = records.map((record) => recordCell(record[name], type));
    const texts = cells.map((cell) => (cell === unfit ? null : cell));
    const cast =
      type === 'binary'
        ? 'unhex(substr(v, 3))'
        : // Where a double lies in the middle of two floats, it does not tell on which side its text was.
          type === 'float'
          ? 'CAST(CAST(v AS DOUBLE) AS FLOAT)'
          : `CAST(v AS ${duckdbType(type)})`;
    const list = texts.map((text) => text?.toWellFormed() ?? null);
    const prepared = await connection.prepare(
      `SELECT (${cast})::VARCHAR AS v FROM (SELECT unnest(from_json($1, '["VARCHAR"]')) AS v)`,
    );
    prepared.bindVarchar(1, JSON.stringify(list));
    const expected = (await prepared.runAndReadAll()).getRowObjectsJson().map((row) => row['v']);
    // Texts go as they are; a lone surrogate is none.
    const wanted = type === 'string' ? texts.map((text) => text?.toWellFormed() ?? null) : expected;
    expect(rows.map((row) => row[name])).toEqual(wanted);
    // Not all of it is one and the same case.
    expect(new Set(wanted).size).toBeGreaterThan(2);
  }
  instance.closeSync();

  const kept = records.map((record) =>
    Object.fromEntries(
      columns.flatMap(({ name, type }) =>
        recordCell(record[name], type) === unfit ? [[name, textOf(record[name] ?? null)]] : [],
      ),
    ),
  );
  expect(rows.map(({ _unfit }) => JSON.parse(String(_unfit ?? '{}')))).toEqual(
    kept.map((members) => JSON.parse(Buffer.from(JSON.stringify(members)).toString())),
  );
});

it('plain moments are those of Date, and others are none', () => {
  for (let count = 0; count < 2000; count++) {
    const millis = Date.UTC(1700 + below(550), below(12), 1 + below(28)) + below(86_400_000);
    const text = new Date(millis).toISOString();
    expect(plainMicros(text)).toBe(millis * 1000);
    expect(plainMicros(`${text.slice(0, -1)}4Z`)).toBe(millis * 1000 + 400);
    const at = below(text.length);
    const other = text.slice(0, at) + one(['x', '/', ':', ' ', '٣']) + text.slice(at + 1);
    if (other !== text) expect(plainMicros(other)).toBeNaN();
  }
  for (const text of [
    '2026-02-29T10:00:00Z',
    '2026-01-01T10:00:00.1234567Z',
    '2026-01-01T10:00:00.Z',
  ])
    expect(plainMicros(text)).toBeNaN();
});
