import { describe, expect, it } from 'vitest';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import type { MergeRule } from '../../../shared/merge/merge.ts';
import { MergeTable, type Row } from './mergeTable.ts';
import { rowsQuery } from './rowsQuery.ts';

const schemaOf = (type: ColumnType): readonly Field[] => [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'c', type },
  { id: 3, name: 'v', type: 'string' },
  { id: 4, name: '_run_id', type: 'string' },
  { id: 5, name: '_ingested_at', type: 'timestamptz' },
  { id: 6, name: '_deleted', type: 'boolean' },
];
const schema = schemaOf('long');
/** id, cursor, value. */
const query = (rows: readonly (readonly string[])[], fields = schema): string =>
  rowsQuery(
    fields,
    rows.map((row) => [...row, 'NULL', 'NULL', 'NULL']),
  );
const valuesOf = (rows: readonly Row[]): readonly unknown[] => rows.map(({ v }) => v).toSorted();

describe('appending once', () => {
  const rule = { kind: 'appendOnce', key: ['id'], cursor: 'c' } as const;

  it('drops new rows whose key and cursor the table has, null cursors among them', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', '10', "'a'"],
          ['2', '20', "'b'"],
          ['3', 'NULL', "'c'"],
        ]),
        schema,
      ),
    );
    const adds = [
      await table.write(
        query([
          ['2', '20', "'again'"],
          ['2', '21', "'b2'"],
          ['3', 'NULL', "'again'"],
          ['3', '20', "'c2'"],
          ['4', 'NULL', "'d'"],
        ]),
        schema,
      ),
    ];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged).toMatchObject({ deduplicated: 2, superseded: 0, removes: [] });
    table.apply(merged);
    expect(valuesOf(await table.rows(schema))).toEqual(['a', 'b', 'b2', 'c', 'c2', 'd']);
  });

  it('keeps the first of new rows that are equal', async () => {
    await using table = await MergeTable.open();
    const adds = [
      await table.write(
        query([
          ['1', '10', "'first'"],
          ['1', '10', "'second'"],
        ]),
        schema,
      ),
      await table.write(
        query([
          ['1', '10', "'third'"],
          ['1', '11', "'later'"],
        ]),
        schema,
      ),
    ];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged.deduplicated).toBe(2);
    table.apply(merged);
    expect(valuesOf(await table.rows(schema))).toEqual(['first', 'later']);
  });

  it('counts a new row once, however often and in however many files the table has it', async () => {
    await using table = await MergeTable.open();
    const twice = query([
      ['1', '10', "'a'"],
      ['1', '10', "'a'"],
    ]);
    const file = await table.write(twice, schema);
    for (let copy = 0; copy < 70; copy++) await table.add(file);
    const adds = [await table.write(twice, schema)];
    expect((await table.merge({ rule, schema, adds })).deduplicated).toBe(2);
  });

  it('takes a row that was deleted for gone', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', '10', "'deleted'"],
          ['2', '10', "'b'"],
        ]),
        schema,
      ),
      [0],
    );
    const adds = [await table.write(query([['1', '10', "'a'"]]), schema)];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged).toMatchObject({ deduplicated: 0, deletes: [], adds });
  });

  it('looks at no file whose cursors are all below those of the new rows', async () => {
    await using table = await MergeTable.open();
    const old = await table.add(
      await table.write(
        query([
          ['1', '1', "'a'"],
          ['2', '9', "'b'"],
        ]),
        schema,
      ),
    );
    const recent = await table.add(
      await table.write(
        query([
          ['1', '9', "'c'"],
          ['2', '10', "'d'"],
        ]),
        schema,
      ),
    );
    const adds = [
      await table.write(
        query([
          ['1', '10', "'e'"],
          ['2', '10', "'f'"],
        ]),
        schema,
      ),
    ];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged.deduplicated).toBe(1);
    const read = new Set(table.reads.map(({ path }) => path));
    expect(read.has(old.path)).toBe(false);
    expect(read.has(recent.path)).toBe(true);
  });
});

