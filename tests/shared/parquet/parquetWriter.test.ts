import { readFileSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import { BytesBuffer } from '../../../shared/parquet/columnBuffers.ts';
import { NotUtf8, ParquetWriter } from '../../../shared/parquet/parquetWriter.ts';
import { type Randomness, seeded } from '../../randomness.ts';
import { type Texts, TwoFiles } from './twoFiles.ts';

const types: readonly ColumnType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'decimal(9, 2)',
  'decimal(18, 4)',
  'decimal(38, 10)',
  'decimal(5, 5)',
  'decimal(19, 0)',
  'date',
  'timestamp',
  'timestamptz',
  'string',
  'binary',
];
const fields: readonly Field[] = types.map((type, index) => ({
  id: 3 * index + 1,
  name: `c${index}`,
  type,
}));

const extremes: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  int: ['-2147483648', '2147483647', '0', '-1'],
  long: ['-9223372036854775808', '9223372036854775807', '0', '-1', '4294967296', '-4294967297'],
  float: ['-0.0', '0.0', 'inf', '-inf', '3.4028235e38', '1e-45'],
  double: ['-0.0', '0.0', 'inf', '-inf', '1.7976931348623157e308', '5e-324'],
  'decimal(9, 2)': ['-9999999.99', '9999999.99', '0.00', '-0.01'],
  'decimal(18, 4)': ['-99999999999999.9999', '99999999999999.9999', '0.0001'],
  'decimal(38, 10)': ['-9999999999999999999999999999.9999999999', '0.0000000001', '1'],
  'decimal(5, 5)': ['0.99999', '-0.99999', '0.00001'],
  'decimal(19, 0)': ['9999999999999999999', '-1', '0'],
  date: ['0001-01-01', '9999-12-31', '1969-12-31', '1970-01-01', '12345-06-07', '2000-02-29'],
  timestamp: ['0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999'],
  timestamptz: [
    '0001-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999999+00',
    '2026-03-01 00:00:00.5+00',
  ],
  string: [
    '',
    'a',
    'naïve 😀 "quoted"',
    '\u0000',
    '\uffff',
    '😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀',
    'z'.repeat(300),
  ],
  binary: ['', '00', 'ff'.repeat(16), 'ff'.repeat(17), '00'.repeat(300), 'fe'],
};

const two = (value: number): string => String(value).padStart(2, '0');

function make(type: ColumnType, random: Randomness): string {
  const extreme = extremes[type]!;
  if (random.chance(0.1)) return random.pick(extreme);
  const digits = (count: number): string =>
    String(random.below(10 ** Math.min(count, 9))).padStart(1, '0');
  const sign = random.chance(0.5) ? '-' : '';
  const day = `${String(1 + random.below(9999)).padStart(4, '0')}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`;
  const time = `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}.${1 + random.below(999_999)}`;
  switch (type) {
    case 'boolean':
      return random.chance(0.5) ? 'true' : 'false';
    case 'int':
    case 'long':
      return `${random.chance(0.5) ? '-' : ''}${1 + random.below(2 ** 30)}`;
    case 'float':
      return String(Math.fround((random.next() - 0.5) * 10 ** (random.below(60) - 30)));
    case 'double':
      return String((random.next() - 0.5) * 10 ** (random.below(300) - 150));
    case 'date':
      return day;
    case 'timestamp':
      return `${day} ${time}`;
    case 'timestamptz':
      return `${day} ${time}+00`;
    case 'string':
      return Array.from({ length: random.below(20) }, () =>
        random.pick(['a', 'b', 'ä', '漢', '🙂', ' ', '\n']),
      ).join('');
    case 'binary':
      return Array.from({ length: random.below(20) }, () => two(random.below(100))).join('');
    default: {
      const [, precision, scale] = /\((\d+), (\d+)\)/.exec(type)!.map(Number) as [
        0,
        number,
        number,
      ];
      const whole = precision - scale === 0 ? '0' : digits(Math.min(4, precision - scale));
      const fraction = String(random.below(10 ** Math.min(scale, 9))).padStart(
        Math.min(scale, 9),
        '0',
      );
      const text = scale === 0 ? whole : `${whole}.${fraction}`;
      return /^[0.]*$/.test(text) ? text : `${sign}${text}`;
    }
  }
}

/** Where NULLs are. */
const patterns: readonly ((row: number, random: Randomness) => boolean)[] = [
  () => false,
  () => true,
  (row) => row % 2 === 0,
  (row) => row < 13,
  (row) => row >= 13,
  (row) => row % 8 === 7,
  (_, random) => random.chance(0.1),
  (_, random) => random.chance(0.9),
];

