import { afterAll, describe, expect, it } from 'vitest';
import { makePostgres } from '../../connectors/postgres.ts';
import type { StreamRequest } from '../../shared/connectors/connector.ts';
import { batchLimits } from '../../shared/connectors/sql/cutBatches.ts';
import type { DataFile } from '../../shared/lake/dataFile.ts';
import type { Field } from '../../shared/lake/schema.ts';
import { noRules } from '../../shared/schema/columnRules.ts';
import { decodedColumns } from '../../shared/staging/decodedColumns.ts';
import type { Loaded, StreamLoaderOptions } from '../../shared/staging/streamLoader.ts';
import { startPostgres } from '../postgres.ts';
import { seeded } from '../randomness.ts';
import { type Row, TestLoader } from '../shared/staging/testLoader.ts';
import { type PostgresConnector, postgresContext, requestOf } from './postgresContext.ts';
import { type ValueKind, valueKinds } from './postgresValues.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const random = seeded('decoded tables');

interface LoadedOnce {
  readonly rows: readonly Row[];
  readonly loaded: Loaded;
  readonly kinds: ReadonlySet<string>;
  readonly checkpoints: readonly unknown[];
}

/** Loads one stream the way Ingest does, with values decoded or as text. */
async function load(
  connector: PostgresConnector,
  request: StreamRequest,
  decodes: boolean,
  over: Partial<StreamLoaderOptions> = {},
  config: Readonly<Record<string, unknown>> = {},
): Promise<LoadedOnce> {
  const context = postgresContext(postgres, { config });
  const [description] = (await connector.discover(context)).filter(
    ({ name }) => name === request.name,
  );
  const columns = description?.columns ?? null;
  const { rules = noRules, schema = [] } = over;
  const decoded = decodes ? decodedColumns(columns, schema, rules, request.columns) : null;
  const asked = decoded === null ? request : { ...request, decoded };
  await using loader = await TestLoader.open({
    stream: asked,
    columns,
    systemColumns: [],
    ...over,
  });
  const kinds = new Set<string>();
  const checkpoints: unknown[] = [];
  for await (const batch of connector.read(context, asked, null)) {
    kinds.add(batch.body.kind);
    if (batch.body.kind !== 'records' || batch.body.records.length > 0)
      await loader.loader.load(batch);
    checkpoints.push(
      typeof batch.checkpoint === 'function' ? batch.checkpoint() : batch.checkpoint,
    );
  }
  const loaded = await loader.finish();
  expect(loader.leftovers()).toEqual([]);
  return { rows: await loader.rows(loaded.adds, true), loaded, kinds, checkpoints };
}

/** What the lake is told of a load, file by file but for what depends on how values are stored. */
const facts = ({ loaded }: LoadedOnce): unknown => ({
  schema: loaded.schema,
  delivered: loaded.delivered,
  drift: loaded.drift,
  counts: { ...loaded.counts, bytes: 0 },
  rows: total(loaded.adds.map(({ rows }) => ({ rows }))),
  values: total(loaded.adds.map(({ valueCounts }) => valueCounts)),
  nulls: total(loaded.adds.map(({ nullCounts }) => nullCounts)),
});

function total(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const count of counts)
    for (const [key, value] of Object.entries(count)) sums[key] = (sums[key] ?? 0) + value;
  return sums;
}

/**
 * Each bound of a decoded load is one that the same rows have as text, where they may be in two files; and it is there.
 * Of long texts that are not ASCII, DuckDB knows none.
 */
function expectSameBounds(decoded: readonly DataFile[], text: readonly DataFile[]): void {
  const [file, ...others] = decoded;
  if (file === undefined || others.length > 0) return;
  for (const side of ['lowerBounds', 'upperBounds'] as const)
    for (const id of new Set(text.flatMap((each) => Object.keys(each[side])))) {
      const bounds = text.map((each) => each[side][id]);
      expect([side, id, bounds]).toEqual([side, id, expect.arrayContaining([file[side][id]])]);
    }
}

const byId = (rows: readonly Row[]): readonly Row[] =>
  rows
    // The two zeros may become one as text.
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value === '-0.0' ? '0.0' : value]),
      ),
    )
    .toSorted((one, other) => Number(one['id']) - Number(other['id']));

