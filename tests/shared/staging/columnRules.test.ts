import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../../shared/connectors/connector.ts';
import type { Column, Field } from '../../../shared/lake/schema.ts';
import { isSystemColumn } from '../../../shared/lake/systemColumn.ts';
import { type ColumnRules, noRules } from '../../../shared/schema/columnRules.ts';
import type { Loaded, StreamLoaderOptions } from '../../../shared/staging/streamLoader.ts';
import { buildWorkbook } from '../formats/xlsx/buildWorkbook.ts';
import { deliver, type Kind, kinds, parquetFile } from './deliver.ts';
import { column, type Row, readRows, TestLoader, typesOf } from './testLoader.ts';

const secret = 'jane@example.com';
const maskKey = Buffer.from('0123456789abcdef0123456789abcdef');
const hashOf = (text: string): string => createHmac('sha256', maskKey).update(text).digest('hex');

const request = {
  name: 'people',
  mode: 'incremental' as const,
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
};

interface Outcome {
  readonly loaded: Loaded;
  readonly rows: readonly Row[];
  readonly rejects: readonly Row[];
  readonly types: Readonly<Record<string, string>>;
  /** Everything that was kept or said anywhere. */
  readonly everything: string;
}

async function loadAs(
  kind: Kind,
  columns: readonly Column[],
  rows: readonly SourceRecord[],
  rules: Partial<ColumnRules> = {},
  over: Partial<StreamLoaderOptions> = {},
): Promise<Outcome> {
  await using loader = await TestLoader.open({
    stream: request,
    rules: { ...noRules, ...rules },
    systemColumns: [],
    ...over,
  });
  await deliver(loader, kind, columns, rows);
  return await outcomeOf(loader);
}

async function outcomeOf(loader: TestLoader): Promise<Outcome> {
  const loaded = await loader.finish();
  const found = await readRows(loader.lakeFolder, loaded.adds, true);
  const rejects = await readRows(loader.lakeFolder, loaded.rejects, true);
  expect(loader.leftovers()).toEqual([]);
  return {
    loaded,
    rows: found.map((row) =>
      Object.fromEntries(
        Object.entries(row).filter(([name]) => name === '_unfit' || !isSystemColumn(name)),
      ),
    ),
    rejects,
    types: typesOf(loaded.schema),
    everything: JSON.stringify([loaded, found, rejects, loader.logged]),
  };
}

const people: readonly Column[] = [
  { name: 'id', type: 'long' },
  { name: 'Email', type: 'string' },
  { name: 'note', type: 'string' },
];
const jane: SourceRecord = { id: 1, Email: secret, note: 'x' };
const nobody: SourceRecord = { id: 2, Email: null, note: 'y' };

const table = (...fields: [string, Field['type']][]): readonly Field[] => [
  ...fields.map(([name, type], index) => ({ id: index + 1, name, type })),
  { id: 90, name: '_run_id', type: 'string' },
  { id: 91, name: '_ingested_at', type: 'timestamptz' },
  { id: 92, name: '_unfit', type: 'string' },
];

