import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import { startPostgres } from '../postgres.ts';
import { type Randomness, seeded } from '../randomness.ts';
import { postgresContext } from './postgresContext.ts';
import { readSql, wholeTable } from './readSql.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const random = seeded('keys');
const word = (from: Randomness): string =>
  Array.from({ length: 1 + from.below(4) }, () =>
    from.pick([...'aAäÄbBoOß s\'",\\_-.', '\n', '\\N', 'É', '漢', '🙂']),
  ).join('');
const number = (from: Randomness): string =>
  `${from.chance(0.3) ? '-' : ''}${1 + from.below(9)}${Array.from({ length: from.below(30) }, () => from.below(10)).join('')}`;
const moment = (from: Randomness): string =>
  from.chance(0.1)
    ? from.pick(['infinity', '-infinity', '0044-03-15 BC', '0001-01-01'])
    : `20${10 + from.below(20)}-0${1 + from.below(9)}-1${from.below(10)} 0${from.below(10)}:00:00.${from.below(1e6)}`;

/** Key columns, and how values for them are made; what collides with an earlier key is not written. */
const keys: readonly (readonly [string, readonly ((from: Randomness) => string)[]])[] = [
  ['k bigint', [(from) => number(from).slice(0, 18)]],
  ['k numeric', [(from) => (from.chance(0.1) ? 'NaN' : `${number(from)}.${from.below(1e6)}`)]],
  [
    'k float8',
    [(from) => from.pick(['NaN', 'Infinity', '-0', `${from.next() * 1e300}`, `${from.next()}`])],
  ],
  ['k float4', [(from) => `${from.next()}`]],
  ['k boolean, k2 smallint', [(from) => from.pick(['t', 'f']), (from) => `${from.below(99)}`]],
  ['k text', [word]],
  ['k text collate ci', [word]],
  ['k char(6)', [word]],
  ['k varchar(9) collate "C"', [word]],
  ['k keys.word', [word]],
  ['k citext', [word]],
  ['k keys.email', [word]],
  ['k date', [moment]],
  ['k timestamp', [moment]],
  ['k timestamptz', [moment]],
  ['k time', [(from) => `1${from.below(10)}:00:0${from.below(10)}.${from.below(1e6)}`]],
  ['k timetz', [(from) => `1${from.below(10)}:00:00${from.pick(['+02', '-05:30', '+00'])}`]],
  [
    'k interval',
    [(from) => `${from.below(40)} days ${from.below(2_000)} hours -${from.below(99)} seconds`],
  ],
  [
    'k uuid',
    [(from) => `${from.below(1e8)}`.padStart(8, '0').concat('-0000-4000-8000-00000000000a')],
  ],
  [
    'k inet',
    [
      (from) =>
        from.pick([`10.0.${from.below(99)}.0/${16 + from.below(9)}`, `fe80::${from.below(99)}`]),
    ],
  ],
  [
    'k bytea',
    [
      (from) =>
        `\\x${from
          .below(2 ** 31)
          .toString(16)
          .padStart(8, '0')}`,
    ],
  ],
  ['k bit varying(40)', [(from) => from.below(2 ** 31).toString(2)]],
  [
    'k keys.mood, k2 int',
    [(from) => from.pick(['z', 'a', 'so, so']), (from) => `${from.below(99)}`],
  ],
  ['k int4range', [(from) => `[${from.below(9)},${9 + from.below(99)})`]],
  ['k keys.pair', [(from) => `(${from.below(99)},"${from.pick(['a', 'b,c', 'd'])}")`]],
  ['k text, k2 timestamptz, k3 int', [word, moment, (from) => `${from.below(9)}`]],
];
const namesOf = (columns: string): readonly string[] => columns.match(/\bk\d?(?= )/g) ?? [];

await postgres.execute(`create schema keys;
  create type keys.mood as enum ('z', 'a', 'so, so'); create type keys.pair as (a int, b text);
  create domain keys.word as text; create extension citext; create domain keys.email as citext`);
// Without ICU there are no collations that take different texts for equal.
const icu = await postgres
  .execute(
    `create collation ci (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`,
  )
  .then(
    () => true,
    () => false,
  );

describe('a key of', () => {
  for (const [index, [columns, make]] of keys.entries())
    it(`${columns} is read once, resumed and sliced, losing and doubling nothing`, async () => {
      const table = `keyed_${index}`;
      const client = await postgres.connect();
      try {
        await client.query(
          `create table ${table}(${icu ? columns : columns.replace('collate ci', '')}, n int, primary key (${namesOf(columns).join(', ')}))`,
        );
        const types = columns.split(', ').map((column) =>
          column
            .split(' ')
            .slice(1)
            .join(' ')
            .replace(/collate.*/, ''),
        );
        await client.query(
          `insert into ${table} select ${types.map((type, at) => `v${at}::${type}`).join(', ')}, n
           from unnest(${types.map((_, at) => `$${at + 1}::text[]`).join(', ')}) with ordinality
             as t(${types.map((_, at) => `v${at}`).join(', ')}, n) on conflict do nothing`,
          make.map((one) => Array.from({ length: 70 }, () => one(random))),
        );
      } finally {
        await client.end();
      }
      const { rows: written } = await postgres.execute(`select n from ${table}`);
      expect(written.length).toBeGreaterThan(10);
      const limits = { rows: 13, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 };
      const connector = makePostgres({ ...limits, slices: { bytes: 4_000, rows: 25 } });
      const context = postgresContext(postgres);
      const request = wholeTable(`public.${table}`);
      const numbers = (of: readonly object[]): readonly number[] =>
        of.map((row) => Number('n' in row && row.n)).sort((a, b) => a - b);
      const expected = numbers(written);

      const whole = await readSql(connector, context, request);
      expect(numbers(whole.rows)).toEqual(expected);
      expect(whole.batches.length).toBe(Math.ceil(expected.length / 13));
      for (const at of [0, random.below(whole.checkpoints.length - 1)]) {
        const rest = await readSql(connector, context, request, whole.checkpoints[at]);
        const before = whole.batches.slice(0, at + 1).flat();
        expect(numbers([...before, ...rest.rows])).toEqual(expected);
      }

      const split = await connector.split?.(context, request, null);
      const parts = [];
      for (const slice of split?.slices ?? [])
        parts.push(...(await readSql(connector, context, { ...request, slice })).rows);
      expect(split?.slices.length ?? 0).toBeGreaterThan(1);
      expect(numbers(parts)).toEqual(expected);
    });
});

it('of an extension that is not on the search path orders nothing: its comparison would not be found', async () => {
  await postgres.execute(`create schema hidden; create schema shown; create extension hstore schema hidden;
    alter extension citext set schema hidden;
    create table shown.mails(k hidden.citext primary key, extra hidden.hstore, n int not null unique);
    insert into shown.mails values ('a', 'x=>1', 1), ('B', 'y=>NULL', 2), ('c', null, 3)`);
  const context = postgresContext(postgres, { config: { schemas: ['shown'] } });
  const connector = makePostgres({ rows: 1, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
  const { rows, checkpoints } = await readSql(connector, context, wholeTable('shown.mails'));
  expect(rows).toEqual([
    { k: 'a', extra: '"x"=>"1"', n: '1' },
    { k: 'B', extra: '"y"=>NULL', n: '2' },
    { k: 'c', extra: null, n: '3' },
  ]);
  expect(checkpoints[0]?.at?.order).toEqual(['n']);
  const [mails] = await connector.discover(context);
  expect(mails?.primaryKey).toEqual(['k']);
});
