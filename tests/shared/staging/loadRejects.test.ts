import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../../shared/connectors/connector.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { Column, Field } from '../../../shared/lake/schema.ts';
import { type ColumnRules, noRules } from '../../../shared/schema/columnRules.ts';
import type { StreamLoaderOptions } from '../../../shared/staging/streamLoader.ts';
import { deliver, type Kind, kinds } from './deliver.ts';
import { readRows, TestLoader, typesOf } from './testLoader.ts';

const secret = 'jane@example.com';
const maskKey = Buffer.from('0123456789abcdef0123456789abcdef');
const hashed = createHmac('sha256', maskKey).update(secret).digest('hex');

const table: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'email', type: 'string' },
  { id: 90, name: '_run_id', type: 'string' },
  { id: 91, name: '_ingested_at', type: 'timestamptz' },
  { id: 92, name: '_unfit', type: 'string' },
];
const columns: readonly Column[] = [
  { name: 'id', type: 'long' },
  { name: 'email', type: 'string' },
  { name: 'extra', type: 'long' },
];
const rows: readonly SourceRecord[] = [
  { id: 1, email: secret, extra: 7 },
  { id: 2, email: null, extra: null },
  { id: 3, email: 'c@d.e', extra: 9 },
];

/** Kinds of batches whose source declares columns keep doing so when their rejects are loaded again. */
const declares = (kind: Kind): boolean => kind === 'records' || kind === 'copyCsv';

interface Lake {
  readonly folder: string;
  readonly rejects: readonly DataFile[];
}

/** Rejects everything with an `extra`. */
async function rejected(
  kind: Kind,
  rules: Partial<ColumnRules> = {},
  over: Partial<StreamLoaderOptions> = {},
): Promise<Lake> {
  const folder = mkdtempSync(join(tmpdir(), 'lake-'));
  const loader = await TestLoader.open(
    {
      systemColumns: [],
      schema: table,
      rules: { ...noRules, contract: 'discard_row', ...rules },
      runId: 'run-0',
      ...over,
    },
    folder,
  );
  await deliver(loader, kind, columns, rows);
  const { rejects, counts } = await loader.finish();
  await loader.loader[Symbol.asyncDispose]();
  expect(counts).toMatchObject({ read: 3, written: 1, rejected: 2 });
  return { folder, rejects };
}

async function replayed(
  { folder, rejects }: Lake,
  rules: Partial<ColumnRules> = {},
  over: Partial<StreamLoaderOptions> = {},
) {
  const loader = await TestLoader.open(
    { systemColumns: [], schema: table, rules: { ...noRules, ...rules }, ...over },
    folder,
  );
  for (const file of rejects) await loader.loader.load({ body: { kind: 'rejects', file } });
  const loaded = await loader.finish();
  expect(loader.leftovers()).toEqual([]);
  await loader.loader[Symbol.asyncDispose]();
  return {
    loaded,
    rows: await readRows(folder, loaded.adds, true),
    rejects: await readRows(folder, loaded.rejects, true),
    lake: { folder, rejects: loaded.rejects },
  };
}

describe.each(kinds)('rejects of rows that came as %s', (kind) => {
  const over = declares(kind) ? { columns } : {};

  it('load under a contract that takes them in, with the types they would have had', async () => {
    const lake = await rejected(kind);
    const { loaded, rows: found } = await replayed(lake, {}, over);
    expect(loaded.counts).toMatchObject({ read: 2, written: 2, rejected: 0 });
    expect(loaded.replayed).toEqual(lake.rejects.map(({ path }) => path));
    expect(typesOf(loaded.schema)).toEqual({ id: 'long', email: 'string', extra: 'long' });
    expect(found).toMatchObject([
      { id: '1', email: secret, extra: '7', _run_id: 'run-1', _unfit: null },
      { id: '3', email: 'c@d.e', extra: '9', _run_id: 'run-1', _unfit: null },
    ]);
  });

  it('that fail again stay, and load the next time', async () => {
    const lake = await rejected(kind);
    const again = await replayed(lake, { contract: 'discard_row' }, over);
    expect(again.loaded.counts).toMatchObject({ read: 2, written: 0, rejected: 2 });
    expect(again.rejects).toMatchObject([
      { column_name: 'extra', reason: 'a value in a column the table does not have' },
      { column_name: 'extra' },
    ]);
    const last = await replayed(again.lake, { exclude: ['extra'], contract: 'discard_row' }, over);
    expect(last.loaded.counts).toMatchObject({ read: 2, written: 2, rejected: 0 });
    expect(last.rows.map(({ id, email }) => [id, email])).toEqual([
      ['1', secret],
      ['3', 'c@d.e'],
    ]);
  });

  it('are masked once, whether the mask came before they were rejected or after', async () => {
    const masks = { masks: { email: 'hash' }, maskKey } as const;
    const before = await replayed(await rejected(kind, masks), masks, over);
    expect(before.rows[0]).toMatchObject({ id: '1', email: hashed, extra: '7' });
    const after = await replayed(await rejected(kind), masks, over);
    expect(after.rows[0]).toMatchObject({ id: '1', email: hashed, extra: '7' });
    const stays = await replayed(await rejected(kind), { ...masks, contract: 'discard_row' }, over);
    expect(stays.rejects).toHaveLength(2);
    expect(JSON.stringify(stays.rejects)).toContain(hashed);
    expect(JSON.stringify(stays.rejects)).not.toContain(secret);
    const last = await replayed(stays.lake, masks, over);
    expect(last.rows[0]).toMatchObject({ id: '1', email: hashed, extra: '7' });
  });
});

