import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { ColumnSink, FilledRows } from '../../../shared/connectors/columnSink.ts';
import type { Column, Field } from '../../../shared/lake/schema.ts';
import { BytesBuffer, Int64Buffer } from '../../../shared/parquet/columnBuffers.ts';
import { noRules } from '../../../shared/schema/columnRules.ts';
import { decodedColumns } from '../../../shared/staging/decodedColumns.ts';
import { TestLoader } from './testLoader.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'long' },
  { name: 'Left Out', type: 'string' },
  { name: 'note', type: 'string' },
];

/** Rows of a number and a text, some at a time; every `misfit`th text is said to fit nothing. */
async function* fill(
  sink: ColumnSink,
  rows: number,
  { step = 5000, misfit = 0, text = (id: number) => `note ${id}` } = {},
): AsyncGenerator<FilledRows> {
  for (let id = 0; id < rows; ) {
    const to = Math.min(rows, id + step);
    const added = to - id;
    const [ids, , notes] = sink.columns;
    if (!(ids instanceof Int64Buffer && notes instanceof BytesBuffer))
      throw new TypeError('buffers');
    for (; id < to; id++) {
      ids.addNumber(id);
      if (misfit > 0 && id % misfit === 0) {
        notes.nulls.add(sink.row);
        sink.unfit(2, `"${id}"`);
      } else notes.addText(text(id));
      sink.row++;
    }
    yield { rows: added, bytes: added * 10 };
  }
}

const open = (over: Parameters<typeof TestLoader.open>[0] = {}): Promise<TestLoader> =>
  TestLoader.open({
    columns,
    systemColumns: [],
    rules: { ...noRules, exclude: ['Left Out'] },
    ...over,
  });

async function ask(loader: TestLoader, paths: readonly string[], sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files = paths.map((path) => `'${loader.lakeFolder}/${path.slice('s3://lake/'.length)}'`);
  const reader = await connection.runAndReadAll(sql.replaceAll('FILES', `[${files.join(', ')}]`));
  const rows = reader.getRowObjectsJson();
  instance.closeSync();
  return rows;
}

