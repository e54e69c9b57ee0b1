import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import type { MemoryStore } from './memoryStore.ts';
import { TestTable } from './testTable.ts';

const narrow: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'amount', type: 'decimal(9, 2)' },
  { id: 3, name: 'ratio', type: 'float' },
  { id: 4, name: 'code', type: 'int' },
  { id: 5, name: 'name', type: 'string' },
];
/** Wider types, one column renamed, one added. */
const wide: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'amount', type: 'decimal(38, 2)' },
  { id: 3, name: 'ratio', type: 'double' },
  { id: 4, name: 'code', type: 'int' },
  { id: 5, name: 'title', type: 'string' },
  { id: 6, name: 'late', type: 'timestamptz' },
];
/** `code` is text now, under a new id. */
const retyped: readonly Field[] = wide.map((field) =>
  field.name === 'code' ? { id: 7, name: 'code', type: 'string' } : field,
);

const columns: Readonly<Record<string, string>> = {
  id: 'i',
  amount: '(i - 3000) * 1.37',
  ratio: 'i / 8',
  code: 'i',
  name: "'n' || i",
  title: "'n' || i",
  late: "timestamptz '2026-01-01 00:00:00+00' + to_microseconds(i * 987654321)",
};
const rowGroup = 2_048;
/** A row group's first and last rows, and the file's. */
const borders = [0, 1, 2_046, 2_047, 2_048, 4_095, 4_096, 4_999];

export interface DeletedTable {
  readonly table: TestTable;
  /** Ids of the live rows after each commit, by snapshot. */
  readonly live: ReadonlyMap<string, readonly number[]>;
}

/**
 * A table's life with deleted rows wherever readers go wrong: at row group borders, in whole files, over row groups,
 * in files of the same commit, in files written before columns were widened, renamed, added or retyped, deleted again
 * and brought back.
 */
export async function makeDeletedTable(
  duckdb: DuckDBConnection,
  store: MemoryStore,
  layout: 'apart' | 'together',
): Promise<DeletedTable> {
  const table = new TestTable(duckdb, `deleted_${layout}`, store, layout);
  const live = new Map<string, readonly number[]>();
  const ids = new Set<number>();
  const note = (): void => {
    const { snapshotId } = table.current;
    if (snapshotId !== null)
      live.set(
        snapshotId,
        [...ids].toSorted((a, b) => a - b),
      );
  };
  const part = (from: number, to: number, fields: readonly Field[], where = 'true') => {
    const select = fields.map(({ name }) => `${columns[name]} as "${name}"`).join(', ');
    return table.write(`select ${select} from range(${from}, ${to}) t(i) where ${where}`, fields, {
      rowGroupSize: rowGroup,
    });
  };
  const add = (from: number, to: number): void => {
    for (let id = from; id < to; id++) ids.add(id);
  };
  /** Deletes rows of a file whose first row has the id `first`, by position. */
  const deletes = (file: DataFile, first: number, positions: readonly number[]) => {
    for (const position of positions) ids.delete(first + position);
    return table.writeDeletes(file, `select unnest([${positions}]) pos`);
  };
  const range = (from: number, to: number, step = 1): number[] =>
    Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
  const union = (...lists: readonly (readonly number[])[]): number[] =>
    [...new Set(lists.flat())].toSorted((a, b) => a - b);

  const [a, b] = [await part(0, 5_000, narrow), await part(5_000, 5_003, narrow)];
  add(0, 5_003);
  await table.commit(narrow, [a, b]);
  note();

  await table.delete(narrow, [await deletes(a, 0, borders), await deletes(b, 5_000, [0, 1, 2])]);
  note();

  const c = await part(6_000, 8_100, wide);
  add(6_000, 8_100);
  const everySeventh = union(range(0, 2_100, 7), [2_099]);
  await table.delete(wide, [await deletes(c, 6_000, everySeventh)], [c]);
  note();

  const everyThird = union(borders, range(0, 5_000, 3));
  const d = await part(9_000, 9_005, wide);
  add(9_000, 9_005);
  await table.delete(wide, [await deletes(a, 0, everyThird)], [d]);
  note();
  const before = table.current;
  const idsBefore = [...ids];

  // `b` stays as it is: it has no live row.
  const gone = (first: number, positions: readonly number[]) =>
    `not list_contains([${positions}], i - ${first})`;
  const rewritten = await part(0, 5_000, retyped, gone(0, everyThird));
  await table.commit(
    retyped,
    [
      rewritten,
      await part(6_000, 8_100, retyped, gone(6_000, everySeventh)),
      await part(9_000, 9_005, retyped),
    ],
    { kind: 'files', paths: [a.path, c.path, d.path] },
  );
  note();

  // Over a whole row group and parts of its neighbours.
  const left = range(0, 5_000).filter((id) => !everyThird.includes(id));
  const over = range(100, 2_900);
  for (const position of over) ids.delete(left[position] ?? -1);
  await table.delete(retyped, [
    await table.writeDeletes(rewritten, `select unnest([${over}]) pos`),
  ]);
  note();

  await table.revert(before, wide);
  ids.clear();
  for (const id of idsBefore) ids.add(id);
  note();

  await table.delete(
    wide,
    [
      await deletes(a, 0, union(everyThird, range(2_000, 2_100))),
      await deletes(d, 9_000, range(0, 5)),
    ],
    [],
    { kind: 'files', paths: [c.path] },
  );
  for (let id = 6_000; id < 8_100; id++) ids.delete(id);
  note();

  const e = await part(10_000, 10_010, wide);
  ids.clear();
  add(10_000, 10_010);
  await table.delete(wide, [await deletes(e, 10_000, [0, 9])], [e], { kind: 'everything' });
  note();
  return { table, live };
}