describe.each(kinds)('rules of columns that arrive as %s', (kind) => {
  it('hash alike everywhere, so that equal values stay equal', async () => {
    const { rows, types, everything } = await loadAs(kind, people, [jane, nobody], {
      masks: { Email: 'hash', id: 'hash' },
      maskKey,
    });
    expect(types).toEqual({ id: 'string', email: 'string', note: 'string' });
    expect(rows).toMatchObject([
      { id: hashOf('1'), email: hashOf(secret), note: 'x' },
      { id: hashOf('2'), email: null, note: 'y' },
    ]);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(maskKey.toString('hex'));
  });

  it('redact values and leave out columns, by any spelling a table would make one', async () => {
    const { rows, types, everything } = await loadAs(kind, people, [jane, nobody], {
      masks: { email: 'redact', NOTE: 'drop' },
    });
    expect(types).toEqual({ id: 'long', email: 'string' });
    expect(column(rows, 'email')).toEqual(['REDACTED', null]);
    expect(everything).not.toContain(secret);
  });

  it('exclude, rename and retype', async () => {
    const { rows, types, loaded } = await loadAs(kind, people, [jane, nobody], {
      exclude: ['note'],
      rename: { Email: 'contact' },
      types: { id: 'decimal(9, 2)' },
    });
    expect(types).toEqual({ id: 'decimal(9, 2)', contact: 'string' });
    expect(rows).toEqual([
      { id: '1.00', contact: secret, _unfit: null },
      { id: '2.00', contact: null, _unfit: null },
    ]);
    expect(loaded.schema.find(({ name }) => name === 'contact')?.doc).toBe('Email');
  });

  it('keep what fits no chosen type in _unfit', async () => {
    const { rows, types } = await loadAs(kind, people, [jane, { ...nobody, note: '17' }], {
      types: { note: 'long' },
    });
    expect(types).toMatchObject({ note: 'long' });
    expect(rows).toMatchObject([
      { note: null, _unfit: '{"note":"x"}' },
      { note: '17', _unfit: null },
    ]);
  });

  it('load nothing where a hash has no key', async () => {
    await expect(loadAs(kind, people, [jane], { masks: { Email: 'hash' } })).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });

  it('rename a column of the table with all its rows, and keep the name', async () => {
    const before = table(['email', 'string'], ['id', 'long']);
    const { loaded } = await loadAs(
      kind,
      people,
      [jane],
      { rename: { Email: 'contact' } },
      { schema: before },
    );
    expect(loaded.schema[0]).toEqual({ id: 1, name: 'contact', type: 'string', doc: 'Email' });
    expect(loaded.rewrites).toEqual([]);
    const again = await loadAs(kind, people, [jane], {}, { schema: loaded.schema });
    expect(again.types).toMatchObject({ contact: 'string' });
    expect(column(again.rows, 'contact')).toEqual([secret]);
  });
});

