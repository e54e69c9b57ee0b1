import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { listExpiredObjects } from '../../../shared/lake/listExpiredObjects.ts';
import { listLiveFiles, listSnapshotLiveFiles } from '../../../shared/lake/listLiveFiles.ts';
import { readManifestList } from '../../../shared/lake/readManifests.ts';
import { retention } from '../../../shared/lake/retainedSnapshots.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { parseTableMetadata, type TableMetadata } from '../../../shared/lake/tableMetadata.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import { queryLake } from '../../lakeReader.ts';
import { readWithIcebird, serveToIcebird } from './icebird.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
let table: TestTable;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
beforeEach(() => {
  table = new TestTable(duckdb);
  serveToIcebird(table.store);
});
afterEach(() => vi.unstubAllGlobals());

const id: Field = { id: 1, name: 'id', type: 'int' };
const label: Field = { id: 2, name: 'label', type: 'string' };
const fields: readonly Field[] = [id, label];
const part = (from: number, to: number) =>
  table.write(`select i::int id, 'n' || i as label from range(${from}, ${to}) t(i)`, fields);
const at = (file: DataFile, ...positions: number[]) =>
  table.writeDeletes(file, `select unnest([${positions}]) pos`);
const metadata = (): TableMetadata =>
  parseTableMetadata(
    Buffer.from(table.store.objects.get(table.current.metadataKey) ?? '').toString(),
  );
/** As two independent readers see it, which must agree. */
const rows = async (snapshotId?: string) => {
  const ours = await queryLake(
    table.store,
    table.current.metadataKey,
    snapshotId ?? table.current.snapshotId,
    'select * from t order by id',
  );
  const theirs = await readWithIcebird(table.store, table.current, snapshotId);
  const ids = (found: readonly Readonly<Record<string, unknown>>[]) =>
    found.map((row) => Number(row['id'])).toSorted((left, right) => left - right);
  expect(ids(theirs)).toEqual(ids(ours));
  return ours;
};
const ids = async (snapshotId?: string) => (await rows(snapshotId)).map((row) => Number(row['id']));
const live = (pointer: TablePointer) => Array.fromAsync(listLiveFiles(table.store, pointer, never));

