import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirrorTable } from '../../functions/glueMirror/mirrorTable.ts';
import type { Field } from '../../shared/lake/schema.ts';
import { MemoryStore } from '../shared/lake/memoryStore.ts';
import { never, openDuckdb, TestTable } from '../shared/lake/testTable.ts';
import { typeFields, typesQuery } from '../shared/lake/typeCases.ts';
import { commitOurs, typesTable } from '../shared/parquet/typesTable.ts';
import { clickhouseReader, compareSnapshots, pyicebergReader } from './compareSnapshots.ts';
import { glueDatabase, type LakeOnS3, openLakeOnS3 } from './lakeOnS3.ts';
import { findEngine, queryChdb } from './lakeReaders.ts';

let duckdb: DuckDBConnection;
let lake: LakeOnS3;
let chdb = '';
let python: string | null = null;
const store = new MemoryStore('lake');
/** Every table with its fields at the end. */
const tables = new Map<string, { readonly table: TestTable; readonly fields: readonly Field[] }>();
/** What each engine was seen to read. */
const read = { clickhouse: 0, pyiceberg: 0 };

beforeAll(async () => {
  duckdb = await openDuckdb();
  await makeTables();
  lake = await openLakeOnS3(store.bucket);
  await lake.upload(store);
  const clickhouse = await findEngine('chdb.sh');
  if ('missing' in clickhouse) throw new Error(`ClickHouse MUST run: ${clickhouse.missing}`);
  chdb = clickhouse.path;
  const pyiceberg = await findEngine('pyiceberg.sh');
  if ('path' in pyiceberg) python = pyiceberg.path;
  else if (pyiceberg.code === 3) console.log(`PyIceberg not compared: ${pyiceberg.missing}`);
  else throw new Error(`PyIceberg MUST run: ${pyiceberg.missing}`);
});
afterAll(async () => {
  await lake?.close();
});

const source: Field = { id: 9, name: '_source_file', type: 'string' };
const first: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'amount', type: 'decimal(9, 2)' },
  { id: 3, name: 'ratio', type: 'float' },
  { id: 4, name: 'day', type: 'date' },
  { id: 5, name: 'at', type: 'timestamptz' },
  { id: 6, name: 'code', type: 'int' },
  source,
];
const last: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'amount', type: 'decimal(38, 2)' },
  { id: 3, name: 'ratio', type: 'double' },
  { id: 4, name: 'day', type: 'date' },
  { id: 5, name: 'at', type: 'timestamptz' },
  { id: 10, name: 'code', type: 'string' },
  { id: 11, name: 'wall', type: 'timestamp' },
  { id: 12, name: 'flag', type: 'boolean' },
  { id: 13, name: 'raw', type: 'binary' },
  source,
];