const literal = ({ sql }: ValueKind, index: number): string =>
  sql.endsWith('[]')
    ? `(select array_agg(x::${sql.slice(0, -2)}) from json_array_elements_text($${index}::json) x)`
    : `$${index}::${sql}`;

const wide = { ...batchLimits, unorderedBytes: 0 };

describe('rows that come decoded', () => {
  it('make the table, the counts and the bounds that they make as text, value by value', async () => {
    const kinds = valueKinds.toSorted(() => random.next() - 0.5);
    const client = await postgres.connect();
    try {
      await client.query(
        `create table decoded(id int primary key, ${kinds.map(({ sql }, index) => `"c ${index}" ${sql}`).join(', ')})`,
      );
      await client.query('begin');
      for (let id = 0; id < 500; id += 1)
        await client.query(
          `insert into decoded values (${id}, ${kinds.map((kind, index) => literal(kind, index + 1)).join(', ')})`,
          kinds.map((kind) => (random.chance(0.1) ? null : kind.make(random))),
        );
      await client.query('commit');
    } finally {
      await client.end();
    }
    for (const limits of [wide, { ...wide, rows: 73 }]) {
      const connector = makePostgres(limits);
      const text = await load(connector, requestOf('public.decoded'), false);
      const decoded = await load(connector, requestOf('public.decoded'), true);
      expect([text.kinds, decoded.kinds]).toEqual([new Set(['copyCsv']), new Set(['columns'])]);
      const [left, right] = [byId(text.rows), byId(decoded.rows)];
      for (const [index, row] of left.entries()) expect(right[index]).toEqual(row);
      expect(right.length).toBe(500);
      expect(facts(decoded)).toEqual(facts(text));
      expect(decoded.checkpoints).toEqual(text.checkpoints);
      expectSameBounds(decoded.loaded.adds, text.loaded.adds);
    }
  });

  it('have the same edges of every type, and the same values that fit none', async () => {
    const edges: Readonly<Record<string, readonly string[]>> = {
      bool: ['t', 'f'],
      int2: ['-32768', '32767', '0', '-1'],
      int4: ['-2147483648', '2147483647'],
      int8: ['-9223372036854775808', '9223372036854775807', '4294967295', '-4294967296'],
      oid: ['0', '4294967295', '2147483648'],
      float4: ['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '0.1'],
      float8: ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1e22', '123456789.123456789'],
      'numeric(1,0)': ['-9', '9', '0'],
      'numeric(4,4)': ['0.9999', '-0.0001', '0'],
      'numeric(9,0)': ['999999999', '-999999999', '10000'],
      'numeric(9,5)': ['9999.99999', '-0.00001', '1'],
      'numeric(12,2)': ['9999999999.99', '-9999999999.99', '0.01', '100000000', 'NaN', '-0.10'],
      'numeric(18,0)': ['999999999999999999', '-999999999999999999', '1000000000000'],
      'numeric(18,18)': ['0.999999999999999999', '-0.000000000000000001'],
      'numeric(19,3)': ['9999999999999999.999', '-9999999999999999.999', '-0.001', 'NaN'],
      'numeric(38,0)': [`${'9'.repeat(38)}`, `-${'9'.repeat(38)}`, '-1', '18446744073709551616'],
      'numeric(38,37)': [`9.${'9'.repeat(37)}`, `-0.${'0'.repeat(36)}1`],
      'numeric(5,-3)': ['12345000', '-1000', '0'],
      'numeric(3,6)': ['0.000999', '-0.000001'],
      date: [
        ...['infinity', '-infinity', '0044-03-15 BC', '0001-01-01', '0001-12-31 BC', '9999-12-31'],
        ...['10000-01-01', '99999-12-31', '100000-01-01', '5874897-12-31', '4713-01-01 BC'],
        ...['2000-01-01', '1969-12-31', '2024-02-29'],
      ],
      timestamp: [
        ...['infinity', '-infinity', '0044-03-15 10:00:00.5 BC', '0001-01-01 00:00:00'],
        ...['0001-12-31 23:59:59.999999 BC', '9999-12-31 23:59:59.999999', '10000-01-01 00:00:00'],
        ...['99999-12-31 23:59:59.999999', '100000-01-01 00:00:00', '294247-01-10 04:00:54.775805'],
        ...[
          '294247-01-10 04:00:54.775806',
          '294247-01-10 04:00:54.775807',
          '294276-12-31 23:59:59',
        ],
        ...['4713-01-01 00:00:00 BC', '1999-12-31 23:59:59.999999', '2000-01-01 00:00:00.000001'],
        ...['1970-01-01 00:00:00', '1969-12-31 23:59:59.9', '2026-11-21 12:00:00'],
      ],
      text: ['', ' ', '\\N', 'NULL', 'ä'.repeat(300), '\u{10ffff}', 'a\tb\nc,"d"', 'x'.repeat(300)],
      'char(5)': ['', 'a', 'abcde'],
      '"char"': ['a', ''],
      name: ['a name'],
      json: ['{ "a" : [1,\n2] }', 'null', '"\\u0000"'],
      jsonb: ['{"b": 1, "a": [1.50, "x"]}', '[]', '"text"'],
      uuid: ['00000000-0000-0000-0000-000000000000', 'ABCDEF01-2345-6789-abcd-ef0123456789'],
      bytea: ['\\x', '\\x00ff', `\\x${'ff'.repeat(20)}`],
      inet: ['10.0.0.1', '10.0.0.0/8', '::1'],
      cidr: ['10.0.0.0/8'],
      interval: ['1 year 2 mons', '-1 day', '00:00:00.5'],
      time: ['24:00:00', '00:00:00.000001'],
      money: ['-12.34', '1234567.89'],
      numeric: ['1.10', '-0', 'NaN', '1e-20', `1${'0'.repeat(60)}`],
      tsrange: ['empty', '["2026-01-01 00:00:00","2026-01-02 00:00:00")'],
      xml: ['<a>1</a>'],
      mood: ['sad', 'a "happy", one'],
      pair: ['(1,)', '(,)', '("1","a,b")'],
      short_text: ['ab'],
      positive: ['7'],
      'int4[]': ['{1,NULL,3}', '{}'],
    };
    await postgres.execute(`create type mood as enum ('sad', 'a "happy", one')`);
    await postgres.execute(`create type pair as (a int, b text)`);
    await postgres.execute(`create domain short_text as varchar(3)`);
    await postgres.execute(`create domain positive as numeric(6,1) check (value > 0)`);
    const columns = Object.entries(edges);
    await postgres.execute(
      `create table edges(id int primary key, ${columns.map(([type], index) => `c${index} ${type}, z${index} ${type === 'timestamp' ? 'timestamptz' : type}`).join(', ')})`,
    );
    const client = await postgres.connect();
    const rows = Math.max(...columns.map(([, values]) => values.length)) + 1;
    for (let row = 0; row < rows; row++) {
      const values = columns.flatMap(([type, all]) => {
        const value = all[row] ?? null;
        const inZone = value === null || type !== 'timestamp' || value.endsWith('infinity');
        return [value, inZone ? value : value!.replace(/( BC)?$/, '+00$1')];
      });
      await client.query(
        `insert into edges values (${row}, ${values.map((_, index) => `$${index + 1}`).join(', ')})`,
        values,
      );
    }
    await client.end();
    const connector = makePostgres(wide);
    const text = await load(connector, requestOf('public.edges'), false);
    const decoded = await load(connector, requestOf('public.edges'), true);
    expect([text.kinds, decoded.kinds]).toEqual([new Set(['copyCsv']), new Set(['columns'])]);
    const [left, right] = [byId(text.rows), byId(decoded.rows)];
    const unfit = ({ _unfit }: Row): unknown =>
      _unfit === null ? null : JSON.parse(String(_unfit));
    for (const [index, row] of left.entries()) {
      expect(unfit(right[index]!)).toEqual(unfit(row));
      expect(right[index]).toEqual(row);
    }
    expect(left.filter(({ _unfit }) => _unfit !== null).length).toBeGreaterThan(3);
    expect(facts(decoded)).toEqual(facts(text));
    expectSameBounds(decoded.loaded.adds, text.loaded.adds);
  });

  it('fill a table whose columns are wider, renamed, left out or new', async () => {
    await postgres.execute(
      `create table evolving as select i as id, i::int2 as small, i::float4 / 3 as real, (i / 7.0)::numeric(7,2) as amount,
         'text ' || i as "A Name", 'secret' as hidden, i * 2 as more from generate_series(1, 100) i`,
    );
    await postgres.execute('alter table evolving add primary key (id)');
    const schema: readonly Field[] = [
      { id: 1, name: 'id', type: 'long' },
      { id: 2, name: 'small', type: 'long' },
      { id: 3, name: 'real', type: 'double' },
      { id: 4, name: 'amount', type: 'decimal(12, 2)' },
      { id: 5, name: 'label', type: 'string', doc: 'A Name' },
      { id: 6, name: 'gone', type: 'int' },
    ];
    const over = {
      schema,
      rules: { ...noRules, rename: { 'A Name': 'label' }, exclude: ['hidden'] },
    };
    const connector = makePostgres(wide);
    const request = requestOf('public.evolving');
    const text = await load(connector, request, false, over);
    const decoded = await load(connector, request, true, over);
    expect(decoded.kinds).toEqual(new Set(['columns']));
    expect(byId(decoded.rows)).toEqual(byId(text.rows));
    expect(facts(decoded)).toEqual(facts(text));
    expectSameBounds(decoded.loaded.adds, text.loaded.adds);
  });

  it('come as text where values are judged or become something else', async () => {
    await postgres.execute(`create table judged as select 1 as id, 2.5::float8 as score, 'x' as t`);
    const connector = makePostgres(wide);
    const request = requestOf('public.judged');
    const known: readonly Field[] = [
      { id: 1, name: 'id', type: 'int' },
      { id: 2, name: 'score', type: 'double' },
      { id: 3, name: 't', type: 'string' },
    ];
    const kindsOf = async (over: Partial<StreamLoaderOptions>): Promise<string[]> => [
      ...(await load(connector, request, true, over)).kinds,
    ];
    expect(await kindsOf({})).toEqual(['columns']);
    expect(await kindsOf({ schema: known, rules: { ...noRules, contract: 'freeze' } })).toEqual([
      'columns',
    ]);
    for (const contract of ['discard_row', 'discard_value'] as const)
      expect(await kindsOf({ schema: known, rules: { ...noRules, contract } })).toEqual([
        'copyCsv',
      ]);
    expect(await kindsOf({ rules: { ...noRules, masks: { t: 'redact' } } })).toEqual(['copyCsv']);
    expect(await kindsOf({ rules: { ...noRules, types: { id: 'string' } } })).toEqual(['copyCsv']);
    const retyped = known.map((field) => ({ ...field, type: 'string' as const }));
    expect(await kindsOf({ schema: retyped })).toEqual(['copyCsv']);
    const noTransfer = await load(connector, request, true, {}, { transfer: 'cursor' });
    expect([...noTransfer.kinds]).toEqual(['copyCsv']);
  });

  it('of an empty table, and of no column but the key, are all there', async () => {
    await postgres.execute('create table nobody(id int primary key)');
    await postgres.execute('create table keys as select i as id from generate_series(1, 50000) i');
    const connector = makePostgres({ ...wide, rows: 20_000 });
    const none = await load(connector, requestOf('public.nobody'), true);
    expect([none.rows, none.kinds]).toEqual([[], new Set(['records'])]);
    const keys = await load(connector, requestOf('public.keys'), true);
    expect(new Set(keys.rows.map(({ id }) => id)).size).toBe(50_000);
    expect(keys.loaded.counts).toMatchObject({ read: 50_000, written: 50_000 });
  });

  it('are refused where their texts are not UTF-8, as they are as text', async () => {
    const client = await postgres.connect();
    await client.query(
      `create database ascii encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0`,
    );
    await client.end();
    const inAscii = await postgres.connect('ascii');
    await inAscii.query(
      `create table bad as select 1 as id, convert_from('\\xc3'::bytea, 'SQL_ASCII') as t`,
    );
    await inAscii.end();
    for (const decodes of [false, true])
      await expect(
        load(makePostgres(wide), requestOf('public.bad'), decodes, {}, { database: 'ascii' }),
      ).rejects.toMatchObject({ code: 'source_answer_invalid' });
  });
});