describe('rejects of files', () => {
  const open = (folder: string, over: Partial<StreamLoaderOptions> = {}) =>
    TestLoader.open({ ...over }, folder);

  it('keep their file and their line, and fail again for the reason they have', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lake-'));
    const first = await open(folder);
    await first.load('a.csv', 'id,note\n1,x\n2\n3,"open\n4,y\n');
    await first.load('b.jsonl', '{"id":1}\n{"id":\n');
    const { rejects } = await first.finish();
    await first.loader[Symbol.asyncDispose]();
    const lake = { folder, rejects };
    const again = await replayed(lake, {}, { systemColumns: ['_source_file'], schema: [] });
    expect(
      again.rejects.map(({ _source_file, line, reason, row_text }) => [
        _source_file,
        line,
        reason,
        row_text,
      ]),
    ).toEqual([
      ['a.csv', '3', '1 column where 2 are expected', '2'],
      ['a.csv', '4', 'a quote is opened and not closed in its row', '3,"open'],
      ['b.jsonl', '2', 'not a JSON value (character 7)', '{"id":'],
    ]);
    expect(again.loaded.counts).toMatchObject({ read: 3, written: 0, rejected: 3 });
    expect(again.loaded.adds).toEqual([]);
  });

  it('have the types their cells say, with spaces and leading zeros', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lake-'));
    const schema: readonly Field[] = [{ id: 1, name: 'id', type: 'long' }, ...table.slice(2)];
    const header = 'id,zip,amount,at,flag,note';
    const first = await open(folder, {
      schema,
      systemColumns: [],
      rules: { ...noRules, contract: 'discard_row' },
    });
    await first.load(
      'a.csv',
      `${header}\n1,00501, 1.50,2026-01-01T10:00Z,TRUE," a ""b"""\n2,10501,2,,false,""\n`,
    );
    const { rejects } = await first.finish();
    await first.loader[Symbol.asyncDispose]();
    const { loaded, rows: found } = await replayed({ folder, rejects }, {}, { schema });
    expect(typesOf(loaded.schema)).toEqual({
      id: 'long',
      zip: 'string',
      amount: 'decimal(18, 2)',
      at: 'timestamptz',
      flag: 'boolean',
      note: 'string',
    });
    expect(found).toMatchObject([
      {
        id: '1',
        zip: '00501',
        amount: '1.50',
        at: '2026-01-01 10:00:00+00',
        flag: 'true',
        note: ' a "b"',
      },
      { id: '2', zip: '10501', amount: '2.00', at: null, flag: 'false', note: '' },
    ]);
  });

  it('whose text was not kept stay as they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lake-'));
    const rules = { ...noRules, masks: { email: 'redact' as const } };
    const first = await open(folder, { rules });
    await first.load('a.csv', `id,email\n1,a\n2,${secret},b\n`);
    const { rejects } = await first.finish();
    await first.loader[Symbol.asyncDispose]();
    const again = await replayed({ folder, rejects }, {}, { schema: [] });
    expect(again.rejects).toMatchObject([
      { row_text: null, line: '3', reason: '3 columns where 2 are expected' },
    ]);
  });
});
