import { afterEach, expect, it, vi } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { listExpiredObjects } from '../../../shared/lake/listExpiredObjects.ts';
import { listSnapshots } from '../../../shared/lake/listSnapshots.ts';
import { previewRows } from '../../../shared/lake/previewRows.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import { queryLake } from '../../lakeReader.ts';
import { readWithIcebird, serveToIcebird } from './icebird.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

afterEach(() => vi.unstubAllGlobals());

const fields: readonly Field[] = [{ id: 1, name: 'id', type: 'int' }];
const rowsPerFile = 7;

/** A data file of the model: its first id, and the positions that are deleted. */
interface ModelFile {
  readonly file: DataFile;
  readonly first: number;
  readonly deleted: ReadonlySet<number>;
}

/** Whether each file that both have lost rows from one to the other, and won none: so it is but for undos in between. */
const areNested = (now: readonly ModelFile[], then: readonly ModelFile[]): boolean =>
  now.every(({ first, deleted }) => {
    const other = then.find((each) => each.first === first)?.deleted ?? deleted;
    return deleted.isSubsetOf(other) || other.isSubsetOf(deleted);
  });

it('a random life of commits, deletes, rewrites, swaps, undos and expiry holds the rows that a model holds', async () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6));
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const table = new TestTable(await openDuckdb());
  serveToIcebird(table.store);
  let model: readonly ModelFile[] = [];
  let nextId = 0;
  const history: { readonly pointer: TablePointer; readonly model: readonly ModelFile[] }[] = [];
  const liveIds = (files: readonly ModelFile[]): number[] =>
    files
      .flatMap(({ first, deleted }) =>
        Array.from({ length: rowsPerFile }, (_, row) => row)
          .filter((row) => !deleted.has(row))
          .map((row) => first + row),
      )
      .toSorted((left, right) => left - right);
  const newFile = async (): Promise<ModelFile> => {
    const first = nextId;
    nextId += rowsPerFile;
    const query = `select (${first} + i)::int id from range(${rowsPerFile}) t(i)`;
    return { file: await table.write(query, fields), first, deleted: new Set() };
  };
  const withDeletes = (each: ModelFile): ModelFile => {
    const deleted = new Set(each.deleted);
    for (let count = 1 + random(3); count > 0; count--) deleted.add(random(rowsPerFile));
    return { ...each, deleted };
  };
  const step = async (): Promise<void> => {
    const before = liveIds(model);
    const adds = await Promise.all(Array.from({ length: random(3) }, newFile));
    const kind = random(8);
    const goes = (each: ModelFile): boolean =>
      kind === 0 || (kind === 1 && each.first % 2 === 0 && each.deleted.size > 1);
    const stay = model.filter((each) => !goes(each));
    const next = [...stay, ...adds].map((each) => (random(3) === 0 ? withDeletes(each) : each));
    const changed = next.filter((each) => ![...stay, ...adds].includes(each));
    const deletes = await Promise.all(
      changed.map(({ file, deleted }) =>
        table.writeDeletes(file, `select unnest([${[...deleted]}]) pos`),
      ),
    );
    const gone = model.filter(goes).map(({ file }) => file.path);
    const removed = await table.delete(
      fields,
      deletes,
      adds.map(({ file }) => file),
      kind === 0
        ? { kind: 'everything' }
        : gone.length > 0
          ? { kind: 'files', paths: gone }
          : { kind: 'nothing' },
    );
    model = next;
    const after = new Set(liveIds(next));
    expect(removed).toBe(before.filter((id) => !after.has(id)).length);
  };
  for (let number = 0; number < 80; number++) {
    const earlier = table.pointer;
    const back = history[history.length - 1 - random(6)];
    if (random(10) === 0 && back !== undefined) {
      const now = liveIds(model);
      const then = new Set(liveIds(back.model));
      const gone = now.filter((id) => !then.has(id)).length;
      const told = await table.revert(back.pointer, fields);
      if (areNested(model, back.model)) expect(told).toBe(gone);
      else expect(told).toBeLessThanOrEqual(gone);
      model = back.model;
    } else await step();
    history.push({ pointer: table.current, model });
    table.now = new Date(table.now.getTime() + random(12) * 3_600_000);
    expect(table.current.rows).toBe(liveIds(model).length);
    if (earlier === null) continue;
    const keys = await listExpiredObjects({
      store: table.store,
      before: earlier.metadataKey,
      after: table.current.metadataKey,
      glue: null,
      signal: never,
    });
    await table.store.delete(keys);
  }
  const byId = new Map(history.map(({ pointer, model: files }) => [pointer.snapshotId, files]));
  for (const { snapshotId, rows } of await listSnapshots(table.store, table.current, never)) {
    const expected = liveIds(byId.get(snapshotId) ?? []);
    expect(rows).toBe(expected.length);
    const { store, current: pointer } = table;
    const ours = await previewRows({
      store,
      pointer,
      limit: 9_999,
      asOf: snapshotId,
      signal: never,
    });
    const ids = (found: readonly Readonly<Record<string, unknown>>[]) =>
      found.map((row) => Number(row['id'])).toSorted((left, right) => left - right);
    expect(ids(ours.rows)).toEqual(expected);
    expect(ids(await queryLake(store, pointer.metadataKey, snapshotId, 'select * from t'))).toEqual(
      expected,
    );
    expect(ids(await readWithIcebird(store, pointer, snapshotId))).toEqual(expected);
  }
});
