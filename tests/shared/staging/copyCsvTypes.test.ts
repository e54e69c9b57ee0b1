import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { csvCell } from '../../../shared/formats/canonicalCsv.ts';
import type { Column, ColumnType } from '../../../shared/lake/schema.ts';
import { guardedValue } from '../../../shared/staging/guardedSql.ts';
import { seededRandom } from '../formats/seededRandom.ts';
import { type Row, TestLoader } from './testLoader.ts';

const request = {
  name: 'orders',
  mode: 'incremental' as const,
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
};

const copy = (content: string, chunkBytes = 65_521) => ({
  kind: 'copyCsv' as const,
  async *open() {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  },
});

/** A cell as PostgreSQL's COPY writes it. */
const cell = (text: string | null): string => {
  if (text === null) return '\\N';
  return text === '\\N' || /[",\n\r]/.test(text) ? csvCell(text) : text;
};

async function load(columns: readonly Column[], content: string): Promise<readonly Row[]> {
  await using loader = await TestLoader.open({ stream: request, columns, systemColumns: [] });
  await loader.loader.load({ body: copy(content) });
  const { adds } = await loader.finish();
  return await loader.rows(adds);
}

/** What judging every text by itself makes of them. */
async function judged(type: ColumnType, texts: readonly (string | null)[]): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('CREATE TABLE texts (id BIGINT, c0 VARCHAR)');
  const appender = await connection.createAppender('texts');
  for (const [id, text] of texts.entries()) {
    appender.appendBigInt(BigInt(id));
    if (text === null) appender.appendNull();
    else appender.appendVarchar(text);
    appender.endRow();
  }
  appender.closeSync();
  const reader = await connection.runAndReadAll(
    `SELECT id::VARCHAR AS id, (${guardedValue({ text: 'c0', type })})::VARCHAR AS v, c0 FROM texts ORDER BY texts.id`,
  );
  const rows = reader.getRowObjectsJson().map(({ id, v, c0 }) => ({
    id,
    v,
    _unfit: v === null && c0 !== null ? JSON.stringify({ v: c0 }) : null,
  }));
  instance.closeSync();
  return rows;
}

const odd: readonly (string | null)[] = [
  null,
  '',
  ' ',
  '-',
  '\\N',
  '0',
  '-0',
  '00',
  '007',
  '+5',
  ' 12',
  '12 ',
  '1_000',
  '0x1F',
  '1.5',
  '1.',
  '.5',
  '1e3',
  '1E3',
  '1e99',
  '1e308',
  '1e309',
  '-1e400',
  '3.4028236e38',
  '3.4028235e+38',
  '1e-46',
  '2147483647',
  '2147483648',
  '-2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '99999999999999999999999999999999999999999',
  'NaN',
  'Infinity',
  '-Infinity',
  'inf',
  'infinity',
  '-infinity',
  't',
  'f',
  'true',
  'FALSE',
  'yes',
  '1',
  '2026-02-29',
  '2024-02-29',
  '2026-1-2',
  '0044-03-15 BC',
  '0044-03-15 (BC)',
  '10000-01-01',
  '294276-12-31 23:59:59.999999',
  '0001-01-01 00:00:00',
  '2026-01-01',
  '2026-01-01 10:00',
  '2026-01-01T10:00:00',
  '2026-01-01 24:00:00',
  '2026-01-01 10:00:00.1234567',
  '2026-01-01 10:00:00.1234560',
  '2026-01-01 10:00:00+05:30',
  '2026-01-01 10:00:00-00:44:30',
  '2026-01-01 10:00:00.5+15:59',
  '2026-01-01 10:00+02',
  '2026-01-01 10:00:00Z',
  '2026-01-01 10:00:00 UTC',
  '0044-03-15 10:00:00+00 BC',
  'epoch',
  'now',
  'a "quoted", text',
  'two\nlines',
];

const types: readonly ColumnType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'decimal(12, 2)',
  'decimal(38, 10)',
  'decimal(4, 4)',
  'decimal(18, 0)',
  'date',
  'timestamp',
  'timestamptz',
  'binary',
  'string',
];