/** A life of a table: uploads, row groups, new columns, wider types, a retype, a removed upload, a swap. */
async function makeTables(): Promise<void> {
  for (const layout of ['apart', 'together'] as const) {
    const table = new TestTable(duckdb, `orders_${layout}`, store, layout);
    const upload = (from: number, to: number, name: string, fields: readonly Field[]) => {
      const columns: Record<string, string> = {
        id: fields === last ? 'i * 900719925474099' : 'i::int',
        amount: `((i - 3000) * 1.37)::${fields === last ? 'decimal(38,2) * 100000000000000000000' : 'decimal(9,2)'}`,
        ratio: fields === last ? 'i / 7.0::double' : '(i / 7)::float',
        day: "date '1969-12-20' + (i % 4000)::int",
        at: "timestamptz '1969-12-31 23:59:00+00' + to_microseconds(i * 987654321)",
        code: fields === last ? "'c' || i" : 'i::int',
        wall: "timestamp '1931-02-03 04:05:06.789' + to_microseconds(i)",
        flag: 'case i % 3 when 0 then null when 1 then true else false end',
        raw: "encode('ü' || i)",
        _source_file: `'${name}'`,
      };
      const select = fields.map((field) => `${columns[field.name]} as "${field.name}"`).join(', ');
      return table.write(`select ${select} from range(${from}, ${to}) t(i)`, fields, {
        sourceFile: name,
        rowGroupSize: 2048,
      });
    };
    await table.commit(first, [await upload(0, 5000, 'a.csv', first)]);
    await table.commit(first, [
      await upload(5000, 5003, 'b.csv', first),
      await upload(5003, 6000, 'c.csv', first),
    ]);
    await table.commit(first, [], { kind: 'sourceFiles', names: ['b.csv'] });
    // `code` becomes text: every file is rewritten in the commit that changes it.
    await table.commit(
      last,
      [await upload(0, 5000, 'a.csv', last), await upload(5003, 6000, 'c.csv', last)],
      { kind: 'everything' },
    );
    await table.commit(last, [await upload(6000, 8100, 'd.csv', last)]);
    tables.set(`orders_${layout}`, { table, fields: last });

    const widened = new TestTable(duckdb, `widened_${layout}`, store, layout);
    const narrow: readonly Field[] = [
      { id: 1, name: 'n', type: 'int' },
      { id: 2, name: 'f', type: 'float' },
      { id: 3, name: 'd', type: 'decimal(4, 2)' },
    ];
    const wide: readonly Field[] = [
      { id: 1, name: 'n', type: 'long' },
      { id: 2, name: 'f', type: 'double' },
      { id: 3, name: 'd', type: 'decimal(30, 2)' },
      { id: 4, name: 'late', type: 'string' },
    ];
    await widened.commit(narrow, [
      await widened.write(
        'select i::int n, (i + 0.5)::float f, (i / 3)::decimal(4,2) d from range(-40, 40) t(i)',
        narrow,
      ),
    ]);
    await widened.commit(wide, [
      await widened.write(
        "select 9007199254740993 - i n, i / 10::double f, -1234567890123456789012345678.91::decimal(30,2) + i d, 'l' || i late from range(40) t(i)",
        wide,
      ),
    ]);
    tables.set(`widened_${layout}`, { table: widened, fields: wide });
  }
  const types = new TestTable(duckdb, 'types', store);
  await types.commit(typeFields, [await types.write(typesQuery, typeFields)]);
  tables.set('types', { table: types, fields: typeFields });
  const ours = await typesTable(duckdb, new TestTable(duckdb, 'types_ours', store));
  tables.set('types_ours', { table: ours, fields: typeFields });
  const rowsOfOurs: readonly Field[] = [
    { id: 1, name: 'id', type: 'long' },
    { id: 2, name: 'status', type: 'string' },
    { id: 3, name: 'amount', type: 'decimal(12, 2)' },
    { id: 4, name: 'at', type: 'timestamptz' },
    { id: 5, name: 'flag', type: 'boolean' },
    { id: 6, name: 'big', type: 'decimal(38, 10)' },
  ];
  const plain = await commitOurs(
    duckdb,
    new TestTable(duckdb, 'rows_ours', store, 'together'),
    rowsOfOurs,
    `select i as id, case when i % 5 > 0 then 'status ' || i % 3 end as status, i / 100 as amount,
       timestamptz '2026-01-01 00:00:00+00' + i * interval '1 second' as at, i % 2 = 0 as flag,
       case when i % 7 > 0 then -i end as big from range(1000) t(i)`,
  );
  tables.set('rows_ours', { table: plain, fields: rowsOfOurs });

  const many = new TestTable(duckdb, 'many', store, 'together');
  const two: readonly Field[] = [
    { id: 1, name: 'id', type: 'int' },
    { id: 2, name: 'label', type: 'string' },
  ];
  for (let commit = 0; commit < 70; commit++)
    await many.commit(two, [
      await many.write(`select ${commit}::int id, 'commit ${commit}' as label`, two),
    ]);
  tables.set('many', { table: many, fields: two });
}

describe('ClickHouse', () => {
  const reader = (table: TestTable, options?: { where?: string; describe?: boolean }) =>
    clickhouseReader(chdb, lake, table, options);

  it('reads every snapshot of a table with evolved columns, removed uploads and a swap', async () => {
    const { table } = tables.get('orders_together')!;
    const rows = await compareSnapshots(table, reader(table));
    expect(rows).toBe(5000 + 6000 + 5997 + 5997 + 8097);
    read.clickhouse += rows;
  });

  it('reads widened columns and merged manifests', async () => {
    for (const name of ['widened_together', 'many', 'rows_ours']) {
      const { table } = tables.get(name)!;
      read.clickhouse += await compareSnapshots(table, reader(table));
    }
  });

  it('takes the types for what they are', async () => {
    const { table, fields } = tables.get('orders_together')!;
    const { types } = await reader(table, { describe: true })(
      table.current.snapshotId ?? '',
      fields,
    );
    expect(types).toEqual([
      'id Nullable(Int64)',
      'amount Nullable(Decimal(38, 2))',
      'ratio Nullable(Float64)',
      'day Nullable(Date32)',
      "at Nullable(DateTime64(6, 'UTC'))",
      'code Nullable(String)',
      'wall Nullable(DateTime64(6))',
      'flag Nullable(Bool)',
      'raw Nullable(String)',
      '_source_file Nullable(String)',
    ]);
  });

  it('finds the rows it filters for, so bounds exclude none', async () => {
    const { table, fields } = tables.get('orders_together')!;
    const where = "_source_file = 'd.csv' and code = 'c6001' and wall < '1931-02-04 00:00:00'";
    const found = await reader(table, { where })(table.current.snapshotId ?? '', fields);
    expect(found.rows.map((row) => row['code'])).toEqual(['c6001']);
  });
});