describe('replacing a window', () => {
  const window = (from: string | null, to: string | null, nulls = false): MergeRule => ({
    kind: 'replaceWindow',
    cursor: 'c',
    range: { from, to },
    nulls,
  });

  const cases: readonly (readonly [ColumnType, readonly string[], string, string])[] = [
    [
      'date',
      ["'2026-02-28'", "'2026-03-01'", "'2026-03-31'", "'2026-04-01'"],
      '2026-03-01',
      '2026-04-01',
    ],
    [
      'timestamp',
      [
        "'2026-02-28 23:59:59.999999'",
        "'2026-03-01'",
        "'2026-03-31 23:59:59.999999'",
        "'2026-04-01'",
      ],
      '2026-03-01',
      '2026-04-01',
    ],
    [
      'timestamptz',
      [
        "'2026-03-01 00:59:59.999999+01'",
        "'2026-03-01 01:00:00+01'",
        "'2026-03-31 23:59:59.999999+00'",
        "'2026-04-01 02:00:00+02'",
      ],
      '2026-03-01',
      '2026-04-01',
    ],
    [
      'timestamptz',
      [
        "'2026-03-28 22:59:59+00'",
        "'2026-03-28 23:00:00+00'",
        "'2026-03-29 21:59:59+00'",
        "'2026-03-29 22:00:00+00'",
      ],
      '2026-03-29 00:00:00+01',
      '2026-03-30T00:00:00+02:00',
    ],
    ['long', ['-1', '0', '9007199254740992', '9007199254740993'], '0', '9007199254740993'],
    ['decimal(38, 10)', ['9.9999999999', '10', '19.9999999999', '20'], '10', '20.0'],
    ['string', ["'A'", "'a'", "'az'", "'b'"], 'a', 'b'],
  ];
  it.each(
    cases,
  )('removes rows of %s in [from, to) and no others', async (type, values, from, to) => {
    const fields = schemaOf(type);
    await using table = await MergeTable.open();
    const rows = values.map((value, index) => [String(index), value, `'${'abcd'[index]}'`]);
    await table.add(await table.write(query([...rows, ['9', 'NULL', "'null'"]], fields), fields));
    for (const row of rows) await table.add(await table.write(query([row], fields), fields));
    const adds = [await table.write(query([['0', values[0] ?? '', "'new'"]], fields), fields)];
    const merged = await table.merge({ rule: window(from, to), schema: fields, adds });
    expect(merged).toMatchObject({ superseded: 4, deduplicated: 0 });
    table.apply(merged);
    expect(valuesOf(await table.rows(fields))).toEqual(['a', 'a', 'd', 'd', 'new', 'null']);
  });

  it('removes rows without a cursor only where asked to', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', 'NULL', "'a'"],
          ['2', '5', "'b'"],
        ]),
        schema,
      ),
    );
    await table.add(await table.write(query([['3', 'NULL', "'c'"]]), schema));
    expect((await table.merge({ rule: window(null, null), schema, adds: [] })).superseded).toBe(1);
    expect(
      (await table.merge({ rule: window(null, null, true), schema, adds: [] })).superseded,
    ).toBe(3);
    const nulls = { kind: 'replaceWindow', cursor: 'c', range: null, nulls: true } as const;
    expect((await table.merge({ rule: nulls, schema, adds: [] })).superseded).toBe(2);
    expect(
      (await table.merge({ rule: { ...nulls, nulls: false }, schema, adds: [] })).superseded,
    ).toBe(0);
  });

  it('reads neither files that lie outside nor those that lie inside', async () => {
    await using table = await MergeTable.open();
    const files = [];
    for (const [from, to] of [
      [0, 9],
      [10, 15],
      [5, 12],
      [15, 25],
      [20, 30],
    ])
      files.push(
        await table.add(
          await table.write(
            query([
              ['1', String(from), "'a'"],
              ['2', String(to), "'b'"],
            ]),
            schema,
          ),
        ),
      );
    const [, inside, before, after] = files;
    const merged = await table.merge({ rule: window('10', '20'), schema, adds: [] });
    expect(merged.superseded).toBe(4);
    expect(merged.removes).toContain(inside?.path);
    expect(new Set(table.reads.map(({ path }) => path))).toEqual(
      new Set([before?.path, after?.path]),
    );
  });

  it('counts deleted rows of a file that goes unread as gone already', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', '1', "'a'"],
          ['2', '2', "'b'"],
          ['3', '3', "'c'"],
        ]),
        schema,
      ),
      [1],
    );
    const merged = await table.merge({ rule: window('1', '9'), schema, adds: [] });
    expect(merged).toMatchObject({ superseded: 2, bytesRead: 0 });
  });
});

describe('keeping only given keys', () => {
  const rule = (onDelete: 'tombstone' | 'remove'): MergeRule => ({
    kind: 'keepOnly',
    key: ['id'],
    onDelete,
  });
  const keys = schema.slice(0, 1);

  it('writes one tombstone for each key that went, and none again the next time', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', '1', "'a'"],
          ['2', '1', "'b'"],
          ['2', '2', "'b2'"],
          ['NULL', '1', "'null'"],
        ]),
        schema,
      ),
    );
    const adds = [await table.write('SELECT 1 AS id', keys)];
    const merged = await table.merge({ rule: rule('tombstone'), schema, adds });
    expect(merged).toMatchObject({ superseded: 3, tombstones: 2, deduplicated: 0 });
    table.apply(merged);
    const stone = {
      c: null,
      v: null,
      _run_id: 'run-1',
      _ingested_at: '2026-11-21 10:00:00+00',
      _deleted: true,
    };
    expect((await table.rows(schema)).filter(({ v }) => v === null)).toEqual([
      { id: '2', ...stone },
      { id: null, ...stone },
    ]);
    const again = await table.merge({ rule: rule('tombstone'), schema, adds });
    expect(again).toMatchObject({
      superseded: 0,
      tombstones: 0,
      adds: [],
      deletes: [],
      removes: [],
    });
  });

  it('removes rows and earlier tombstones where asked to', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        query([
          ['1', '1', "'a'"],
          ['2', '1', "'b'"],
        ]),
        schema,
      ),
    );
    const adds = [await table.write('SELECT 1 AS id', keys)];
    table.apply(await table.merge({ rule: rule('tombstone'), schema, adds }));
    const merged = await table.merge({ rule: rule('remove'), schema, adds });
    expect(merged).toMatchObject({ superseded: 1, tombstones: 0 });
    table.apply(merged);
    expect(valuesOf(await table.rows(schema))).toEqual(['a']);
  });

  it('removes every row where no keys are left', async () => {
    await using table = await MergeTable.open();
    const file = await table.add(
      await table.write(
        query([
          ['1', '1', "'a'"],
          ['2', '1', "'b'"],
        ]),
        schema,
      ),
    );
    const merged = await table.merge({ rule: rule('remove'), schema, adds: [] });
    expect(merged).toMatchObject({ superseded: 2, removes: [file.path], adds: [] });
  });
});