describe('values of copied rows', () => {
  it.each(types)('of type %s are what judging each by itself makes of them', async (type) => {
    const random = seededRandom(`copied ${type}`);
    const below = (limit: number): number => Math.floor(random() * limit);
    const two = (limit: number): string => String(below(limit)).padStart(2, '0');
    const sign = (): string => (random() < 0.3 ? '-' : '');
    const day = (): string => `${String(1 + below(9999)).padStart(4, '0')}-${two(14)}-${two(33)}`;
    const makers: readonly (() => string)[] = [
      () => `${sign()}${below(10 ** below(13))}`,
      () => `${sign()}${below(10 ** below(10))}${below(10 ** below(11))}`,
      () => `${sign()}${below(1e6)}.${two(100)}`,
      () => `${sign()}${below(10 ** below(6))}.${below(10 ** below(12))}`,
      () => `${sign()}0.${String(below(10_000)).padStart(4, '0')}`,
      () => String((random() - 0.5) * 10 ** (below(80) - 40)),
      day,
      () => `${day()} ${two(25)}:${two(60)}:${two(61)}`,
      () => `${day()} ${two(24)}:${two(60)}:${two(60)}.${below(10 ** below(8))}`,
      () => `${day()} ${two(24)}:${two(60)}:${two(60)}${random() < 0.5 ? '+' : '-'}${two(16)}`,
      () => `${day()} ${two(24)}:${two(60)}:${two(60)}.${below(1e6)}+${two(15)}:${two(61)}`,
      () => `\\x${Buffer.from([below(256), below(256)]).toString('hex')}`,
      () => (random() < 0.5 ? 't' : 'f'),
    ];
    const texts = [
      ...odd,
      ...Array.from({ length: 4000 }, () => (makers[below(makers.length)] as () => string)()),
    ];
    const content = texts.map((text, id) => `${id},${cell(text)}\n`).join('');
    const rows = await load(
      [
        { name: 'id', type: 'long' },
        { name: 'v', type },
      ],
      content,
    );
    // In a Parquet file, the two zeros of a double may become one.
    const ofZero = ({ id, v, _unfit = null }: Row): Row => ({
      id,
      v: v === '-0.0' ? '0.0' : v,
      _unfit,
    });
    expect(
      rows.map(ofZero).toSorted((one, other) => Number(one['id']) - Number(other['id'])),
    ).toEqual((await judged(type, texts)).map(ofZero));
  });

  it('that are not plain leave the others in their order, and come behind them', async () => {
    const rows = await load(
      [
        { name: 'id', type: 'int' },
        { name: 'at', type: 'timestamp' },
        { name: 'note', type: 'string' },
      ],
      '1,2026-01-01 10:00:00,a\n2,infinity,b\n3,\\N,"c\n3,d"\n4,2026-02-01 10:00:00.5,\n',
    );
    expect(rows).toEqual([
      { id: '1', at: '2026-01-01 10:00:00', note: 'a', _unfit: null },
      { id: '3', at: null, note: 'c\n3,d', _unfit: null },
      { id: '4', at: '2026-02-01 10:00:00.5', note: '', _unfit: null },
      { id: '2', at: null, note: 'b', _unfit: '{"at":"infinity"}' },
    ]);
  });

  it('are all there when most rows are not plain', async () => {
    const count = 600_000;
    let content = '';
    for (let id = 0; id < count; id++)
      content += `${id},${id % 3 === 0 ? '12.50' : 'NaN'},${'x'.repeat(70)}\n`;
    await using loader = await TestLoader.open({
      stream: request,
      columns: [
        { name: 'id', type: 'int' },
        { name: 'amount', type: 'decimal(12, 2)' },
        { name: 'note', type: 'string' },
      ],
      systemColumns: [],
    });
    expect(await loader.loader.load({ body: copy(content, 1 << 20) })).toMatchObject({
      read: count,
      written: count,
    });
    const { adds } = await loader.finish();
    const paths = adds.map(({ path }) => `'${loader.lakeFolder}/${path.slice(10)}'`).join(', ');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `SELECT count(DISTINCT id) AS ids, sum(amount)::VARCHAR AS total, count(_unfit) AS unfit FROM read_parquet([${paths}])`,
    );
    expect(reader.getRowObjectsJson()).toEqual([
      { ids: String(count), total: '2500000.00', unfit: String((count / 3) * 2) },
    ]);
    instance.closeSync();
    expect(loader.leftovers()).toEqual([]);
  });
});
