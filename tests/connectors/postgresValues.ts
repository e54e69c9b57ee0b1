import type { Randomness } from '../randomness.ts';

/** A column type, random values for it as PostgreSQL takes them, and what has to be read for each. */
export interface ValueKind {
  readonly sql: string;
  /** The table's type for it. */
  readonly type: string;
  make(random: Randomness): string;
  /** Whether `read` is what `written` means. */
  equal(read: string, written: string): boolean;
}

const integer = (random: Randomness, bits: number): bigint =>
  BigInt.asIntN(bits, (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32)));
const digits = (random: Randomness, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join('');
const same = (read: string, written: string): boolean => read === written;
const asNumber = (read: string, written: string): boolean =>
  Object.is(Number(read), Number(written));

const letters = [
  ...'abcZ019 ,;"\'\\\n\r\t#%',
  ...['ä', 'ß', '漢', '🙂', '\u2028', '\u00a0', '""', '\\N', '\\.', '\r\n'],
];
const text = (random: Randomness): string => {
  const special = ['', '\\N', '\\.', 'null', 'NULL', '"', '""', ' ', '\n', ',', '#'];
  if (random.chance(0.2)) return random.pick(special);
  // Some values reach over several network packets.
  const length = random.chance(0.02) ? 90_000 : random.below(40);
  return Array.from({ length }, () => random.pick(letters)).join('');
};

function decimal(precision: number, scale: number): ValueKind {
  return {
    sql: `numeric(${precision},${scale})`,
    type: precision > 38 ? 'string' : `decimal(${precision}, ${scale})`,
    make(random) {
      if (random.chance(0.05)) return 'NaN';
      const whole = digits(random, random.below(precision - scale + 1));
      return `${random.chance(0.5) ? '-' : ''}${whole.replace(/^0+/, '') || '0'}.${digits(random, scale)}`;
    },
    equal: (read, written) => read === written.replace(/^-(?=[0.]+$)/, '').replace(/\.$/, ''),
  };
}

/** Micros since 2000, formatted as PostgreSQL's ISO style does: no trailing zeros. */
function instant(random: Randomness): string {
  if (random.chance(0.1))
    return random.pick([
      'infinity',
      '-infinity',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59.999999',
    ]);
  const date = new Date(
    Date.UTC(1900, 0, 1) + Math.floor(random.next() * 300 * 365.25 * 86_400_000),
  );
  const micros = `${random.below(1e6)}`.padStart(6, '0').replace(/0+$/, '');
  const seconds = date.toISOString().slice(0, 19).replace('T', ' ');
  return micros === '' || random.chance(0.2) ? seconds : `${seconds}.${micros}`;
}

export const valueKinds: readonly ValueKind[] = [
  ...([16, 32, 64] as const).map(
    (bits): ValueKind => ({
      sql: `int${bits / 8}`,
      type: bits === 64 ? 'long' : 'int',
      make: (random) =>
        `${random.chance(0.1) ? random.pick([-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]) : integer(random, bits)}`,
      equal: same,
    }),
  ),
  decimal(12, 2),
  decimal(38, 10),
  decimal(60, 20),
  {
    sql: 'numeric',
    type: 'string',
    make: (random) => `${1 + random.below(9)}${digits(random, 45)}.${digits(random, 30)}`,
    equal: same,
  },
  {
    sql: 'float8',
    type: 'double',
    make: (random) =>
      random.chance(0.2)
        ? random.pick(['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308'])
        : `${(random.next() - 0.5) * 10 ** (random.below(600) - 300)}`,
    equal: asNumber,
  },
  {
    sql: 'float4',
    type: 'float',
    make: (random) => `${Math.fround((random.next() - 0.5) * 10 ** (random.below(60) - 30))}`,
    equal: (read, written) => Math.fround(Number(read)) === Math.fround(Number(written)),
  },
  { sql: 'boolean', type: 'boolean', make: (random) => random.pick(['t', 'f']), equal: same },
  { sql: 'text', type: 'string', make: text, equal: same },
  { sql: 'varchar', type: 'string', make: text, equal: same },
  {
    sql: 'char(6)',
    type: 'string',
    make: (random) => random.pick(['', 'a', 'ab cd', 'sixsix']),
    equal: (read, written) => read === written.padEnd(6),
  },
  {
    sql: 'date',
    type: 'date',
    make: (random) =>
      random.chance(0.2)
        ? random.pick(['infinity', '-infinity', '0044-03-15 BC', '9999-12-31', '12345-01-01'])
        : instant(random)
            .slice(0, 10)
            .replace(/^-?infinity?$/, 'infinity'),
    equal: same,
  },
  { sql: 'timestamp', type: 'timestamp', make: instant, equal: same },
  {
    sql: 'timestamptz',
    type: 'timestamptz',
    make: (random) => {
      const value = instant(random);
      return value.endsWith('infinity') ? value : `${value}+00`;
    },
    equal: same,
  },
  {
    sql: 'bytea',
    type: 'binary',
    make: (random) =>
      `\\x${Array.from({ length: random.below(30) }, () =>
        random.below(256).toString(16).padStart(2, '0'),
      ).join('')}`,
    equal: same,
  },
  {
    sql: 'json',
    type: 'string',
    make: (random) =>
      `{ "big": 12345678901234567890.10, "text":${JSON.stringify(text(random))}, "a":[1 ,null] }`,
    equal: same,
  },
  {
    sql: 'jsonb',
    type: 'string',
    make: (random) => `{"n": 12345678901234567890.10, "t": ${JSON.stringify(text(random))}}`,
    equal: (read, written) =>
      read.includes('12345678901234567890.10') &&
      JSON.stringify(JSON.parse(read)) === JSON.stringify(JSON.parse(written)),
  },
  {
    sql: 'text[]',
    type: 'string',
    make: (random) => JSON.stringify([text(random), null, text(random)]),
    equal: (read, written) => JSON.stringify(JSON.parse(read)) === written,
  },
  {
    sql: 'uuid',
    type: 'string',
    make: (random) =>
      `${integer(random, 32) & 0xffffffffn}`.padStart(8, '0').slice(0, 8) +
      '-0000-4000-8000-00000000000a',
    equal: same,
  },
  {
    sql: 'inet',
    type: 'string',
    make: (random) => random.pick(['10.0.0.1', 'fe80::1/64']),
    equal: same,
  },
  {
    sql: 'interval',
    type: 'string',
    make: (random) => random.pick(['P1Y2M3DT4H5M6.789S', 'PT0S', 'P-1DT2H']),
    equal: same,
  },
  {
    sql: 'time',
    type: 'string',
    make: (random) => random.pick(['00:00:00', '24:00:00', '23:59:59.999999', '12:00:00.5']),
    equal: same,
  },
  {
    sql: 'timetz',
    type: 'string',
    make: (random) => random.pick(['12:00:00+05:30', '00:00:00-11', '23:59:59.000001+00']),
    equal: same,
  },
  {
    sql: 'money',
    type: 'string',
    make: (random) => `${random.chance(0.5) ? '-' : ''}${digits(random, 9)}.${digits(random, 2)}`,
    equal: asNumber,
  },
  { sql: 'oid', type: 'long', make: (random) => `${random.below(2 ** 32)}`, equal: same },
  {
    sql: 'bit(5)',
    type: 'string',
    make: (random) => random.pick(['00000', '10101', '11111']),
    equal: same,
  },
  {
    sql: 'bit varying(70)',
    type: 'string',
    make: (random) => `1${random.below(2 ** 31).toString(2)}`,
    equal: same,
  },
  {
    sql: 'int4range',
    type: 'string',
    make: (random) => random.pick(['[1,3)', 'empty', '(,)', '[-5,)']),
    equal: same,
  },
  {
    sql: 'tsvector',
    type: 'string',
    make: (random) => random.pick([`'a':1A 'fat':2B,4C 'cat':5`, '']),
    equal: (read, written) => read.split(' ').sort().join() === written.split(' ').sort().join(),
  },
  {
    sql: 'xml',
    type: 'string',
    make: (random) => random.pick(['<a b="1">&lt;\n</a>', '<x/>', 'text']),
    equal: same,
  },
  {
    sql: 'point',
    type: 'string',
    make: (random) => random.pick(['(1,2)', '(-0.5,1e+300)']),
    equal: same,
  },
  {
    sql: 'macaddr',
    type: 'string',
    make: (random) => `08:00:2b:01:02:${random.below(256).toString(16).padStart(2, '0')}`,
    equal: same,
  },
  {
    sql: 'numeric(3,-2)',
    type: 'decimal(5, 0)',
    make: (random) => `${1 + random.below(998)}00`,
    equal: same,
  },
  {
    sql: 'numeric(2,5)',
    type: 'decimal(5, 5)',
    make: (random) => `0.000${digits(random, 2)}`,
    equal: same,
  },
  {
    sql: 'int8[]',
    type: 'string',
    make: (random) => JSON.stringify([random.below(1e9), null, -1]),
    equal: (read, written) => read.replaceAll(' ', '') === written,
  },
];
