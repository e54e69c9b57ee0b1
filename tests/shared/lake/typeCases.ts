import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { Field } from '../../../shared/lake/schema.ts';

/** Field, SQL of its values, what the preview answers, what icebird answers. */
export const typeCases: readonly (readonly [
  Field,
  readonly string[],
  readonly unknown[],
  readonly unknown[],
])[] = [
  [
    { id: 1, name: 'flag', type: 'boolean' },
    ['true', 'false', 'null'],
    [true, false, null],
    [true, false, null],
  ],
  [
    { id: 2, name: 'small', type: 'int' },
    ['-2147483648', '2147483647', 'null'],
    [-2147483648, 2147483647, null],
    [-2147483648, 2147483647, null],
  ],
  [
    { id: 3, name: 'big', type: 'long' },
    ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    [-9223372036854775808n, 9223372036854775807n, 9007199254740993n],
  ],
  [
    { id: 4, name: 'single', type: 'float' },
    ['0.1', '-3.4028235e38', "'NaN'"],
    [0.1, -3.4028235e38, 'NaN'],
    [Math.fround(0.1), Math.fround(-3.4028235e38), Number.NaN],
  ],
  [
    { id: 5, name: 'real', type: 'double' },
    ["'-0.0'", '5e-324', "'-Infinity'"],
    ['-0', 5e-324, '-Infinity'],
    [-0, 5e-324, -Infinity],
  ],
  [
    { id: 6, name: 'd9', type: 'decimal(9, 2)' },
    ['-1234567.89', '0.01', 'null'],
    ['-1234567.89', '0.01', null],
    [-1234567.89, 0.01, null],
  ],
  [
    { id: 7, name: 'd18', type: 'decimal(18, 4)' },
    ['-99999999999999.9999', '0.0001', '5'],
    ['-99999999999999.9999', '0.0001', '5.0000'],
    [Number('-99999999999999.9999'), 0.0001, 5],
  ],
  [
    { id: 8, name: 'd38', type: 'decimal(38, 10)' },
    ['-1234567890123456789012345678.0123456789', '0.0000000001', 'null'],
    ['-1234567890123456789012345678.0123456789', '0.0000000001', null],
    [Number('-1234567890123456789012345678'), 1e-10, null],
  ],
  [
    { id: 9, name: 'day', type: 'date' },
    ["'1582-10-04'", "'0001-01-01'", "'12345-06-07'"],
    ['1582-10-04', '0001-01-01', '+012345-06-07'],
    [new Date('1582-10-04'), new Date('0001-01-01'), new Date('+012345-06-07')],
  ],
  [
    { id: 10, name: 'at', type: 'timestamp' },
    ["'1969-12-31 23:59:59.999999'", "'2026-03-01 00:00:00'", "'0001-01-01 00:00:00.5'"],
    ['1969-12-31T23:59:59.999999', '2026-03-01T00:00:00', '0001-01-01T00:00:00.500000'],
    [
      // icebird cuts microseconds towards 1970, not downwards.
      new Date(0),
      new Date('2026-03-01T00:00:00Z'),
      new Date('0001-01-01T00:00:00.500Z'),
    ],
  ],
  [
    { id: 11, name: 'zoned', type: 'timestamptz' },
    ["'2026-03-01 05:30:00.000001+05:30'", "'1931-02-03 04:05:06+00'", 'null'],
    ['2026-03-01T00:00:00.000001Z', '1931-02-03T04:05:06Z', null],
    [new Date('2026-03-01T00:00:00Z'), new Date('1931-02-03T04:05:06Z'), null],
  ],
  [
    { id: 12, name: 'text', type: 'string' },
    ["''", '\'naïve 😀 "quoted"\'', 'null'],
    ['', 'naïve 😀 "quoted"', null],
    ['', 'naïve 😀 "quoted"', null],
  ],
  [
    { id: 13, name: 'raw', type: 'binary' },
    ["'\\x00\\xFF'::blob", "''::blob", 'null'],
    ['AP8=', '', null],
    // icebird reads every byte array as UTF-8 text.
    ['\u0000\uFFFD', '', null],
  ],
];

/** One column of each type. */
export const typeFields = typeCases.map(([field]) => field);

/** Three rows with the extremes of each type. */
export const typesQuery = [0, 1, 2]
  .map(
    (row) =>
      `select ${typeCases
        .map(([{ name, type }, values]) => `(${values[row]})::${duckdbType(type)} as ${name}`)
        .join(', ')}`,
  )
  .join(' union all ');
