import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../../shared/connectors/connector.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { Column } from '../../../shared/lake/schema.ts';
import { column, landedFile, readRows, TestLoader, typesOf } from './testLoader.ts';

const text = (content: string) => ({
  kind: 'copyCsv' as const,
  async *open() {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  },
});
const records = (...rows: SourceRecord[]) => ({ kind: 'records' as const, records: rows });
const request = {
  name: 'orders',
  mode: 'incremental' as const,
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
};

describe('files', () => {
  it('writes system columns, one source file per data file, and counts that reconcile', async () => {
    await using loader = await TestLoader.open();
    await loader.load('a.csv', 'id\n1\n2\n');
    await loader.load('dir/b.csv', 'id\n3\nx,y\n');
    const loaded = await loader.finish();
    expect(loaded.counts).toEqual({ read: 4, written: 3, rejected: 1, deduplicated: 0, bytes: 16 });
    expect(loaded.schema.map(({ name }) => name)).toEqual([
      'id',
      '_run_id',
      '_ingested_at',
      '_source_file',
      '_unfit',
    ]);
    expect(await loader.rows(loaded.adds, true)).toEqual([
      {
        id: '1',
        _run_id: 'run-1',
        _ingested_at: '2026-11-21 10:00:00+00',
        _source_file: 'a.csv',
        _unfit: null,
      },
      {
        id: '2',
        _run_id: 'run-1',
        _ingested_at: '2026-11-21 10:00:00+00',
        _source_file: 'a.csv',
        _unfit: null,
      },
      {
        id: '3',
        _run_id: 'run-1',
        _ingested_at: '2026-11-21 10:00:00+00',
        _source_file: 'dir/b.csv',
        _unfit: null,
      },
    ]);
    expect(await loader.rows(loaded.rejects, true)).toEqual([
      {
        row_text: 'x,y',
        line: '3',
        column_name: null,
        reason: '2 columns where 1 are expected',
        _run_id: 'run-1',
        _ingested_at: '2026-11-21 10:00:00+00',
        _source_file: 'dir/b.csv',
        row_format: 'csv',
        row_context: '{"columns":["id"],"delimiter":",","quote":"\\"","escape":"\\""}',
      },
    ]);
    expect(
      loaded.files.map(({ contentHash, ...file }) => ({
        ...file,
        hashed: /^[0-9a-f]{64}$/.test(contentHash),
      })),
    ).toEqual([
      {
        name: 'a.csv',
        versionId: 'v1',
        rows: 2,
        rejected: 0,
        detected: 'csv, utf-8, ","',
        hashed: true,
      },
      {
        name: 'dir/b.csv',
        versionId: 'v1',
        rows: 1,
        rejected: 1,
        detected: 'csv, utf-8, ","',
        hashed: true,
      },
    ]);
    expect(loader.leftovers()).toEqual([]);
  });

  it('fails a file of which no row can be read, with the first line and its reason', async () => {
    await using loader = await TestLoader.open();
    await expect(
      loader.load('f.csv', 'a,b\n1\n2\n3\n', { header: true, delimiter: ',' }),
    ).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('Line 2: 1 column where 2 are expected'),
    });
  });

  it('reads only the chosen columns', async () => {
    await using loader = await TestLoader.open({ stream: { ...request, columns: ['id', 'city'] } });
    await loader.load('f.csv', 'id,name,city\n1,"a ""b""",x\n2,c,y\n');
    const { adds, schema } = await loader.finish();
    expect(Object.keys(typesOf(schema))).toEqual(['id', 'city']);
    expect(await loader.rows(adds)).toEqual([
      { id: '1', city: 'x', _unfit: null },
      { id: '2', city: 'y', _unfit: null },
    ]);
  });

  it('reads columns as the settings say, and keeps what does not fit', async () => {
    await using loader = await TestLoader.open();
    await loader.load(
      'f.csv',
      'id,code,amount,day\n1,5,1.5,2026-01-01\n2,6,n/a,soon\n3,7,1.239,\n',
      {
        types: { code: 'string', amount: 'decimal(12,2)', day: 'date' },
      },
    );
    const { adds, schema } = await loader.finish();
    expect(typesOf(schema)).toEqual({
      id: 'long',
      code: 'string',
      amount: 'decimal(12, 2)',
      day: 'date',
    });
    expect(await loader.rows(adds)).toEqual([
      { id: '1', code: '5', amount: '1.50', day: '2026-01-01', _unfit: null },
      { id: '2', code: '6', amount: null, day: null, _unfit: '{"amount":"n/a","day":"soon"}' },
      { id: '3', code: '7', amount: null, day: null, _unfit: '{"amount":"1.239"}' },
    ]);
  });

  it('says which type does not exist', async () => {
    await using loader = await TestLoader.open();
    await expect(loader.load('f.csv', 'a\n1\n', { types: { a: 'number' } })).rejects.toMatchObject({
      code: 'invalid_config',
      facts: { column: 'a', type: 'number' },
    });
  });

  it('refuses a file that is not the one announced', async () => {
    await using loader = await TestLoader.open();
    const file = { ...landedFile('f.csv', 'a\n1\n'), bytes: 99 };
    await expect(
      loader.loader.load({ body: { kind: 'file', file, options: {} } }),
    ).rejects.toMatchObject({
      code: 'file_changed',
    });
  });

  it('refuses a file that changes between two readings of it', async () => {
    await using loader = await TestLoader.open();
    const filler = 'x'.repeat(2000);
    const usual = `1,${filler}\n`.repeat(5000);
    let readings = 0;
    const file = {
      ...landedFile('f.csv', `n,text\n${usual}a,${filler}\n`),
      async *open(from = 0) {
        readings++;
        const last = readings > 3 ? 'b' : 'a';
        const bytes = Buffer.from(`n,text\n${usual}${last},${filler}\n`);
        for (let at = from; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      },
    };
    await expect(
      loader.loader.load({ body: { kind: 'file', file, options: {} } }),
    ).rejects.toMatchObject({
      code: 'file_changed',
    });
    expect(loader.leftovers()).toEqual([]);
  });

  it('refuses more columns than a table may have', async () => {
    await using loader = await TestLoader.open();
    const line = Array.from({ length: 2001 }, (_, index) => `c${index}`).join(',');
    await expect(loader.load('f.csv', `${line}\n${line}\n`)).rejects.toMatchObject({
      code: 'file_unreadable',
    });
    const keys = Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`k${index}`, 1]));
    await expect(loader.load('f.json', JSON.stringify([keys]))).rejects.toMatchObject({
      code: 'file_unreadable',
    });
  });
});