describe.each(kinds)('contracts for columns that arrive as %s', (kind) => {
  const known = table(['id', 'long'], ['email', 'string'], ['note', 'string']);
  const more: readonly Column[] = [...people, { name: 'extra', type: 'string' }];
  const rows = [
    { ...jane, extra: 'new' },
    { ...nobody, extra: null },
  ];
  const texts: readonly Column[] = people.map((each) =>
    each.name === 'id' ? { ...each, type: 'string' } : each,
  );
  const odd = [
    { ...jane, id: 'n/a' },
    { ...nobody, id: '2' },
  ];

  it('evolve: new columns appear, and are told with samples', async () => {
    const { types, loaded, rows: found } = await loadAs(kind, more, rows, {}, { schema: known });
    expect(types).toMatchObject({ extra: 'string' });
    expect(column(found, 'extra')).toEqual(['new', null]);
    expect(loaded.drift).toEqual({
      added: [{ name: 'extra', type: 'string', samples: ['new'], isStored: true, discarded: 0 }],
      removed: [],
      changed: [],
      more: 0,
    });
  });

  it('evolve: of a new column that is masked there are no samples', async () => {
    const rules = { masks: { extra: 'hash' as const }, maskKey };
    const { loaded } = await loadAs(kind, more, rows, rules, { schema: known });
    expect(loaded.drift?.added).toMatchObject([{ name: 'extra', type: 'string', samples: [] }]);
  });

  it('freeze: a new column, or another type, fails by name, and nothing is loaded', async () => {
    const rules = { contract: 'freeze' as const };
    await expect(loadAs(kind, more, rows, rules, { schema: known })).rejects.toMatchObject({
      code: 'schema_frozen',
      facts: { stream: 'people', added: ['extra'], changed: [] },
    });
    await expect(loadAs(kind, texts, odd, rules, { schema: known })).rejects.toMatchObject({
      code: 'schema_frozen',
      facts: { added: [], changed: [{ name: 'id', from: 'long', to: 'string' }] },
    });
    const fine = await loadAs(kind, people, [jane, nobody], rules, { schema: known });
    expect(fine.rows).toHaveLength(2);
    expect(fine.loaded.drift).toBeNull();
  });

  it('let the first load make the table, whatever they are', async () => {
    for (const contract of ['freeze', 'discard_row', 'discard_value'] as const) {
      const { types, rows: found } = await loadAs(kind, people, [jane], { contract });
      expect(types).toEqual({ id: 'long', email: 'string', note: 'string' });
      expect(found).toHaveLength(1);
    }
  });

  it('discard_row: rows with a value in an unknown column are rejected, with the reason', async () => {
    const {
      types,
      loaded,
      rejects,
      rows: found,
    } = await loadAs(kind, more, rows, { contract: 'discard_row' }, { schema: known });
    expect(types).toEqual({ id: 'long', email: 'string', note: 'string' });
    expect(column(found, 'id')).toEqual(['2']);
    expect(rejects).toMatchObject([
      { column_name: 'extra', reason: 'a value in a column the table does not have' },
    ]);
    expect(loaded.counts).toMatchObject({ read: 2, written: 1, rejected: 1 });
    expect(loaded.drift?.added).toMatchObject([{ name: 'extra', isStored: false, discarded: 0 }]);
    expect(String(rejects[0]?.['row_text'])).toContain(secret);
  });

  it('discard_row: rows with a value of another type are rejected, with the reason', async () => {
    const {
      types,
      loaded,
      rejects,
      rows: found,
    } = await loadAs(kind, texts, odd, { contract: 'discard_row' }, { schema: known });
    expect(types).toMatchObject({ id: 'long' });
    expect(column(found, 'id')).toEqual(['2']);
    expect(rejects).toMatchObject([{ column_name: 'id', reason: 'no long' }]);
    expect(loaded.counts).toMatchObject({ read: 2, rejected: 1 });
    expect(loaded.drift?.changed).toMatchObject([{ name: 'id', from: 'long', isStored: false }]);
  });

  it('discard_value: unknown columns are left out and counted, values that do not fit kept aside', async () => {
    const rules = { contract: 'discard_value' as const };
    const unknown = await loadAs(kind, more, rows, rules, { schema: known });
    expect(unknown.types).toEqual({ id: 'long', email: 'string', note: 'string' });
    expect(unknown.rows).toHaveLength(2);
    expect(unknown.rejects).toEqual([]);
    const counted = kind === 'copyCsv' || kind === 'parquet' ? null : 1;
    expect(unknown.loaded.drift?.added).toMatchObject([
      { name: 'extra', isStored: false, discarded: counted },
    ]);
    const misfits = await loadAs(kind, texts, odd, rules, { schema: known });
    expect(misfits.types).toMatchObject({ id: 'long' });
    expect(misfits.rows[0]).toMatchObject({ id: null, email: secret, _unfit: '{"id":"n/a"}' });
    // A text of digits is a number where the column is one.
    expect(misfits.rows[1]).toMatchObject({ id: '2', _unfit: null });
    const lost = kind === 'parquet' || kind === 'copyCsv' ? null : 1;
    expect(misfits.loaded.drift?.changed).toMatchObject([
      { name: 'id', from: 'long', isStored: false, discarded: lost },
    ]);
  });

  it('tell a column that is gone, where rows may not leave it out', async () => {
    const fewer = people.filter(({ name }) => name !== 'note');
    const { loaded, rows: found } = await loadAs(
      kind,
      fewer,
      [{ id: 1, Email: secret }],
      {},
      { schema: known },
    );
    expect(found).toMatchObject([{ id: '1' }]);
    const mayLeaveOut = kind === 'json' || kind === 'jsonl' || kind === 'undeclared';
    expect(loaded.drift?.removed ?? []).toEqual(
      mayLeaveOut ? [] : [{ name: 'note', type: 'string' }],
    );
    const unasked = await loadAs(
      kind,
      fewer,
      [{ id: 1, Email: secret }],
      { exclude: ['note'] },
      { schema: known },
    );
    expect(unasked.loaded.drift).toBeNull();
  });

  it('keep values of masked columns out of rejects', async () => {
    const { rejects, everything } = await loadAs(
      kind,
      more,
      rows,
      { contract: 'discard_row', masks: { Email: 'hash', note: 'drop' }, maskKey },
      { schema: known },
    );
    expect(rejects).toHaveLength(1);
    expect(everything).not.toContain(secret);
    expect(JSON.parse(String(rejects[0]?.['row_text']))).toEqual({
      id: kind === 'csv' || kind === 'parquet' || kind === 'copyCsv' ? '1' : 1,
      Email: hashOf(secret),
      extra: 'new',
    });
  });
});