describe('going back', () => {
  it('makes a new snapshot with exactly what the older pointer had, deleted rows included', async () => {
    const [a, b] = [await part(0, 5), await part(5, 10)];
    await table.commit(fields, [a, b]);
    await table.delete(fields, [await at(a, 0), await at(b, 1)]);
    const before = table.current;
    const then = await live(before);
    // A run of three commits: more deletes, a rewrite, an upsert.
    await table.delete(fields, [await at(a, 0, 1, 2)]);
    await table.commit(fields, [await part(100, 103)], { kind: 'files', paths: [b.path] });
    await table.delete(fields, [await at(a, 0, 1, 2, 3)], [await part(3, 4)]);
    expect(await ids()).toEqual([3, 4, 100, 101, 102]);
    const undone = table.current;
    expect(await table.revert(before, fields, { 'headgate.run-id': 'undo' })).toBe(4);
    expect(await ids()).toEqual([1, 2, 3, 4, 5, 7, 8, 9]);
    expect(await live(table.current)).toEqual(then);
    expect(table.current).toMatchObject({
      rows: before.rows,
      bytes: before.bytes,
      dataFiles: before.dataFiles,
      version: undone.version + 1,
    });
    expect(table.current.snapshotId).not.toBe(before.snapshotId);
    expect(metadata().snapshots.at(-1)?.summary).toMatchObject({
      operation: 'overwrite',
      'headgate.run-id': 'undo',
      'headgate.reverted-to-snapshot-id': before.snapshotId,
      'added-records': '5',
      'deleted-records': '4',
      'total-records': '10',
      'total-position-deletes': '2',
    });
    // What was undone can still be looked at, and be done again.
    expect(await ids(undone.snapshotId ?? '')).toEqual([3, 4, 100, 101, 102]);
    expect(await table.revert(undone, fields)).toBe(7);
    expect(await ids()).toEqual([3, 4, 100, 101, 102]);
  });

  it('counts the rows that go: those of files that came, and those deleted then and live now', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    const all = table.current;
    await table.delete(fields, [await at(a, 0, 1)]);
    const fewer = table.current;
    expect(await table.revert(all, fields)).toBe(0);
    expect(await ids()).toEqual([0, 1, 2, 3, 4]);
    expect(await table.revert(fewer, fields)).toBe(2);
    expect(await ids()).toEqual([2, 3, 4]);
  });

  it('copies no data and writes one manifest list and one metadata file', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    const before = table.current;
    await table.commit(fields, [await part(5, 9)], { kind: 'everything' });
    const objects = new Set(table.store.objects.keys());
    await table.revert(before, fields);
    const written = [...table.store.objects.keys()].filter((key) => !objects.has(key));
    expect(written.map((key) => key.replace(/^.*\//, ''))).toEqual([
      `snap-${table.current.snapshotId}-run1-a1-3.avro`,
      '3-run1-a1-3.metadata.json',
    ]);
  });

  it('to the time before the first row leaves an empty table', async () => {
    await table.commit(fields, []);
    const empty = table.current;
    await table.commit(fields, [await part(0, 5)]);
    expect(await table.revert(empty, fields)).toBe(5);
    expect(await ids()).toEqual([]);
    expect(table.current).toMatchObject({ rows: 0, bytes: 0, dataFiles: 0 });
    await table.commit(fields, [await part(5, 7)]);
    expect(await table.revert(null, [id])).toBe(2);
    expect(await ids()).toEqual([]);
    expect(metadata().schemas.at(-1)?.fields).toHaveLength(1);
  });

  it('makes no snapshot where only the schema differs', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const before = table.current;
    await table.commit([...fields, { id: 3, name: 'more', type: 'int' }], []);
    expect(await table.revert(before, fields)).toBe(0);
    expect(table.current).toMatchObject({ snapshotId: before.snapshotId, version: 3, rows: 2 });
    expect(await rows()).toEqual([
      { id: 0, label: 'n0' },
      { id: 1, label: 'n1' },
    ]);
  });

  it('is followed by commits as ever: rows of a file that came back can be deleted', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    const before = table.current;
    await table.commit(fields, [await part(5, 9)], { kind: 'everything' });
    await table.revert(before, fields);
    expect(await table.delete(fields, [await at(a, 4)], [await part(20, 22)])).toBe(1);
    expect(await ids()).toEqual([0, 1, 2, 3, 20, 21]);
    await table.commit(fields, [], { kind: 'files', paths: [a.path] });
    expect(await ids()).toEqual([20, 21]);
  });

  it('to a snapshot that has expired is refused in words', async () => {
    await table.commit(fields, [await part(0, 1)]);
    const before = { ...table.current, snapshotId: '42' };
    await expect(table.revert(before, fields)).rejects.toMatchObject({
      code: 'cannot_undo',
      message: 'The table cannot go back to snapshot 42: it has expired.',
    });
  });
});

describe('the schema of then', () => {
  const retyped: Field = { id: 7, name: 'id', type: 'string' };

  it('comes back: added columns go, retyped ones have their old id and type, wide ones are narrow', async () => {
    const narrow: readonly Field[] = [id, label, { id: 5, name: 'amount', type: 'decimal(4, 2)' }];
    const old = await table.write("select 1::int id, 'x' as label, 1.5 amount", narrow);
    await table.commit(narrow, [old]);
    const before = table.current;
    const wide: readonly Field[] = [
      retyped,
      label,
      { id: 5, name: 'amount', type: 'decimal(20, 2)' },
      { id: 6, name: 'late', type: 'double' },
    ];
    await table.commit(
      wide,
      [await table.write("select '1' id, 'x' as label, 1.5 amount, null late", wide)],
      { kind: 'files', paths: [old.path] },
    );
    await table.revert(before, narrow);
    expect(await rows()).toEqual([{ id: 1, label: 'x', amount: '1.50' }]);
    expect(metadata()).toMatchObject({ 'last-column-id': 7, 'current-schema-id': 0 });
    // The ids of then are not given to others, and types widen again.
    await expect(table.commit([...narrow, { id: 6, name: 'x', type: 'date' }], [])).rejects.toThrow(
      /cannot change from double to date/,
    );
    const again: readonly Field[] = [id, label, { id: 5, name: 'amount', type: 'decimal(9, 2)' }];
    await table.commit(again, [
      await table.write("select 2::int id, 'y' as label, 12345.67 amount", again),
    ]);
    expect((await rows()).map((row) => row['amount'])).toEqual(['1.50', '12345.67']);
  });

  it('may have had columns that no file has, even if they became wider since', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const added: readonly Field[] = [...fields, { id: 3, name: 'n', type: 'int' }];
    await table.commit(added, []);
    const before = table.current;
    const wider: readonly Field[] = [...fields, { id: 3, name: 'n', type: 'long' }];
    await table.commit(wider, [await table.write("select 9 id, 'x' as label, 5 n", wider)]);
    await table.revert(before, added);
    expect(await rows()).toEqual([
      { id: 0, label: 'n0', n: null },
      { id: 1, label: 'n1', n: null },
    ]);
  });

  it('that cannot read the older files is refused', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const before = table.current;
    await table.commit(fields, [await part(2, 3)]);
    await expect(table.revert(before, [{ ...id, type: 'date' }, label])).rejects.toMatchObject({
      code: 'internal_error',
    });
  });
});

