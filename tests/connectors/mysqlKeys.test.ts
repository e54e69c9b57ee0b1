import { afterAll, describe, expect, it } from 'vitest';
import { bindValues, placeholder } from '../../connectors/mysql/bindValues.ts';
import { castTo } from '../../connectors/mysql/columnType.ts';
import { quoteIdentifier } from '../../connectors/mysql/mysqlNames.ts';
import { makeMysql } from '../../connectors/mysql.ts';
import { type MariadbServer, startMariadb } from '../mariadb.ts';
import { type Randomness, seeded } from '../randomness.ts';
import { mysqlContext } from './mysqlContext.ts';
import { readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

const random = seeded('keys');
/** Words that collations of all kinds take for equal, or sort in ways of their own. */
const word = (from: Randomness): string =>
  Array.from({ length: 1 + from.below(4) }, () =>
    from.pick([...'aAäÄbBoOöß ss\'"\\_-', '\u00e9', 'É', 'ij', 'ü', 'UE', '?1', '`']),
  ).join('');
const bytes = (from: Randomness): Buffer =>
  Buffer.from(
    Array.from({ length: 1 + from.below(5) }, () => from.pick([0, 0x20, 0x41, 0x61, 255])),
  );
const number =
  (digits: number) =>
  (from: Randomness): string =>
    `${from.chance(0.3) ? '-' : ''}${1 + from.below(9)}${Array.from({ length: from.below(digits) }, () => from.below(10)).join('')}`;
const moment = (from: Randomness): string =>
  `20${10 + from.below(20)}-0${1 + from.below(9)}-1${from.below(10)} 0${from.below(10)}:00:00.${from.below(1e6)}`;

/** Key columns, and how values for them are made; what collides with an earlier key is not written. */
const keys: readonly (readonly [string, readonly ((from: Randomness) => string | Buffer)[]])[] = [
  ['k bigint', [number(18)]],
  ['k bigint unsigned', [(from) => number(18)(from).replace('-', '')]],
  ['k decimal(65,30)', [(from) => `${number(30)(from)}.${number(28)(from).replace('-', '')}`]],
  ['k year', [(from) => `${1901 + from.below(250)}`]],
  ['k date', [(from) => moment(from).slice(0, 10)]],
  [
    'k time(6)',
    [(from) => `${from.chance(0.5) ? '-' : ''}${from.below(838)}:10:59.${from.below(1e6)}`],
  ],
  ['k datetime(6)', [moment]],
  ['k timestamp(6)', [moment]],
  ['k varbinary(20)', [bytes]],
  ['k binary(8)', [bytes]],
  ['k varchar(20) collate utf8mb4_general_ci', [word]],
  ['k varchar(20) collate utf8mb4_unicode_ci', [word]],
  ['k varchar(20) collate utf8mb4_unicode_nopad_ci', [word]],
  ['k varchar(20) collate utf8mb4_bin', [word]],
  ['k varchar(20) character set latin1 collate latin1_german2_ci', [word]],
  ['k varchar(20) character set utf16 collate utf16_unicode_ci', [word]],
  ['k char(20) character set latin1', [word]],
  ['k uuid', [(from) => `${`${from.below(1e8)}`.padStart(8, '0')}-0000-4000-8000-00000000000a`]],
  ['k inet6', [(from) => `2001:db8::${from.below(65_535).toString(16)}`]],
  ['k varchar(9) collate utf8mb4_general_ci, k2 int, k3 datetime(3)', [word, number(1), moment]],
  ['k int, k2 varchar(5) character set latin1', [number(0), word]],
];
const namesOf = (columns: string): readonly string[] => columns.match(/\bk\d?(?= )/g) ?? [];

async function fill(
  server: MariadbServer,
  table: string,
  [columns, make]: (typeof keys)[number],
): Promise<number> {
  const client = await server.connect();
  try {
    await client.query(`create database if not exists shop; use shop;
      set time_zone = '+00:00', names utf8mb4, sql_mode = '';
      create table ${table}(${columns}, n int, primary key (${namesOf(columns).join(', ')}))`);
    const rows = Array.from({ length: 70 }, (_, n) => [...make.map((one) => one(random)), n]);
    await client.query(`insert ignore into ${table} values ?`, [rows]);
    const [[count]] = (await client.query(`select count(*) from ${table}`)) as unknown as [
      [[string]],
    ];
    return Number(count[0]);
  } finally {
    await client.end();
  }
}

if (mariadb !== null) {
  describe('a key of', () => {
    for (const [index, key] of keys.entries())
      it(`${key[0]} is read once and resumed from each batch, losing and doubling nothing`, async () => {
        const table = `keyed_${index}`;
        const rows = await fill(mariadb, table, key);
        expect(rows).toBeGreaterThan(10);
        const connector = makeMysql({ rows: 13, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
        const context = mysqlContext(mariadb);
        const described = (await connector.discover(context)).find(
          ({ name }) => name === `shop.${table}`,
        );
        expect(described).toMatchObject({ primaryKey: namesOf(key[0]), ordered: true });
        const request = wholeTable(`shop.${table}`);
        const whole = await readSql(connector, context, request);
        const numbers = (of: typeof whole.rows): readonly unknown[] => of.map((row) => row['n']);
        expect(new Set(numbers(whole.rows)).size).toBe(rows);
        expect(whole.rows.length).toBe(rows);
        expect(whole.batches.length).toBe(Math.ceil(rows / 13));
        for (const at of [0, random.below(whole.checkpoints.length - 1)]) {
          const rest = await readSql(connector, context, request, whole.checkpoints[at]);
          const before = whole.batches.slice(0, at + 1).flat();
          expect(numbers([...before, ...rest.rows])).toEqual(numbers(whole.rows));
        }
        const sliced = makeMysql({
          ...{ rows: 13, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 },
          slices: { bytes: 1, rows: 25 },
        });
        const split = await sliced.split?.(context, request, null);
        expect(split?.slices.length).toBeGreaterThan(1);
        const parts: (typeof whole.rows)[] = [];
        for (const slice of split?.slices ?? [])
          parts.push((await readSql(sliced, context, { ...request, slice })).rows);
        expect(numbers(parts.flat())).toEqual(numbers(whole.rows));
      });
  });

  it.each([
    ['bigint(20)', 'bigint', '40'],
    ['bigint(20) unsigned', 'bigint unsigned', '40'],
    ['datetime(6)', 'datetime(6)', '2024-01-01 00:00:40.000000'],
    ['timestamp(6)', 'timestamp(6)', '2024-01-01 00:00:40.000000+00'],
    ['varchar(40)', 'varchar(40) character set latin1', '40'],
    ['decimal(20,2)', 'decimal(20,2)', '40.00'],
    ['varbinary(20)', 'varbinary(20)', '\\x3430'],
  ])('finds its place in an index on %s', async (nativeType, sql, value) => {
    const table = `indexed_${nativeType.replaceAll(/\W/g, '_')}`;
    const time = /time/.test(sql);
    await mariadb.execute(`create database if not exists shop; use shop; set time_zone = '+00:00';
      create table ${table}(k ${sql} primary key, filler varchar(200));
      insert into ${table} select ${time ? "'2024-01-01 00:00:00' + interval seq second" : 'seq'}, repeat('x', 200) from seq_1_to_5000;
      analyze table ${table}`);
    const column = {
      name: 'k',
      nativeType,
      type: nativeType === 'varbinary(20)' ? ('binary' as const) : ('string' as const),
      nullable: false,
      cursor: null,
    };
    const sqlText = bindValues({
      sql: `select * from shop.${quoteIdentifier(table)} where \`k\` > ${castTo(placeholder(1), column)} order by \`k\` limit 1`,
      values: [value],
    });
    const [plan] = await mariadb.execute(
      `set time_zone = '+00:00'; set names utf8mb4; explain ${sqlText}`,
    );
    expect(plan?.slice(3, 6)).toEqual(['range', 'PRIMARY', 'PRIMARY']);
    const [row] = await mariadb.execute(`set time_zone = '+00:00'; set names utf8mb4; ${sqlText}`);
    const next = { datetime: '2024-01-01 00:00:41.000000', decimal: '41.00' };
    const expected = time ? next.datetime : nativeType.startsWith('decimal') ? next.decimal : '41';
    // Texts sort otherwise than numbers: after 40 comes 400.
    expect(String(row?.[0])).toBe(/var/.test(nativeType) ? '400' : expected);
  });
}