describe('a type that a person chooses', () => {
  it('takes the place of the table’s, and what does not fit it is kept in _unfit of old rows too', async () => {
    const lake = mkdtempSync(join(tmpdir(), 'lake-'));
    const first = await TestLoader.open({ systemColumns: [] }, lake);
    await first.load('a.csv', 'id,amount,ratio\n1,1.50,2.5\n2,n/a,3.0\n');
    const before = await first.finish();
    await first.loader[Symbol.asyncDispose]();
    await using second = await TestLoader.open(
      {
        systemColumns: [],
        schema: before.schema,
        liveFiles: async () => before.adds.map((file) => ({ file, deletes: null })),
        rules: { ...noRules, types: { amount: 'decimal(12, 2)', ratio: 'long' } },
      },
      lake,
    );
    await second.load('b.csv', 'id,amount,ratio\n3,7,4\n');
    const { schema, adds, rewrites } = await second.finish();
    expect(typesOf(schema)).toEqual({ id: 'long', amount: 'decimal(12, 2)', ratio: 'long' });
    const files = [...rewrites.map(({ file }) => file!), ...adds];
    expect(await second.rows(files)).toEqual([
      { id: '1', amount: '1.50', ratio: null, _unfit: '{"ratio":"2.50"}' },
      { id: '2', amount: null, ratio: '3', _unfit: '{"amount":"n/a"}' },
      { id: '3', amount: '7.00', ratio: '4', _unfit: null },
    ]);
  });
});

