import { describe, expect, it } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import type { CopyOnWrite } from '../../../shared/merge/copyOnWrite.ts';
import type { Merged, MergeRule } from '../../../shared/merge/merge.ts';
import { MergeTable } from './mergeTable.ts';
import { rowsQuery } from './rowsQuery.ts';

const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'changed', type: 'timestamp' },
  { id: 3, name: 'v', type: 'string' },
  { id: 4, name: '_deleted', type: 'boolean' },
];
const upsert = { kind: 'upsert', key: ['id'], cursor: 'changed', onDelete: 'tombstone' } as const;
const neverRewrite: CopyOnWrite = () => new Set();
const alwaysRewrite: CopyOnWrite = (files) => new Set(files);

/** id, day of March or null, value, tombstone or not. */
type TestRow = readonly [number | null, number | null, string, boolean?];
const query = (rows: readonly TestRow[]): string =>
  rowsQuery(
    schema,
    rows.map(([id, day, v, deleted]) => [
      String(id),
      day === null ? 'NULL' : `'2026-03-${String(day).padStart(2, '0')}'`,
      `'${v}'`,
      deleted === true ? 'true' : 'NULL',
    ]),
  );

class Case implements AsyncDisposable {
  readonly table: MergeTable;
  readonly adds: DataFile[] = [];
  merged: Merged | null = null;

  constructor(table: MergeTable) {
    this.table = table;
  }
  static async of(
    live: readonly (readonly TestRow[])[],
    adds: readonly (readonly TestRow[])[],
  ): Promise<Case> {
    const table = await MergeTable.open();
    const made = new Case(table);
    for (const rows of live) await table.add(await table.write(query(rows), schema));
    for (const rows of adds) made.adds.push(await table.write(query(rows), schema));
    return made;
  }
  /** Merges, commits, and answers the values left. */
  async values(rule: MergeRule = upsert, copyOnWrite?: CopyOnWrite): Promise<readonly unknown[]> {
    this.merged = await this.table.merge({ rule, schema, adds: this.adds }, copyOnWrite);
    this.table.apply(this.merged);
    const rows = await this.table.rows(schema, '"v"');
    return rows.map(({ v }) => v);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.table[Symbol.asyncDispose]();
  }
}