describe('ClickHouse by way of the catalogue', () => {
  it('reads what the mirror wrote into Glue', async () => {
    const { table, fields } = tables.get('widened_together')!;
    const mirrored = await mirrorTable(
      { client: lake.glue, database: glueDatabase },
      {
        name: 'acme__shop__widened',
        sourceId: 's1',
        stream: 'widened',
        location: table.location,
        metadataLocation: `s3://${store.bucket}/${table.current.metadataKey}`,
        pointer: table.current,
        schema: fields,
      },
      never,
    );
    expect(mirrored.outcome).toBe('created');
    const rows = await queryChdb(
      chdb,
      'SET allow_database_glue_catalog = 1',
      `CREATE DATABASE glue ENGINE = DataLakeCatalog('${lake.endpoint}', 'headgate', 'headgate')
       SETTINGS catalog_type = 'glue', warehouse = '${glueDatabase}', region = 'us-east-1',
       storage_endpoint = '${lake.endpoint}/${store.bucket}',
       aws_access_key_id = 'headgate', aws_secret_access_key = 'headgate'`,
      `SELECT count(), sum(n), countIf(late IS NULL) FROM glue.\`${glueDatabase}.acme__shop__widened\`
       SETTINGS output_format_json_quote_64bit_integers = 1`,
    );
    // -40 … 39, and 9007199254740993 - (0 … 39).
    const sum = -40n + 40n * 9007199254740993n - 780n;
    expect(rows).toEqual([['120', String(sum), '80']]);
  });
});

describe('PyIceberg', () => {
  const reader = (table: TestTable, filter?: string) =>
    pyicebergReader(python ?? '', lake, table, filter);

  it('reads every snapshot of a table with evolved columns, removed uploads and a swap', async () => {
    if (python === null) return;
    const { table } = tables.get('orders_apart')!;
    read.pyiceberg += await compareSnapshots(table, reader(table));
  });

  it('reads widened columns, and every type to its extremes', async () => {
    if (python === null) return;
    for (const name of ['widened_apart', 'types', 'types_ours', 'rows_ours']) {
      const { table } = tables.get(name)!;
      read.pyiceberg += await compareSnapshots(table, reader(table));
    }
  });

  it('reads merged manifests, and takes ids, names and types for what they are', async () => {
    if (python === null) return;
    const { table, fields } = tables.get('many')!;
    const found = await reader(table)(table.current.snapshotId ?? '', fields);
    expect(found.rows.map((row) => row['id'])).toEqual(Array.from({ length: 70 }, (_, id) => id));
    const orders = tables.get('orders_apart')!;
    const { types } = await reader(orders.table)(orders.table.current.snapshotId ?? '', last);
    expect(types).toEqual(last.map(({ id, name, type }) => `${id} ${name} ${type}`));
    read.pyiceberg += found.rows.length;
  });

  it('opens only the files whose bounds hold what it filters for, and finds it there', async () => {
    if (python === null) return;
    const { table, fields } = tables.get('many')!;
    const found = await reader(table, 'id=33')(table.current.snapshotId ?? '', fields);
    expect(found.rows).toEqual([{ id: 33, label: 'commit 33' }]);
    expect(found.files).toBe(1);
  });
});

describe('the comparison', () => {
  it('was made: ClickHouse ran, and PyIceberg where its registry answers', () => {
    console.log(
      `rows compared: ${read.clickhouse} with ClickHouse, ${read.pyiceberg} with PyIceberg`,
    );
    expect(read.clickhouse).toBeGreaterThan(30_000);
    if (python !== null) expect(read.pyiceberg).toBeGreaterThan(30_000);
  });
});