describe('workbooks', () => {
  const cells = (row: number, ...values: readonly string[]): string =>
    `<row r="${row}">${values
      .map((value, index) => {
        const at = `${'ABC'[index]}${row}`;
        if (value.startsWith('#')) return `<c r="${at}" t="e"><v>${value}</v></c>`;
        return /^\d+$/.test(value)
          ? `<c r="${at}"><v>${value}</v></c>`
          : `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
      })
      .join('')}</row>`;
  const workbook = (...rows: readonly (readonly string[])[]): Buffer =>
    buildWorkbook({ sheets: { S: rows.map((row, index) => cells(index + 1, ...row)).join('') } });

  it('keep rows of the table’s types, reject the others with their line, and hide masked errors', async () => {
    await using loader = await TestLoader.open({
      schema: table(['id', 'long'], ['email', 'string']),
      rules: { ...noRules, contract: 'discard_row', masks: { email: 'redact' } },
    });
    const bytes = workbook(['id', 'email'], ['1', secret], ['x', secret], ['2', '#N/A']);
    const counts = await loader.load('f.xlsx', bytes);
    expect(counts).toMatchObject({ read: 3, written: 2, rejected: 1 });
    const { adds, rejects } = await loader.finish();
    expect(await loader.rows(adds)).toEqual([
      { id: '1', email: 'REDACTED', _unfit: null },
      { id: '2', email: null, _unfit: null },
    ]);
    expect(await loader.rows(rejects, true)).toMatchObject([
      { line: '3', column_name: 'id', row_text: '{"id":"x","email":"REDACTED"}' },
    ]);
  });
});

describe('masks', () => {
  it('leave no text of a row that cannot be cut into columns', async () => {
    await using loader = await TestLoader.open({
      rules: { ...noRules, masks: { email: 'hash' }, maskKey },
    });
    await loader.load('f.csv', `id,email\n1,a@b.c\n2,${secret},too many\n3,d@e.f\n`);
    await loader.load('f.jsonl', `{"id":4,"email":"x"}\n{"id":5,"email":"${secret}"\n`);
    const loaded = await loader.finish();
    const rejects = await loader.rows(loaded.rejects, true);
    expect(rejects).toMatchObject([
      { row_text: null, line: '3', reason: '3 columns where 2 are expected', row_format: null },
      { row_text: null, line: '2', row_format: null },
    ]);
    expect(loaded.counts).toMatchObject({ read: 5, written: 3, rejected: 2 });
    expect(JSON.stringify([rejects, loader.logged])).not.toContain(secret);
  });

  it('keep errors of the database free of values', async () => {
    await using loader = await TestLoader.open({
      rules: { ...noRules, masks: { email: 'redact' } },
    });
    const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'f.parquet');
    await parquetFile(path, `SELECT '${secret}' AS email, 1 AS id FROM range(5000)`);
    const bytes = readFileSync(path);
    bytes.fill(0xff, 8, 60);
    const error = await loader.load('f.parquet', bytes).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'file_unreadable' });
    expect(String((error as Error).message)).toContain('columns of this stream are masked');
    expect(((error as Error).cause as Error).cause).toBeUndefined();
  });

  it('reach inside nested values, and refuse a column where they cannot', async () => {
    const nested = {
      id: 1,
      who: { email: secret, big: 12345678901234567890n, list: [{ email: secret, n: 1 }, 'x', [2]] },
    };
    const text = JSON.stringify(nested, (_, value) =>
      typeof value === 'bigint' ? 'BIG' : value,
    ).replace('"BIG"', '12345678901234567890');
    const masks = { 'who.email': 'hash', 'Who.list.EMAIL': 'redact' } as const;
    await using loader = await TestLoader.open({ rules: { ...noRules, masks, maskKey } });
    await loader.load('f.json', `[${text}]`);
    const { adds } = await loader.finish();
    expect(column(await loader.rows(adds), 'who')).toEqual([
      `{"email":"${hashOf(secret)}","big":12345678901234567890,"list":[{"email":"REDACTED","n":1},"x",[2]]}`,
    ]);
    await using records = await TestLoader.open({
      stream: request,
      rules: { ...noRules, masks, maskKey },
      columns: [{ name: 'who', type: 'string' }],
    });
    await records.loader.load({
      body: { kind: 'records', records: [{ who: { email: secret, n: [1] } }] },
    });
    expect(column(await records.rows((await records.finish()).adds), 'who')).toEqual([
      `{"email":"${hashOf(secret)}","n":[1]}`,
    ]);
    await using csv = await TestLoader.open({ rules: { ...noRules, masks, maskKey } });
    await expect(csv.load('f.csv', 'id,who\n1,{}\n')).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('"who.email"'),
    });
  });

  it('open a struct of a Parquet file for a mask in it, and refuse to reach into a list', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'f.parquet');
    await parquetFile(
      path,
      `SELECT 1::BIGINT AS id, {'email': '${secret}', 'city': {'name': 'Bern'}} AS who, [{'email': '${secret}'}] AS more`,
    );
    const masks = { 'who.email': 'redact' } as const;
    await using loader = await TestLoader.open({ rules: { ...noRules, masks } });
    await loader.load('f.parquet', readFileSync(path));
    await expect(
      (await TestLoader.open({ rules: { ...noRules, masks: { 'more.email': 'redact' } } })).load(
        'f.parquet',
        readFileSync(path),
      ),
    ).rejects.toMatchObject({ code: 'invalid_config' });
    const { adds, schema } = await loader.finish();
    expect(typesOf(schema)).toEqual({
      id: 'long',
      who_email: 'string',
      who_city: 'string',
      more: 'string',
    });
    expect(await loader.rows(adds)).toMatchObject([
      { who_email: 'REDACTED', who_city: '{"name":"Bern"}' },
    ]);
  });
});

describe('nested values, flattened', () => {
  const rules = { ...noRules, nested: 'flatten' as const };
  const nested = {
    id: 1,
    a: { b: 'x', c: { d: { e: { f: 1 } } }, list: [1, { z: 2 }], none: {} },
    taken: { b: 1 },
    'taken.b': 'first',
  };
  const flat = {
    id: '1',
    a_b: 'x',
    a_c_d_e: '{"f":1}',
    a_list: '[1,{"z":2}]',
    taken: '{"b":1}',
    taken_b: 'first',
  };

  it.each([
    'json',
    'jsonl',
    'undeclared',
    'records',
  ] as const)('become columns to a depth of four names, from %s', async (kind) => {
    const columns: Column[] = [{ name: 'id', type: 'long' }];
    const { rows, types } = await loadAs(kind, columns, [nested, { id: 2, a: null }], rules);
    expect(types).toEqual({
      id: 'long',
      a_b: 'string',
      a_c_d_e: 'string',
      a_list: 'string',
      taken: 'string',
      taken_b: 'string',
      ...(kind === 'records' ? {} : { a: 'string' }),
    });
    expect(rows[0]).toMatchObject(flat);
    expect(rows[1]).toMatchObject({ id: '2', a_b: null });
  });

  it('become columns from structs of Parquet, with their own types', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'f.parquet');
    await parquetFile(
      path,
      `SELECT {'b': DATE '2026-01-01', 'c': {'d': {'e': {'f': 1}}}, 'list': [1, 2]} AS a UNION ALL SELECT NULL`,
    );
    await using loader = await TestLoader.open({ rules });
    await loader.load('f.parquet', readFileSync(path));
    const { adds, schema } = await loader.finish();
    expect(typesOf(schema)).toEqual({ a_b: 'date', a_c_d_e: 'string', a_list: 'string' });
    expect(await loader.rows(adds)).toEqual([
      { a_b: '2026-01-01', a_c_d_e: '{"f":1}', a_list: '[1,2]', _unfit: null },
      { a_b: null, a_c_d_e: null, a_list: null, _unfit: null },
    ]);
  });

  it('are masked and left out by their paths, or as a whole', async () => {
    const { rows } = await loadAs('json', [], [nested], {
      ...rules,
      masks: { 'a.b': 'redact', taken: 'redact' },
      exclude: ['a.c'],
    });
    expect(rows).toEqual([
      {
        id: '1',
        a_b: 'REDACTED',
        a_list: '[1,{"z":2}]',
        taken: 'REDACTED',
        taken_b: 'first',
        _unfit: null,
      },
    ]);
  });
});

describe('a column that is long here and double there', () => {
  const open = (rows: string, next: string) =>
    (async () => {
      const lake = mkdtempSync(join(tmpdir(), 'lake-'));
      const first = await TestLoader.open({ systemColumns: [] }, lake);
      await first.load('a.csv', rows);
      const before = await first.finish();
      await first.loader[Symbol.asyncDispose]();
      await using second = await TestLoader.open(
        {
          systemColumns: [],
          schema: before.schema,
          liveFiles: async () => before.adds.map((file) => ({ file, deletes: null })),
        },
        lake,
      );
      await second.load('b.csv', next);
      const { schema, adds, rewrites } = await second.finish();
      const files = [...rewrites.map(({ file }) => file!), ...adds];
      return { types: typesOf(schema), values: column(await second.rows(files), 'n') };
    })();

  it('becomes double when every long fits one', async () => {
    expect(await open('n\n17\n-9007199254740992\n', 'n\n1e-3\n')).toEqual({
      types: { n: 'double' },
      values: ['17.0', '-9007199254740992.0', '0.001'],
    });
  });

  it('becomes text when one does not', async () => {
    expect(await open('n\n17\n9007199254740993\n', 'n\n1e-3\n')).toEqual({
      types: { n: 'string' },
      values: ['17', '9007199254740993', '1e-3'],
    });
  });
});