describe('what an undo needs', () => {
  const day = 86_400_000;
  const run = (name: string) => ({ 'headgate.run-id': name });

  it('stays, however many commits the run made and however long it took', async () => {
    const a = await part(0, 3);
    await table.commit(fields, [a], { kind: 'nothing' }, run('one'));
    const before = table.current;
    const body = table.store.objects.get(a.path.replace('s3://lake/', '')) ?? new Uint8Array();
    for (let commit = 0; commit < retention.atMost + 30; commit++) {
      const path = `${table.location}/copy-${commit}.parquet`;
      table.store.objects.set(path.replace('s3://lake/', ''), body);
      const earlier = table.current;
      await table.commit(fields, [{ ...a, path }], { kind: 'everything' }, run('two'));
      table.now = new Date(table.now.getTime() + day / 20);
      const keys = await listExpiredObjects({
        store: table.store,
        before: earlier.metadataKey,
        after: table.current.metadataKey,
        glue: null,
        signal: never,
      });
      await table.store.delete(keys);
    }
    expect(metadata().snapshots.length).toBeLessThanOrEqual(retention.atMost + 1);
    expect([...table.store.objects.keys()].length).toBeLessThan(900);
    await table.revert(before, fields, run('undo'));
    expect(await live(table.current)).toMatchObject([{ file: { path: a.path }, deletes: null }]);
    expect(await ids()).toEqual([0, 1, 2]);
  });

  it('goes once another run has committed', async () => {
    await table.commit(fields, [await part(0, 3)], { kind: 'nothing' }, run('one'));
    const before = table.current;
    for (let commit = 0; commit < 40; commit++)
      await table.commit(fields, [await part(commit, commit + 1)], { kind: 'nothing' }, run('two'));
    table.now = new Date(table.now.getTime() + 10 * day);
    await table.commit(fields, [await part(0, 3)], { kind: 'nothing' }, run('three'));
    await table.commit(fields, [await part(0, 3)], { kind: 'nothing' }, run('three'));
    const kept = metadata().snapshots.map((each) => String(each['snapshot-id']));
    expect(kept).not.toContain(before.snapshotId);
    await expect(table.revert(before, fields)).rejects.toMatchObject({ code: 'cannot_undo' });
  });

  it('and what every retained snapshot needs is spared by expiry, while undone files go in time', async () => {
    const pointers: TablePointer[] = [];
    const paths: string[] = [];
    const gone = new Set<string>();
    for (let round = 0; round < 24; round++) {
      const a = await part(round, round + 3);
      await table.delete(fields, [await at(a, 0)], [a], {
        kind: round % 3 === 0 ? 'everything' : 'nothing',
      });
      const before = table.current;
      const undone = await part(1_000, 1_002);
      paths.push(undone.path.replace('s3://lake/', ''));
      await table.delete(fields, [await at(a, 0, 1)], [undone]);
      await table.revert(before, fields);
      pointers.push(table.current);
      table.now = new Date(table.now.getTime() + day);
      const earlier = pointers.at(-2);
      if (earlier === undefined) continue;
      const keys = await listExpiredObjects({
        store: table.store,
        before: earlier.metadataKey,
        after: table.current.metadataKey,
        glue: null,
        signal: never,
      });
      for (const key of keys) gone.add(key);
      await table.store.delete(keys);
    }
    for (const snapshot of metadata().snapshots) {
      await readManifestList(table.store, snapshot, never);
      for await (const { file, deletes } of listSnapshotLiveFiles(table.store, snapshot, never))
        for (const { path } of [file, ...(deletes === null ? [] : [deletes])])
          expect(table.store.objects.has(path.replace('s3://lake/', ''))).toBe(true);
      await rows(String(snapshot['snapshot-id']));
    }
    const undoneGone = paths.filter((path) => gone.has(path));
    expect(undoneGone.length).toBeGreaterThan(10);
    for (const path of undoneGone) expect(table.store.objects.has(path)).toBe(false);
    // Nothing is left behind: all there is belongs to a retained snapshot.
    expect(
      [...table.store.objects.keys()].filter((key) => key.endsWith('.parquet')).length,
    ).toBeLessThan(60);
  });
});