describe('an upsert', () => {
  it('of rows that the table has already, value by value, changes nothing', async () => {
    const rows: readonly TestRow[] = [
      [1, 1, 'one'],
      [2, null, 'two'],
      [null, 2, 'no key'],
    ];
    await using made = await Case.of([rows, [[3, 1, 'three']]], [rows, [[3, 1, 'three', false]]]);
    expect(await made.values()).toEqual(['no key', 'one', 'three', 'two']);
    expect(made.merged).toMatchObject({
      adds: [],
      deletes: [],
      removes: [],
      deduplicated: 4,
      superseded: 0,
    });
  });

  it.each([
    ['another value', [1, 1, 'ONE']],
    ['a key more', [4, 1, 'one']],
    ['a tombstone', [1, 1, 'one', true]],
  ] as const)('takes %s at the same cursor for a change', async (_, row) => {
    await using made = await Case.of([[[1, 1, 'one']]], [[[...row]]]);
    await made.values();
    expect(made.merged?.adds).toHaveLength(1);
    expect(made.merged?.deduplicated).toBe(0);
  });

  it('leaves one row per key: the newest by cursor, then by place', async () => {
    await using made = await Case.of(
      [],
      [
        [
          [1, 2, 'one, newer'],
          [1, 1, 'one, older'],
          [2, 5, 'two, first'],
        ],
        [
          [2, 5, 'two, later file'],
          [3, 1, 'three'],
          [3, 1, 'three, later row'],
        ],
      ],
    );
    expect(await made.values()).toEqual(['one, newer', 'three, later row', 'two, later file']);
    expect(made.merged).toMatchObject({ deduplicated: 3, superseded: 0 });
  });

  it('takes a new row over one of the table that is older or as old', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [2, 2, 'b'],
          [3, 3, 'c'],
        ],
      ],
      [
        [
          [1, 2, 'a2'],
          [2, 2, 'b2'],
        ],
      ],
    );
    expect(await made.values()).toEqual(['a2', 'b2', 'c']);
    expect(made.merged).toMatchObject({ deduplicated: 0, superseded: 2, tombstones: 0 });
  });

  it('keeps the row of the table where it is newer, and counts the new one as deduplicated', async () => {
    await using made = await Case.of(
      [[[1, 5, 'table']]],
      [
        [
          [1, 4, 'late'],
          [2, 1, 'other'],
        ],
      ],
    );
    expect(await made.values()).toEqual(['other', 'table']);
    expect(made.merged).toMatchObject({ deduplicated: 1, superseded: 0 });
  });

  it('takes a null cursor for the newest of the new rows and for older than any in the table', async () => {
    await using made = await Case.of(
      [
        [
          [1, null, 'table null'],
          [2, 9, 'table nine'],
          [3, null, 'table null 3'],
        ],
      ],
      [
        [
          [1, 1, 'one'],
          [2, null, 'null 2'],
          [2, 10, 'ten'],
          [3, null, 'null 3'],
        ],
      ],
    );
    expect(await made.values()).toEqual(['null 2', 'null 3', 'one']);
    expect(made.merged).toMatchObject({ deduplicated: 1, superseded: 3 });
  });

  it('ends with one row of a key that the table had several of, whoever wins', async () => {
    const several: readonly TestRow[] = [
      [1, 1, 't1'],
      [1, 5, 't5'],
      [1, 8, 't8'],
      [1, 8, 't8 again'],
      [1, null, 'null'],
    ];
    await using wins = await Case.of([several, [[1, 2, 't2']]], [[[1, 9, 'new']]]);
    expect(await wins.values()).toEqual(['new']);
    expect(wins.merged).toMatchObject({ deduplicated: 0, superseded: 6 });
    await using loses = await Case.of([several, [[1, 2, 't2']]], [[[1, 6, 'new']]]);
    expect(await loses.values()).toEqual(['t8 again']);
    expect(loses.merged).toMatchObject({ deduplicated: 1, superseded: 5 });
  });

  it('goes by place alone where there is no cursor', async () => {
    await using made = await Case.of(
      [[[1, 9, 'table']]],
      [
        [
          [1, 5, 'first'],
          [1, 1, 'second'],
        ],
      ],
    );
    expect(await made.values({ ...upsert, cursor: null })).toEqual(['second']);
  });

  it('keeps tombstones as rows where asked to, of unknown keys too', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [2, 1, 'b'],
        ],
      ],
      [
        [
          [1, 2, 'gone', true],
          [7, 1, 'never seen', true],
        ],
      ],
    );
    expect(await made.values()).toEqual(['b', 'gone', 'never seen']);
    expect(made.merged).toMatchObject({ deduplicated: 0, superseded: 1 });
  });

  it('removes the row and the tombstone where asked to, and every row read is accounted for', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [2, 1, 'b'],
          [3, 9, 'newer than its tombstone'],
        ],
      ],
      [
        [
          [1, 2, 'gone', true],
          [7, 1, 'never seen', true],
          [2, 3, 'gone', true],
          [2, 4, 'back'],
          [3, 4, 'late', true],
        ],
      ],
    );
    expect(await made.values({ ...upsert, onDelete: 'remove' })).toEqual([
      'back',
      'newer than its tombstone',
    ]);
    const { deduplicated = 0, superseded = 0 } = made.merged ?? {};
    expect({ read: 5, written: 1, deduplicated, superseded }).toEqual({
      read: 5,
      written: 5 - deduplicated,
      deduplicated: 4,
      superseded: 2,
    });
  });

  it('takes null for a key value like any other', async () => {
    await using made = await Case.of(
      [
        [
          [null, 1, 'null'],
          [1, 1, 'one'],
        ],
      ],
      [[[null, 2, 'null 2']]],
    );
    expect(await made.values()).toEqual(['null 2', 'one']);
  });

  it('sees no row that was deleted before, and its deletes hold the old positions too, sorted', async () => {
    await using made = await Case.of(
      [],
      [
        [
          [4, 5, 'four'],
          [1, 2, 'one'],
        ],
      ],
    );
    const { table } = made;
    const file = await table.write(
      query([
        [1, 9, 'deleted, newer'],
        [1, 1, 'live'],
        [2, 1, 'two'],
        [3, 1, 'deleted'],
        [4, 1, 'live 4'],
      ]),
      schema,
    );
    await table.add(file, [3, 0]);
    expect(await made.values(upsert, neverRewrite)).toEqual(['four', 'one', 'two']);
    expect(made.merged).toMatchObject({ deduplicated: 0, superseded: 2, removes: [] });
    const [deletes] = made.merged?.deletes ?? [];
    expect(deletes).toMatchObject({ deletesFrom: file.path, rows: 4, content: 'position_deletes' });
    expect(await table.sql(`FROM '${table.localPath(deletes?.path ?? '')}'`)).toEqual(
      ['0', '1', '3', '4'].map((pos) => ({ file_path: file.path, pos })),
    );
  });

  it('removes a file without a live row instead of deleting its rows', async () => {
    await using made = await Case.of(
      [[[3, 1, 'stays']]],
      [
        [
          [1, 2, 'one'],
          [2, 2, 'two'],
        ],
      ],
    );
    const file = await made.table.write(
      query([
        [1, 1, 'a'],
        [2, 1, 'b'],
        [9, 1, 'deleted'],
      ]),
      schema,
    );
    await made.table.add(file, [2]);
    expect(await made.values(upsert, neverRewrite)).toEqual(['one', 'stays', 'two']);
    expect(made.merged).toMatchObject({ removes: [file.path], deletes: [], superseded: 2 });
  });

  it('drops a new file that lost altogether and deletes single rows of the others', async () => {
    await using made = await Case.of(
      [[[1, 9, 'table']]],
      [
        [
          [1, 1, 'lost'],
          [1, 2, 'lost'],
        ],
        [
          [2, 1, 'two, older'],
          [2, 2, 'two'],
          [3, 1, 'three'],
        ],
      ],
    );
    expect(await made.values(upsert, neverRewrite)).toEqual(['table', 'three', 'two']);
    expect(made.merged?.adds).toEqual([made.adds[1]]);
    expect(made.merged?.deletes).toMatchObject([{ deletesFrom: made.adds[1]?.path, rows: 1 }]);
    expect(made.merged?.deduplicated).toBe(3);
  });

  it('writes files again in their places and without a delete file where that is cheaper', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [2, 1, 'b'],
          [3, 1, 'c'],
        ],
      ],
      [
        [[5, 1, 'five']],
        [
          [1, 1, 'older'],
          [1, 2, 'a2'],
        ],
        [[6, 1, 'six']],
      ],
    );
    expect(await made.values(upsert, alwaysRewrite)).toEqual(['a2', 'b', 'c', 'five', 'six']);
    const { adds = [], deletes, removes } = made.merged ?? {};
    expect(deletes).toEqual([]);
    expect(removes).toHaveLength(1);
    expect(adds.map(({ rows }) => rows)).toEqual([2, 1, 1, 1]);
    expect([adds[1], adds[3]]).toEqual([made.adds[0], made.adds[2]]);
  });

  it('leaves a file as it is when none of its rows has a new key', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [3, 1, 'c'],
        ],
        [[2, 1, 'b']],
      ],
      [[[2, 2, 'b2']]],
    );
    expect(await made.values()).toEqual(['a', 'b2', 'c']);
    expect(made.merged?.removes).toHaveLength(1);
  });

  it('does nothing with no new rows', async () => {
    await using made = await Case.of([[[1, 1, 'a']]], []);
    expect(await made.values()).toEqual(['a']);
    expect(made.merged).toEqual({
      adds: [],
      deletes: [],
      removes: [],
      deduplicated: 0,
      superseded: 0,
      tombstones: 0,
      bytesRead: 0,
    });
  });

  it('never takes one composite key for another', async () => {
    const fields: readonly Field[] = [
      { id: 1, name: 'a', type: 'string' },
      { id: 2, name: 'b', type: 'string' },
      { id: 3, name: 'v', type: 'string' },
    ];
    const pairs = [
      ["'a'", "'bc'"],
      ["'ab'", "'c'"],
      ["''", "'abc'"],
      ['NULL', "'abc'"],
      ["'abc'", 'NULL'],
      ["'abc'", "''"],
    ];
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        rowsQuery(
          fields,
          pairs.map((pair, index) => [...pair, `'table ${index}'`]),
        ),
        fields,
      ),
    );
    for (const [index, pair] of pairs.entries()) {
      const adds = [await table.write(rowsQuery(fields, [[...pair, `'new ${index}'`]]), fields)];
      const rule = {
        kind: 'upsert',
        key: ['a', 'b'],
        cursor: null,
        onDelete: 'tombstone',
      } as const;
      const merged = await table.merge({ rule, schema: fields, adds });
      expect(merged.superseded).toBe(1);
      table.apply(merged);
    }
    expect((await table.rows(fields, '"v"')).map(({ v }) => v)).toEqual(
      pairs.map((_, index) => `new ${index}`),
    );
  });

  it('never writes an object twice, though one attempt may merge several times', async () => {
    await using made = await Case.of(
      [
        [
          [1, 1, 'a'],
          [2, 1, 'b'],
        ],
      ],
      [[[1, 2, 'a2']]],
    );
    const dataPrefix = 'lake/run/a1/';
    for (const copyOnWrite of [alwaysRewrite, alwaysRewrite, neverRewrite, neverRewrite]) {
      const merged = await made.table.merge(
        { rule: upsert, schema, adds: made.adds, dataPrefix },
        copyOnWrite,
      );
      const [written] = [...merged.adds.slice(0, -1), ...merged.deletes];
      expect(written?.path.startsWith(`s3://lake/${dataPrefix}`)).toBe(true);
    }
  });

  it('refuses a key that the table does not have', async () => {
    await using made = await Case.of([], [[[1, 1, 'a']]]);
    await expect(made.values({ ...upsert, key: ['nope'] })).rejects.toMatchObject({
      code: 'internal_error',
    });
  });
});