/** Values of both files, row by row, where they differ; as texts, and floating point by its bits. */
const differences = (columns: readonly Field[]): string => {
  const text = ({ name, type }: Field): string =>
    type === 'float' || type === 'double'
      ? `CASE WHEN "${name}" = 0 THEN '0' ELSE "${name}"::VARCHAR END`
      : type === 'binary'
        ? `hex("${name}")`
        : `"${name}"::VARCHAR`;
  const list = columns.map((field) => `${text(field)} AS "${field.name}"`).join(', ');
  return `SELECT ${list} FROM read_parquet(FILE, file_row_number = true) ORDER BY file_row_number`;
};

describe('a Parquet file', () => {
  const random = seeded('parquet files');
  it.each(
    patterns.map((isNull, index) => [index, isNull] as const),
  )('holds what DuckDB would have written, and tells the lake the same (NULLs by pattern %i)', async (_, isNull) => {
    const rows = 1 + random.below(3000);
    const columns: Texts = fields.map(({ type }) => {
      // Sometimes few distinct values: a dictionary.
      const few = random.chance(0.4)
        ? Array.from({ length: 1 + random.below(40) }, () => make(type, random))
        : null;
      return Array.from({ length: rows }, (_, row) =>
        isNull(row, random) ? null : few === null ? make(type, random) : random.pick(few),
      );
    });
    const group = 8 + random.below(rows);
    using files = await TwoFiles.write(fields, columns, random.chance(0.5) ? [] : [group]);
    const values = await files.both(differences(fields));
    expect(values.ours).toEqual(values.theirs);
    const { ours, theirs } = files.dataFiles!;
    const { lowerBounds: _1, upperBounds: _2, columnBytes: _3, bytes: _4, ...oursPlain } = ours;
    const { lowerBounds: _5, upperBounds: _6, columnBytes: _7, bytes: _8, ...plain } = theirs;
    expect(oursPlain).toEqual(plain);
    // Of long texts that are not ASCII, DuckDB knows no bounds; ours may.
    expect(ours.lowerBounds).toMatchObject(theirs.lowerBounds);
    expect(ours.upperBounds).toMatchObject(theirs.upperBounds);
    expect(Object.keys(ours.columnBytes)).toEqual(Object.keys(theirs.columnBytes));
  });

  it('has the schema, the metadata and the statistics that DuckDB writes', async () => {
    const columns: Texts = types.map((type) => [
      // Zeros differ: DuckDB does not tell them apart, and the least is to be -0, the most +0.
      ...(type === 'float' || type === 'double' ? ['1.5', '-2.5'] : extremes[type]!.slice(0, 2)),
      null,
    ]);
    using files = await TwoFiles.write(fields, columns);
    const schema = await files.both(
      'SELECT * EXCLUDE (file_name) FROM parquet_schema(FILE) WHERE column_id > 0',
    );
    expect(schema.ours).toEqual(schema.theirs);
    const keys = await files.both(
      'SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(FILE)',
    );
    expect(keys.ours).toEqual(keys.theirs);
    const file = await files.both(
      'SELECT num_rows, num_row_groups, format_version, column_orders FROM parquet_file_metadata(FILE)',
    );
    expect(file.ours).toEqual(file.theirs);
    const chunks = await files.both(
      `SELECT row_group_id, row_group_num_rows, row_group_num_columns, column_id, num_values, path_in_schema, type,
         stats_min_value, stats_max_value, stats_null_count, compression, min_is_exact, max_is_exact
       FROM parquet_metadata(FILE)`,
    );
    expect(chunks.ours).toEqual(chunks.theirs);
  });

  it.each([
    ['no NaN', ['1.5', '-2.5', '0.0'], true],
    ['NaN', ['1.5', 'nan', '0.0'], false],
    ['nothing but NaN', ['nan', 'nan'], false],
    ['the zeros', ['-0.0', '0.0'], true],
    ['infinities', ['-inf', 'inf'], true],
  ])('has bounds of floating point with %s', async (_, values, bounded) => {
    const two: readonly Field[] = [
      { id: 1, name: 'f', type: 'float' },
      { id: 2, name: 'd', type: 'double' },
    ];
    using files = await TwoFiles.write(two, [values, values]);
    const { ours, theirs } = files.dataFiles!;
    expect(ours.lowerBounds).toEqual(theirs.lowerBounds);
    expect(ours.upperBounds).toEqual(theirs.upperBounds);
    expect(Object.keys(ours.lowerBounds)).toHaveLength(bounded ? 2 : 0);
    const read = await files.both(
      'SELECT count(*) FILTER (isnan(f)) AS f, count(*) FILTER (isnan(d)) AS d, count(*) FILTER (d > 1) AS more FROM FILE',
    );
    expect(read.ours).toEqual(read.theirs);
  });

  it('is read by hyparquet, value by value', async () => {
    const columns: Texts = types.map((type) =>
      Array.from({ length: 100 }, (_, row) =>
        row % 7 === 3 ? null : type === 'string' && row % 2 === 0 ? 'same' : make(type, random),
      ),
    );
    using files = await TwoFiles.write(fields, columns, [40, 24]);
    const read = async (path: string): Promise<unknown[]> => {
      const { buffer, byteOffset, byteLength } = readFileSync(path);
      const file = buffer.slice(byteOffset, byteOffset + byteLength);
      return parquetReadObjects({ file, compressors, utf8: false });
    };
    const plain = (rows: unknown[]): string =>
      JSON.stringify(rows, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      ).replaceAll(/-0\b(?!\.)/g, '0');
    expect(plain(await read(files.ours))).toBe(plain(await read(files.theirs)));
  });

  it('may have no rows, and many columns', async () => {
    using none = await TwoFiles.write(
      fields,
      types.map(() => []),
    );
    expect(await none.query(`SELECT count(*)::INT AS n FROM '${none.ours}'`)).toEqual([{ n: 0 }]);
    const wide: readonly Field[] = Array.from({ length: 1600 }, (_, index) => ({
      id: index + 1,
      name: `c${index}`,
      type: index % 2 === 0 ? 'int' : 'string',
    }));
    using files = await TwoFiles.write(
      wide,
      wide.map((_, index) => ['1', index % 3 === 0 ? null : String(index), '7']),
      [1],
    );
    const values = await files.both('SELECT * FROM FILE');
    expect(values.ours).toEqual(values.theirs);
  });

  it('holds cells of three megabytes between empty ones', async () => {
    const one: readonly Field[] = [{ id: 1, name: 't', type: 'string' }];
    const long = (letter: string): string => letter.repeat(3 * 2 ** 20);
    const texts = Array.from({ length: 40 }, (_, row) =>
      row % 13 === 5 ? long(String(row % 10)) : row % 3 === 0 ? null : '',
    );
    using files = await TwoFiles.write(one, [texts]);
    const values = await files.both('SELECT md5(t) AS hash, length(t) AS n FROM FILE');
    expect(values.ours).toEqual(values.theirs);
    const { ours, theirs } = files.dataFiles!;
    expect([ours.lowerBounds, ours.upperBounds]).toEqual([theirs.lowerBounds, theirs.upperBounds]);
  });

  it('has a dictionary where few values are distinct, and pages of about a megabyte', async () => {
    const three: readonly Field[] = [
      { id: 1, name: 'few', type: 'string' },
      { id: 2, name: 'many', type: 'string' },
      { id: 3, name: 'same', type: 'long' },
    ];
    const rows = 60_000;
    using files = await TwoFiles.write(three, [
      Array.from({ length: rows }, (_, row) => `status ${row % 300}`),
      Array.from({ length: rows }, (_, row) => `a rather long text of row number ${row}`),
      Array.from({ length: rows }, () => '-5'),
    ]);
    const chunks = await files.query(
      `SELECT path_in_schema AS name, dictionary_page_offset IS NOT NULL AS dictionary,
         total_uncompressed_size::INT AS size FROM parquet_metadata('${files.ours}')`,
    );
    expect(chunks.map(({ name, dictionary }) => [name, dictionary])).toEqual([
      ['few', true],
      ['many', false],
      ['same', true],
    ]);
    expect(chunks[0]!['size']).toBeLessThan(90_000);
    expect(chunks[2]!['size']).toBeLessThan(200);
    const values = await files.both(
      `SELECT count(*) AS n, md5(string_agg(few || many || same, ',' ORDER BY many)) AS hash FROM FILE`,
    );
    expect(values.ours).toEqual(values.theirs);
  });

  it('refuses texts that are none, and columns of different lengths', async () => {
    using files = await TwoFiles.write([{ id: 1, name: 't', type: 'string' }], [['a']]);
    await using writer = await ParquetWriter.create(`${files.folder}/broken.parquet`, [
      { id: 1, name: 't', type: 'string' },
    ]);
    const buffer = new BytesBuffer();
    // Together they are a character, and neither is one.
    buffer.add(Buffer.from([0x61, 0xc3]), 0, 2);
    buffer.add(Buffer.from([0xa9]), 0, 1);
    await expect(writer.writeRowGroup([buffer], 2)).rejects.toThrow(NotUtf8);
    await expect(writer.writeRowGroup([buffer], 3)).rejects.toThrow('2 values for 3 rows');
  });
});