describe('decoded rows', () => {
  it('are all in the file, over several row groups, with what fits nothing beside them', async () => {
    await using loader = await open();
    const rows = 300_000;
    const counts = await loader.loader.load({
      columns,
      body: { kind: 'columns', fill: (sink) => fill(sink, rows, { misfit: 61_440 }) },
    });
    expect(counts).toEqual({ read: rows, written: rows, rejected: 0, deduplicated: 0, bytes: 3e6 });
    const { adds } = await loader.finish();
    const paths = adds.map(({ path }) => path);
    expect(
      await ask(
        loader,
        paths,
        `SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids, count(note)::INT AS notes,
           bool_and(note IS NULL OR note = 'note ' || id) AS same, min(_run_id) || max(_run_id) AS run,
           count(DISTINCT _ingested_at)::INT AS moments FROM read_parquet(FILES)`,
      ),
    ).toEqual([{ n: rows, ids: rows, notes: rows - 5, same: true, run: 'run-1run-1', moments: 1 }]);
    expect(
      await ask(
        loader,
        paths,
        'SELECT id::INT AS id, _unfit, note FROM read_parquet(FILES) WHERE _unfit IS NOT NULL ORDER BY id',
      ),
    ).toEqual(
      [0, 61_440, 122_880, 184_320, 245_760].map((id) => ({
        id,
        _unfit: JSON.stringify({ note: `"${id}"` }),
        note: null,
      })),
    );
    expect(
      await ask(
        loader,
        paths,
        'SELECT count(DISTINCT row_group_id)::INT AS groups FROM parquet_metadata(FILES)',
      ),
    ).toEqual([{ groups: 3 }]);
    expect(loader.leftovers()).toEqual([]);
  });

  it('of many bytes end their row group early', async () => {
    await using loader = await open();
    const body = {
      kind: 'columns' as const,
      fill: (sink: ColumnSink) =>
        fill(sink, 60, { step: 1, text: (id) => String(id % 10).repeat(3 * 2 ** 20) }),
    };
    await loader.loader.load({ columns, body });
    const { adds } = await loader.finish();
    const paths = adds.map(({ path }) => path);
    expect(
      await ask(
        loader,
        paths,
        `SELECT count(DISTINCT row_group_id)::INT > 3 AS several, max(row_group_num_rows)::INT < 20 AS short FROM parquet_metadata(FILES)`,
      ),
    ).toEqual([{ several: true, short: true }]);
    expect(
      await ask(loader, paths, 'SELECT sum(length(note))::BIGINT AS n FROM read_parquet(FILES)'),
    ).toEqual([{ n: String(60 * 3 * 2 ** 20) }]);
  });

  it('that end in the middle, or are not UTF-8, leave nothing behind', async () => {
    await using loader = await open();
    async function* broken(sink: ColumnSink): AsyncGenerator<FilledRows> {
      yield* fill(sink, 200_000);
      throw new Error('the source is gone');
    }
    await expect(
      loader.loader.load({ columns, body: { kind: 'columns', fill: broken } }),
    ).rejects.toThrow('the source is gone');
    async function* garbled(sink: ColumnSink): AsyncGenerator<FilledRows> {
      yield* fill(sink, 10);
      const [ids, , notes] = sink.columns;
      (ids as Int64Buffer).add(0, 0);
      (notes as BytesBuffer).add(Buffer.from([0xe4]), 0, 1);
      sink.row++;
      yield { rows: 1, bytes: 1 };
    }
    await expect(
      loader.loader.load({ columns, body: { kind: 'columns', fill: garbled } }),
    ).rejects.toMatchObject({ code: 'source_answer_invalid' });
    expect(loader.leftovers()).toEqual([]);
    const { adds, schema } = await loader.finish();
    expect([adds, schema]).toEqual([[], []]);
  });

  it('that were counted otherwise than they were added are no success', async () => {
    await using loader = await open();
    async function* doubled(sink: ColumnSink): AsyncGenerator<FilledRows> {
      for await (const { rows, bytes } of fill(sink, 10)) yield { rows: rows + 1, bytes };
    }
    await expect(
      loader.loader.load({ columns, body: { kind: 'columns', fill: doubled } }),
    ).rejects.toMatchObject({ code: 'not_reconciled' });
  });

  it('are not taken where they were not offered to be', async () => {
    const schema: readonly Field[] = [{ id: 1, name: 'id', type: 'string' }];
    await using loader = await open({ schema });
    await expect(
      loader.loader.load({ columns, body: { kind: 'columns', fill: (sink) => fill(sink, 1) } }),
    ).rejects.toThrow(TypeError);
  });
});

describe('a request for decoded values', () => {
  const schema: readonly Field[] = [
    { id: 1, name: 'a', type: 'long' },
    { id: 2, name: 'b', type: 'decimal(12, 2)' },
  ];
  const offers = (given: readonly Column[], rules = noRules): boolean =>
    decodedColumns(given, schema, rules, null) !== null;

  it('is made where every column is the table’s, wider there, wider here, or new', () => {
    for (const type of ['int', 'long'] as const) expect(offers([{ name: 'a', type }])).toBe(true);
    for (const type of ['decimal(9, 2)', 'decimal(14, 2)'] as const)
      expect(offers([{ name: 'B', type }])).toBe(true);
    expect(offers([{ name: 'new', type: 'timestamp' }])).toBe(true);
    // The table's column becomes what the source's is.
    expect(offers([{ name: 'a', type: 'string' }])).toBe(true);
  });

  it('is not made where a value becomes something else, or is judged', () => {
    for (const type of ['double', 'date'] as const)
      expect(offers([{ name: 'a', type }])).toBe(false);
    expect(offers([{ name: 'b', type: 'decimal(12, 1)' }])).toBe(false);
    const a: readonly Column[] = [{ name: 'a', type: 'long' }];
    expect(offers(a)).toBe(true);
    expect(offers(a, { ...noRules, types: { a: 'string' } })).toBe(false);
    expect(offers(a, { ...noRules, masks: { x: 'drop' } })).toBe(false);
    expect(offers(a, { ...noRules, contract: 'discard_value' })).toBe(false);
    expect(decodedColumns(null, schema, noRules, null)).toBeNull();
  });

  it('does not look at columns that are left out', () => {
    const given: readonly Column[] = [
      { name: 'a', type: 'string' },
      { name: 'b', type: 'decimal(12, 2)' },
    ];
    expect(offers(given, { ...noRules, exclude: ['a'] })).toBe(true);
    expect(decodedColumns(given, schema, noRules, ['b'])).not.toBeNull();
  });
});
