import type { Randomness } from '../randomness.ts';

/** What is written, as a bound parameter, and what has to be read for it. */
export interface Value {
  readonly written: string | Buffer;
  readonly read: string;
}

/** A column type, the table's type for it, and random values. */
export interface ValueKind {
  readonly sql: string;
  readonly type: string;
  /** How a bound value becomes one of the type; `?` is the value. */
  readonly literal?: string;
  make(random: Randomness): Value;
  /** Whether what was read is what is meant; left out: the same text. */
  equal?(read: string, meant: string): boolean;
}

const same = (text: string): Value => ({ written: text, read: text });
const digits = (random: Randomness, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join('');

function integer(sql: string, type: string, min: bigint, max: bigint): ValueKind {
  return {
    sql,
    type,
    make(random) {
      if (random.chance(0.2)) return same(`${random.pick([min, max])}`);
      const wide = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
      return same(`${min + (wide % (max - min + 1n))}`);
    },
  };
}
const integers = (
  [
    ['tinyint', 8, 'int', 'int'],
    ['smallint', 16, 'int', 'int'],
    ['mediumint', 24, 'int', 'int'],
    ['int', 32, 'int', 'long'],
    ['bigint', 64, 'long', 'decimal(20, 0)'],
  ] as const
).flatMap(([sql, bits, signed, unsigned]) => [
  integer(sql, signed, -(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n),
  integer(`${sql} unsigned`, unsigned, 0n, 2n ** BigInt(bits) - 1n),
]);

const decimal = (precision: number, scale: number): ValueKind => ({
  sql: `decimal(${precision},${scale})`,
  type: precision > 38 ? 'string' : `decimal(${precision}, ${scale})`,
  make(random) {
    const whole = digits(random, random.below(precision - scale + 1)).replace(/^0+/, '') || '0';
    const text = scale === 0 ? whole : `${whole}.${digits(random, scale)}`;
    return same(random.chance(0.5) && /[1-9]/.test(text) ? `-${text}` : text);
  },
});

const letters = [
  ...'abcZ019 ,;"\'\\\n\r\t#%`?:',
  ...['ä', 'ß', '漢', '🙂', '\u2028', '\u00a0', '""', '\\N', '\\.', '\r\n', '\u0000', '?1'],
];
const text = (random: Randomness, longest = 40): string => {
  const special = ['', '\\N', '\\.', 'null', 'NULL', '"', '""', '\n', ',', '#', '\u0000', "\\'"];
  if (random.chance(0.2)) return random.pick(special);
  return Array.from({ length: random.below(longest) }, () => random.pick(letters)).join('');
};
const textKind = (sql: string, longest?: number): ValueKind => ({
  sql,
  type: 'string',
  // Some values reach over several network packets.
  make: (random) =>
    same(longest !== undefined && random.chance(0.03) ? text(random, longest) : text(random)),
});

const bytes = (random: Randomness, longest: number): Buffer =>
  Buffer.from(Array.from({ length: random.below(longest) }, () => random.below(256)));
const binaryKind = (sql: string, longest: number): ValueKind => ({
  sql,
  type: 'binary',
  make(random) {
    const written = bytes(random, longest);
    return { written, read: `\\x${written.toString('hex')}` };
  },
});

/** A moment, with as many digits as the column has. */
function moment(random: Randomness, from: number, to: number, fraction: number): string {
  const seconds = new Date(from + Math.floor(random.next() * (to - from)))
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  return fraction === 0 ? seconds : `${seconds}.${digits(random, fraction)}`;
}
const datetime = (fraction: number): ValueKind => ({
  sql: fraction === 0 ? 'datetime' : `datetime(${fraction})`,
  type: 'timestamp',
  make(random) {
    const zeros = fraction === 0 ? '' : `.${'0'.repeat(fraction)}`;
    if (random.chance(0.15))
      return same(
        `${random.pick(['0000-00-00', '9999-12-31', '0001-01-01', '2024-00-00'])} 00:00:00${zeros}`,
      );
    return same(moment(random, Date.UTC(1000, 0), Date.UTC(9999, 0), fraction));
  },
});
/** Written with the session in UTC. */
const timestamp = (fraction: number): ValueKind => ({
  sql: `timestamp(${fraction}) null`,
  type: 'timestamptz',
  make(random) {
    const zeros = fraction === 0 ? '' : `.${'0'.repeat(fraction)}`;
    if (random.chance(0.1)) return same(`0000-00-00 00:00:00${zeros}`);
    const written = moment(random, Date.UTC(1971, 0), Date.UTC(2037, 0), fraction);
    return { written, read: `${written}+00` };
  },
});

const double = (random: Randomness): string =>
  random.chance(0.2)
    ? random.pick(['0', '5e-324', '1.7976931348623157e308', '-2.2250738585072014e-308', '0.1'])
    : `${(random.next() - 0.5) * 10 ** (random.below(600) - 300)}`;

export const valueKinds: readonly ValueKind[] = [
  ...integers,
  decimal(12, 2),
  decimal(38, 10),
  decimal(65, 30),
  decimal(20, 0),
  {
    sql: 'double',
    type: 'double',
    make: (random) => same(double(random)),
    equal: (read, meant) => Number(read) === Number(meant),
  },
  {
    sql: 'float',
    type: 'float',
    make: (random) => same(`${Math.fround((random.next() - 0.5) * 10 ** (random.below(60) - 30))}`),
    equal: (read, meant) => Math.fround(Number(read)) === Math.fround(Number(meant)),
  },
  {
    sql: 'tinyint(1)',
    type: 'boolean',
    make: (random) =>
      random.chance(0.1)
        ? same(random.pick(['2', '-1', '127']))
        : random.pick([
            { written: '0', read: 'f' },
            { written: '1', read: 't' },
          ]),
  },
  {
    sql: 'bit(1)',
    type: 'boolean',
    literal: 'cast(? as unsigned)',
    make: (random) =>
      random.pick([
        { written: '0', read: 'f' },
        { written: '1', read: 't' },
      ]),
  },
  {
    sql: 'bit(37)',
    type: 'binary',
    literal: 'cast(? as unsigned)',
    make(random) {
      const value = BigInt(random.below(2 ** 32)) * 31n;
      return { written: `${value}`, read: `\\x${value.toString(16).padStart(10, '0')}` };
    },
  },
  {
    sql: 'year',
    type: 'int',
    make: (random) => same(random.pick(['0000', '1901', '2155', '2024'])),
  },
  {
    sql: 'date',
    type: 'date',
    make: (random) =>
      same(
        random.chance(0.2)
          ? random.pick(['0000-00-00', '9999-12-31', '2024-00-15', '0001-01-01'])
          : moment(random, Date.UTC(1000, 0), Date.UTC(9999, 0), 0).slice(0, 10),
      ),
  },
  datetime(0),
  datetime(3),
  datetime(6),
  timestamp(0),
  timestamp(6),
  {
    sql: 'time(6)',
    type: 'string',
    make: (random) =>
      same(
        random.pick([
          '838:59:59.000000',
          '-838:59:59.000000',
          '-00:00:00.000001',
          `23:59:59.${digits(random, 6)}`,
        ]),
      ),
  },
  textKind('varchar(200)'),
  textKind('longtext', 300_000),
  textKind('text character set utf8mb4 collate utf8mb4_general_ci'),
  {
    sql: 'varchar(60) character set latin1',
    type: 'string',
    make: (random) => same(random.pick(['Größe', 'a\\b"c"', '€uro', '', 'ÿ\n'])),
  },
  {
    sql: 'varchar(60) character set utf16',
    type: 'string',
    make: (random) => same(random.pick(['Größe', '🙂 漢', '', 'a,b'])),
  },
  {
    sql: 'char(6)',
    type: 'string',
    make: (random) => same(random.pick(['', 'a', 'ab cd', 'sixsix'])),
  },
  binaryKind('varbinary(300)', 300),
  binaryKind('longblob', 2_000),
  {
    sql: 'binary(4)',
    type: 'binary',
    make(random) {
      const written = bytes(random, 5);
      return { written, read: `\\x${written.toString('hex').padEnd(8, '0')}` };
    },
  },
  {
    sql: 'json',
    type: 'string',
    make: (random) =>
      same(
        `{ "big": 12345678901234567890.10, "text":${JSON.stringify(text(random))}, "a":[1 ,null] }`,
      ),
  },
  {
    sql: `enum('fine','so, so','a''b"')`,
    type: 'string',
    make: (random) => same(random.pick(['fine', 'so, so', `a'b"`])),
  },
  {
    sql: `set('x','y','z w')`,
    type: 'string',
    make: (random) => same(random.pick(['', 'x', 'x,z w'])),
  },
  {
    sql: 'point',
    type: 'string',
    literal: 'st_geomfromtext(?)',
    make: (random) => same(`POINT(${random.below(1e6) / 1e3} -${random.below(1e6)})`),
  },
  {
    sql: 'geometry',
    type: 'string',
    literal: 'st_geomfromtext(?)',
    make: (random) =>
      same(
        random.pick([
          'LINESTRING(0 0,1.5 1,2 -2)',
          'POLYGON((0 0,4 0,4 4,0 0))',
          'MULTIPOINT(1 1,2 2)',
        ]),
      ),
  },
  {
    sql: 'uuid',
    type: 'string',
    make: (random) => same(`00000000-0000-4000-8000-${digits(random, 12)}`),
  },
  {
    sql: 'inet6',
    type: 'string',
    make: (random) => same(random.pick(['::1', 'fe80::1', '2001:db8::ff00:42:8329'])),
  },
];