describe('a type that changes', () => {
  it('rewrites the files of this load and of the table, and says which', async () => {
    const lake = mkdtempSync(join(tmpdir(), 'lake-'));
    const first = await TestLoader.open({ runId: 'run-0' }, lake);
    await first.load('one.csv', 'id,code,when\n1,17,2026-01-01\n2,,\n');
    await first.load('untouched.csv', 'id\n9\n');
    const before = await first.finish();
    await first.loader[Symbol.asyncDispose]();

    await using second = await TestLoader.open(
      {
        schema: before.schema,
        liveFiles: async () => before.adds.map((file) => ({ file, deletes: null })),
      },
      lake,
    );
    await second.load('two.csv', 'id,code,when\n3,18,2026-01-02 10:00:00\n');
    await second.load('three.csv', 'id,code\n4,00501\n');
    const loaded = await second.finish();
    expect(typesOf(loaded.schema)).toEqual({ id: 'long', code: 'string', when: 'timestamp' });
    const ids = new Map(loaded.schema.map(({ name, id }) => [name, id]));
    const oldIds = new Map(before.schema.map(({ name, id }) => [name, id]));
    expect(ids.get('code')).not.toBe(oldIds.get('code'));
    expect(ids.get('when')).not.toBe(oldIds.get('when'));
    expect(ids.get('id')).toBe(oldIds.get('id'));
    expect(loaded.rewrites.map(({ path }) => path)).toEqual([before.adds[0]!.path]);
    const rewritten = loaded.rewrites.map(({ file }) => file!);
    expect(loaded.counts).toMatchObject({ read: 2, written: 2 });
    const rows = await readRows(lake, [...loaded.adds, ...rewritten, before.adds[1]!], true);
    expect(
      rows
        .map(({ id, code, when, _source_file, _run_id }) => [id, code, when, _source_file, _run_id])
        .sort(),
    ).toEqual([
      ['1', '17', '2026-01-01 00:00:00', 'one.csv', 'run-0'],
      ['2', null, null, 'one.csv', 'run-0'],
      ['3', '18', '2026-01-02 10:00:00', 'two.csv', 'run-1'],
      ['4', '00501', undefined, 'three.csv', 'run-1'],
      ['9', undefined, undefined, 'untouched.csv', 'run-0'],
    ]);
    for (const file of [...loaded.adds, ...rewritten])
      expect(Object.keys(file.valueCounts)).not.toContain(String(oldIds.get('code')));
    expect(second.leftovers()).toEqual([]);
  });

  it('leaves deleted rows out of what it rewrites, whatever the columns are called', async () => {
    const lake = mkdtempSync(join(tmpdir(), 'lake-'));
    const first = await TestLoader.open({ runId: 'run-0' }, lake);
    await first.load('one.csv', 'file_row_number,place,code\n7,0,1\n8,1,2\n9,2,3\n');
    const before = await first.finish();
    await first.loader[Symbol.asyncDispose]();
    const [file] = before.adds as [DataFile];
    const deletes = { ...file, path: 's3://lake/deletes.parquet', rows: 1 };
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT '${file.path}' AS file_path, 1::BIGINT AS pos) TO '${join(lake, 'deletes.parquet')}'`,
    );
    connection.closeSync();
    instance.closeSync();

    await using second = await TestLoader.open(
      { schema: before.schema, liveFiles: async () => [{ file, deletes }] },
      lake,
    );
    await second.load('two.csv', 'file_row_number,place,code\n1,1,00501\n');
    const { rewrites } = await second.finish();
    const rows = await readRows(
      lake,
      rewrites.map((rewrite) => rewrite.file!),
      false,
    );
    expect(rows.map(({ file_row_number, code }) => [file_row_number, code])).toEqual([
      ['7', '1'],
      ['9', '3'],
    ]);
  });

  it('keeps the table’s wider type for a file that would have a narrower one', async () => {
    await using loader = await TestLoader.open({
      schema: [
        { id: 1, name: 'amount', type: 'decimal(18, 4)' },
        { id: 2, name: 'code', type: 'string' },
        { id: 3, name: 'ratio', type: 'double' },
        { id: 4, name: 'at', type: 'timestamp' },
        { id: 5, name: 'empty', type: 'date' },
      ],
    });
    await loader.load('f.csv', 'amount,code,ratio,at,empty\n1,2,3.25,2026-01-01,\n');
    const { schema, adds, rewrites } = await loader.finish();
    expect(typesOf(schema)).toEqual({
      amount: 'decimal(18, 4)',
      code: 'string',
      ratio: 'double',
      at: 'timestamp',
      empty: 'date',
    });
    expect(rewrites).toEqual([]);
    expect(await loader.rows(adds)).toMatchObject([
      { amount: '1.0000', code: '2', ratio: '3.25', at: '2026-01-01 00:00:00', empty: null },
    ]);
  });

  it('leaves no trace in the schema when the file that changed it cannot be read', async () => {
    await using loader = await TestLoader.open();
    await loader.load('one.csv', 'id,code\n1,17\n');
    await expect(
      loader.load(
        'two.csv',
        Buffer.concat([Buffer.from('id,code,extra\né,x,y\n'), Buffer.from([0xff])]),
      ),
    ).rejects.toMatchObject({ code: 'file_unreadable' });
    const { schema, rewrites } = await loader.finish();
    expect(typesOf(schema)).toEqual({ id: 'long', code: 'long' });
    expect(rewrites).toEqual([]);
  });

  it('reserves no more ids than the columns need', async () => {
    let reserved = 0;
    await using loader = await TestLoader.open({
      reserveFieldIds: async (count) => {
        reserved += count;
        return reserved - count + 1;
      },
    });
    await loader.load('one.csv', 'a,b\n1,2\n');
    await loader.load('two.csv', 'a,b\n1,2\n');
    await loader.load('three.csv', 'a,b,c\n1,2,3\n');
    const { schema } = await loader.finish();
    expect(reserved).toBe(7);
    expect(schema.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('copied CSV', () => {
  const columns: readonly Column[] = [
    { name: 'id', type: 'long' },
    { name: 'Amount', type: 'decimal(12, 2)' },
    { name: 'at', type: 'timestamptz' },
    { name: 'note', type: 'string' },
    { name: 'raw', type: 'binary' },
  ];

  it('keeps NULL, the empty string and \\N apart, and every digit', async () => {
    await using loader = await TestLoader.open({ stream: request, columns, systemColumns: [] });
    const body = text(
      '1,12345678.90,2026-01-01 10:00:00.123456+00,\\N,\\x6869\n2,\\N,\\N,"",\\N\n3,-0.01,\\N,"\\N",\\x\n4,\\N,\\N,"a ""b""\n,c",\\N\n',
    );
    const counts = await loader.loader.load({ body });
    expect(counts).toMatchObject({ read: 4, written: 4, rejected: 0 });
    const { adds } = await loader.finish();
    expect(await loader.rows(adds)).toEqual([
      {
        id: '1',
        amount: '12345678.90',
        at: '2026-01-01 10:00:00.123456+00',
        note: null,
        raw: 'hi',
        _unfit: null,
      },
      { id: '2', amount: null, at: null, note: '', raw: null, _unfit: null },
      { id: '3', amount: '-0.01', at: null, note: '\\N', raw: '', _unfit: null },
      { id: '4', amount: null, at: null, note: 'a "b"\n,c', raw: null, _unfit: null },
    ]);
  });

  it('keeps values that are none of their declared type, by the source’s column name', async () => {
    await using loader = await TestLoader.open({ stream: request, columns, systemColumns: [] });
    await loader.loader.load({
      body: text('1,NaN,infinity,x,\\N\n2,1.239,2026-01-01 10:00:00+00,y,\\N\n'),
    });
    const { adds } = await loader.finish();
    expect(await loader.rows(adds)).toEqual([
      {
        id: '1',
        amount: null,
        at: null,
        note: 'x',
        raw: null,
        _unfit: '{"Amount":"NaN","at":"infinity"}',
      },
      {
        id: '2',
        amount: null,
        at: '2026-01-01 10:00:00+00',
        note: 'y',
        raw: null,
        _unfit: '{"Amount":"1.239"}',
      },
    ]);
  });

  it('refuses text that is not UTF-8, and a stream that ends inside a row', async () => {
    await using loader = await TestLoader.open({
      stream: request,
      columns: [{ name: 'a', type: 'string' }],
      systemColumns: [],
    });
    const bad = {
      kind: 'copyCsv' as const,
      async *open() {
        yield Buffer.from([0xff, 10]);
      },
    };
    await expect(loader.loader.load({ body: bad })).rejects.toMatchObject({
      code: 'source_answer_invalid',
    });
    await expect(loader.loader.load({ body: text('"x\n') })).rejects.toMatchObject({
      code: 'source_answer_invalid',
    });
    expect(loader.leftovers()).toEqual([]);
  });

  it('passes on what the source’s stream throws, and leaves nothing behind', async () => {
    await using loader = await TestLoader.open({
      stream: request,
      columns: [{ name: 'a', type: 'string' }],
      systemColumns: [],
    });
    const body = {
      kind: 'copyCsv' as const,
      async *open() {
        yield Buffer.from('x\n'.repeat(2_000_000));
        throw new Error('connection reset');
      },
    };
    await expect(loader.loader.load({ body })).rejects.toThrow('connection reset');
    expect(loader.leftovers()).toEqual([]);
    await loader.loader.load({ body: text('y\n') });
    const { adds } = await loader.finish();
    expect(await loader.rows(adds)).toMatchObject([{ a: 'y' }]);
  });
});

describe('records', () => {
  const columns: readonly Column[] = [
    { name: 'id', type: 'long' },
    { name: 'amount', type: 'decimal(18, 4)' },
    { name: 'ratio', type: 'double' },
    { name: 'day', type: 'date' },
    { name: 'at', type: 'timestamptz' },
    { name: 'local', type: 'timestamp' },
    { name: 'flag', type: 'boolean' },
    { name: 'text', type: 'string' },
  ];

  it('reads each value back as it was given', async () => {
    await using loader = await TestLoader.open({ stream: request, columns, systemColumns: [] });
    await loader.loader.load({
      body: records(
        {
          id: '9223372036854775807',
          amount: '0.1234',
          ratio: 0.1,
          day: '2026-01-01',
          at: '2026-01-01T10:00Z',
          local: '2026-01-01T10:00:00.5',
          flag: true,
          text: 'a "b",\n',
        },
        {
          id: 5,
          amount: 1e-3,
          ratio: '-Infinity',
          day: null,
          at: '2026-01-01T10:00:00.123456+02:00',
          flag: false,
          text: { a: [1, 2.5] },
        },
        { id: -1, amount: 12, ratio: 1e21, text: '' },
      ),
    });
    const { adds, counts } = await loader.finish();
    expect(counts).toMatchObject({ read: 3, written: 3 });
    expect(await loader.rows(adds)).toEqual([
      {
        id: '9223372036854775807',
        amount: '0.1234',
        ratio: '0.1',
        day: '2026-01-01',
        at: '2026-01-01 10:00:00+00',
        local: '2026-01-01 10:00:00.5',
        flag: 'true',
        text: 'a "b",\n',
        _unfit: null,
      },
      {
        id: '5',
        amount: '0.0010',
        ratio: '-inf',
        day: null,
        at: '2026-01-01 08:00:00.123456+00',
        local: null,
        flag: 'false',
        text: '{"a":[1,2.5]}',
        _unfit: null,
      },
      {
        id: '-1',
        amount: '12.0000',
        ratio: '1e+21',
        day: null,
        at: null,
        local: null,
        flag: null,
        text: '',
        _unfit: null,
      },
    ]);
  });

  it('keeps values of other types, makes columns of undeclared fields, and rounds nothing', async () => {
    await using loader = await TestLoader.open({ stream: request, columns, systemColumns: [] });
    await loader.loader.load({
      body: records(
        {
          id: 1.5,
          amount: '0.12345',
          ratio: 'x',
          day: '2026-02-30',
          at: '2026-01-01T10:00:00',
          local: '2026-01-01T10:00:00Z',
          flag: 'yes',
          text: 1776,
          more: { a: 1 },
          nothing: null,
        },
        { id: '9223372036854775808', amount: true, day: 5 },
      ),
    });
    const { adds } = await loader.finish();
    const rows = await loader.rows(adds);
    expect(rows.map(({ _unfit }) => JSON.parse(String(_unfit)))).toEqual([
      {
        id: '1.5',
        amount: '0.12345',
        ratio: 'x',
        day: '2026-02-30',
        at: '2026-01-01T10:00:00',
        local: '2026-01-01T10:00:00Z',
        flag: 'yes',
      },
      { id: '9223372036854775808', amount: 'true', day: '5' },
    ]);
    expect(rows[0]).toMatchObject({ id: null, amount: null, text: '1776', more: '{"a":1}' });
    expect(Object.keys(rows[0] ?? {})).not.toContain('nothing');
  });

  it('gathers many small batches into one file, and starts another where the columns differ', async () => {
    await using loader = await TestLoader.open({ stream: request, systemColumns: [] });
    const narrow: readonly Column[] = [{ name: 'id', type: 'long' }];
    for (let page = 0; page < 50; page++)
      await loader.loader.load({ columns: [...narrow], body: records({ id: page }) });
    await loader.loader.load({
      columns: [...narrow, { name: 'late', type: 'string' }],
      body: records({ id: 50, late: 'x' }),
    });
    const { adds, counts } = await loader.finish();
    expect(adds.map(({ rows }) => rows)).toEqual([50, 1]);
    expect(counts).toMatchObject({ read: 51, written: 51 });
    expect(column(await loader.rows(adds), 'id')).toEqual(
      Array.from({ length: 51 }, (_, id) => String(id)),
    );
  });

  it('finds columns and types of records that nobody described', async () => {
    await using loader = await TestLoader.open({ stream: request, systemColumns: [] });
    await loader.loader.load({
      body: records({ id: 1, at: '2026-01-01T00:00:00Z' }, { id: 2 ** 53 - 1 }),
    });
    await loader.loader.load({ body: records({ id: 3, tags: ['a'] }) });
    const { adds, schema } = await loader.finish();
    expect(typesOf(schema)).toEqual({ id: 'long', at: 'timestamptz', tags: 'string' });
    expect(await loader.rows(adds)).toMatchObject([
      { id: '1', at: '2026-01-01 00:00:00+00', tags: null },
      { id: '9007199254740991' },
      { id: '3', tags: '["a"]' },
    ]);
  });

  it('marks deleted records where the source has tombstones', async () => {
    await using loader = await TestLoader.open({
      stream: request,
      columns: [{ name: 'id', type: 'long' }],
      systemColumns: ['_deleted'],
    });
    await loader.loader.load({ body: records({ id: 1 }, { id: 2, _deleted: true }) });
    const { adds } = await loader.finish();
    expect(await loader.rows(adds)).toEqual([
      { id: '1', _deleted: 'false', _unfit: null },
      { id: '2', _deleted: 'true', _unfit: null },
    ]);
  });

  it('takes records, files and copied rows in turns', async () => {
    await using loader = await TestLoader.open({
      stream: request,
      columns: [{ name: 'id', type: 'long' }],
      systemColumns: [],
    });
    await loader.loader.load({ body: records({ id: 1 }) });
    await loader.load('f.csv', 'id\n2\n');
    await loader.loader.load({ body: text('3\n') });
    await loader.loader.load({ body: records({ id: 4 }) });
    const { adds } = await loader.finish();
    expect(column(await loader.rows(adds), 'id')).toEqual(['1', '2', '3', '4']);
  });
});

describe('an end before the end', () => {
  it('stops a running load within a second of the signal, with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('the lock was lost');
    const lake = mkdtempSync(join(tmpdir(), 'lake-'));
    await using loader = await TestLoader.open({ signal: controller.signal }, lake);
    const endless = {
      ...landedFile('f.csv', ''),
      bytes: 2 ** 40,
      async *open() {
        yield Buffer.from('a,b\n');
        while (true) {
          await sleep(1);
          yield Buffer.from('1,some text\n'.repeat(5000));
        }
      },
    };
    const loading = loader.loader.load({ body: { kind: 'file', file: endless, options: {} } });
    loading.catch(() => undefined);
    await sleep(500);
    controller.abort(reason);
    await expect(loading).rejects.toBe(reason);
    await expect(loader.load('g.csv', 'a\n1\n')).rejects.toBe(reason);
  });

  it('gives up open records when it is disposed of, and does not hang', async () => {
    const loader = await TestLoader.open({
      stream: request,
      columns: [{ name: 'id', type: 'long' }],
      systemColumns: [],
    });
    await loader.loader.load({
      body: { kind: 'records', records: Array.from({ length: 200_000 }, (_, id) => ({ id })) },
    });
    await loader[Symbol.asyncDispose]();
  });

  it('takes nothing more once it is finished', async () => {
    await using loader = await TestLoader.open();
    await loader.finish();
    await expect(loader.load('f.csv', 'a\n1\n')).rejects.toThrow(/finished/);
  });
});
