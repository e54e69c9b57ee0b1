import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { listDataFiles } from '../../../shared/lake/listDataFiles.ts';
import { prepareCommit } from '../../../shared/lake/prepareCommit.ts';
import { previewRows } from '../../../shared/lake/previewRows.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { parseTableMetadata, type TableMetadata } from '../../../shared/lake/tableMetadata.ts';
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
const source: Field = { id: 3, name: '_source_file', type: 'string' };
const fields: readonly Field[] = [id, label];

const part = (from: number, to: number, prefix = 'n') =>
  table.write(
    `select i::int id, '${prefix}' || i as label from range(${from}, ${to}) t(i)`,
    fields,
  );
const rowsOf = (from: number, to: number, prefix = 'n') =>
  Array.from({ length: to - from }, (_, index) => ({
    id: from + index,
    label: `${prefix}${from + index}`,
  }));
const metadataOf = (): TableMetadata =>
  parseTableMetadata(
    Buffer.from(table.store.objects.get(table.current.metadataKey) ?? '').toString(),
  );
const read = (snapshotId?: string) => readWithIcebird(table.store, table.current, snapshotId);

describe('a table', () => {
  it('is created by the first commit, and every commit can be read back by icebird', async () => {
    await table.commit(fields, [await part(0, 5)]);
    const first = table.current;
    await table.commit(fields, [await part(5, 7), await part(7, 9)]);
    expect(await read()).toEqual(rowsOf(0, 9));
    expect(await read(first.snapshotId ?? '')).toEqual(rowsOf(0, 5));
    expect(table.current).toMatchObject({ version: 2, rows: 9, dataFiles: 3 });
    expect(first).toMatchObject({ version: 1, rows: 5, dataFiles: 1 });
  });

  it('reads right on both sides of every row group border', async () => {
    const query = "select i::int id, 'n' || i as label from range(5000) t(i)";
    const file = await table.write(query, fields, { rowGroupSize: 2048 });
    await table.commit(fields, [file]);
    const rows = await read();
    expect(rows).toHaveLength(5000);
    for (const border of [0, 2047, 2048, 4095, 4096, 4999])
      expect(rows[border]).toEqual({ id: border, label: `n${border}` });
    expect(rows).toEqual(rowsOf(0, 5000));
  });

  it('may be empty, and says so without a snapshot', async () => {
    await table.commit(fields, []);
    expect(table.current).toMatchObject({ version: 1, snapshotId: null, rows: 0, dataFiles: 0 });
    await table.commit(fields, [await part(0, 2)]);
    expect(await read()).toEqual(rowsOf(0, 2));
  });

  it('leaves data files without rows out', async () => {
    await table.commit(fields, [await part(0, 0), await part(0, 1)]);
    expect(table.current).toMatchObject({ rows: 1, dataFiles: 1 });
  });
});

describe('a swap', () => {
  it('replaces all rows in one snapshot, and the old ones stay readable at the old snapshot', async () => {
    await table.commit(fields, [await part(0, 3), await part(3, 6)]);
    const before = table.current;
    const removed = await table.commit(fields, [await part(100, 102, 'new')], {
      kind: 'everything',
    });
    expect(removed).toBe(6);
    expect(await read()).toEqual(rowsOf(100, 102, 'new'));
    expect(await read(before.snapshotId ?? '')).toEqual(rowsOf(0, 6));
    expect(table.current).toMatchObject({ rows: 2, dataFiles: 1 });
    expect(metadataOf().snapshots.at(-1)?.summary).toMatchObject({
      operation: 'overwrite',
      'deleted-records': '6',
      'deleted-data-files': '2',
      'added-records': '2',
    });
  });

  it('to nothing leaves an empty table', async () => {
    await table.commit(fields, [await part(0, 3)]);
    expect(await table.commit(fields, [], { kind: 'everything' })).toBe(3);
    expect(await read()).toEqual([]);
    expect(table.current).toMatchObject({ rows: 0, bytes: 0, dataFiles: 0 });
    expect(metadataOf().snapshots.at(-1)?.summary).toMatchObject({ operation: 'delete' });
  });
});

describe('removing the files of an upload', () => {
  const withSource: readonly Field[] = [id, label, source];
  const upload = (from: number, to: number, name: string) =>
    table.write(
      `select i::int id, 'n' || i as label, '${name}' as _source_file from range(${from}, ${to}) t(i)`,
      withSource,
      { sourceFile: name },
    );

  it('takes exactly their rows, whole names compared', async () => {
    const long = `${'ü'.repeat(300)}.csv`;
    await table.commit(withSource, [
      await upload(0, 3, 'orders-2026-01.csv'),
      await upload(3, 6, 'orders-2026-01.csv.old'),
      await upload(6, 8, long),
    ]);
    await table.commit(withSource, [await upload(8, 9, 'orders-2026-01.csv')]);
    const removed = await table.commit(withSource, [], {
      kind: 'sourceFiles',
      names: ['orders-2026-01.csv', 'never-uploaded.csv'],
    });
    expect(removed).toBe(4);
    expect((await read()).map((row) => row['id'])).toEqual([3, 4, 5, 6, 7]);
    await table.commit(withSource, [], { kind: 'sourceFiles', names: [long] });
    expect((await read()).map((row) => row['id'])).toEqual([3, 4, 5]);
  });

  it('replaces an upload in one snapshot', async () => {
    await table.commit(withSource, [await upload(0, 3, 'a.csv'), await upload(3, 5, 'b.csv')]);
    await table.commit(withSource, [await upload(10, 12, 'a.csv')], {
      kind: 'sourceFiles',
      names: ['a.csv'],
    });
    expect((await read()).map((row) => row['id'])).toEqual([3, 4, 10, 11]);
    expect(metadataOf().snapshots).toHaveLength(2);
  });

  it('makes no snapshot when there is nothing of it', async () => {
    await table.commit(withSource, [await upload(0, 3, 'a.csv')]);
    const before = table.current.snapshotId;
    expect(await table.commit(withSource, [], { kind: 'sourceFiles', names: ['b.csv'] })).toBe(0);
    expect(table.current.snapshotId).toBe(before);
    expect(await read()).toHaveLength(3);
  });

  it('refuses when a file may hold rows of others as well', async () => {
    const mixed = await upload(0, 3, 'm.csv');
    const bounds = (name: string) => ({ 3: Buffer.from(name).toString('base64') });
    await table.commit(withSource, [
      { ...mixed, lowerBounds: bounds('a.csv'), upperBounds: bounds('z.csv') },
    ]);
    await expect(
      table.commit(withSource, [], { kind: 'sourceFiles', names: ['m.csv'] }),
    ).rejects.toThrow(/rows of several uploads/);
  });
});

describe('removing named files', () => {
  it('takes them and adds their rewrites in one snapshot', async () => {
    const [old, other] = [await part(0, 3), await part(3, 5)];
    await table.commit(fields, [old, other]);
    await table.commit(fields, [await part(0, 3, 'rewritten')], {
      kind: 'files',
      paths: [old.path],
    });
    expect((await read()).toSorted((a, b) => Number(a['id']) - Number(b['id']))).toEqual([
      ...rowsOf(0, 3, 'rewritten'),
      ...rowsOf(3, 5),
    ]);
  });

  it('refuses a file that is not there (any more)', async () => {
    const file = await part(0, 3);
    await table.commit(fields, [file]);
    await table.commit(fields, [], { kind: 'files', paths: [file.path] });
    await expect(
      table.commit(fields, [], { kind: 'files', paths: [file.path] }),
    ).rejects.toMatchObject({ code: 'internal_error' });
  });
});

describe('a schema', () => {
  it('gains columns; older rows are null there', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const wider = [...fields, { id: 3, name: 'price', type: 'decimal(9, 2)' } as const];
    await table.commit(wider, [
      await table.write("select 2::int id, 'n2' as label, 1.25::decimal(9,2) price", wider),
    ]);
    expect(await read()).toEqual([
      { id: 0, label: 'n0', price: undefined },
      { id: 1, label: 'n1', price: undefined },
      { id: 2, label: 'n2', price: 1.25 },
    ]);
    expect(metadataOf()).toMatchObject({ 'last-column-id': 3, 'current-schema-id': 1 });
  });

  it('widens int to long, float to double and a decimal in place', async () => {
    const narrow: readonly Field[] = [
      id,
      { id: 2, name: 'f', type: 'float' },
      { id: 3, name: 'd', type: 'decimal(4, 2)' },
    ];
    const wide: readonly Field[] = [
      { ...id, type: 'long' },
      { id: 2, name: 'f', type: 'double' },
      { id: 3, name: 'd', type: 'decimal(30, 2)' },
    ];
    await table.commit(narrow, [
      await table.write('select 7::int id, 1.5::float f, -12.34::decimal(4,2) d', narrow),
    ]);
    await table.commit(wide, [
      await table.write(
        'select 9007199254740993::bigint id, 0.1::double f, 1234567890123456789012345678.91::decimal(30,2) d',
        wide,
      ),
    ]);
    const { rows } = await previewRows({
      store: table.store,
      pointer: table.current,
      limit: 10,
      signal: never,
    });
    expect(rows).toEqual([
      { id: '7', f: 1.5, d: '-12.34' },
      { id: '9007199254740993', f: 0.1, d: '1234567890123456789012345678.91' },
    ]);
    // icebird resolves by the file's own schema; it rounds decimals to doubles.
    expect((await read()).map((row) => row['id'])).toEqual([7, 9007199254740993n]);
  });

  it('gives a retyped column a new id under the old name, in the commit that rewrites its files', async () => {
    const old = await part(0, 2);
    await table.commit(fields, [old]);
    const retyped: readonly Field[] = [{ id: 3, name: 'id', type: 'string' }, label];
    const rewritten = await table.write(
      "select i::varchar id, 'n' || i as label from range(2) t(i)",
      retyped,
    );
    await table.commit(retyped, [rewritten], { kind: 'files', paths: [old.path] });
    expect(await read()).toEqual([
      { id: '0', label: 'n0' },
      { id: '1', label: 'n1' },
    ]);
  });

  it('does not drop a column while a file that stays holds values of it', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const retyped: readonly Field[] = [{ id: 3, name: 'id', type: 'string' }, label];
    await expect(table.commit(retyped, [])).rejects.toThrow(/column id 1, which leaves the schema/);
  });

  it('may drop a column that was never anything but null', async () => {
    const file = await table.write('select 1::int id, null::varchar as label', fields);
    await table.commit(fields, [file]);
    await table.commit([id, { id: 3, name: 'label', type: 'double' }], []);
    expect(await read()).toEqual([{ id: 1, label: undefined }]);
  });

  it('refuses a change of type in place, a used id and a doubled name', async () => {
    await table.commit(fields, [await part(0, 2)]);
    await table.commit([id], [], { kind: 'everything' });
    await expect(table.commit([{ ...id, type: 'string' }], [])).rejects.toThrow(
      /cannot change from int to string/,
    );
    await expect(table.commit([id, { ...label, id: 1 }], [])).rejects.toThrow(/twice/);
    await expect(table.commit([id, { ...label, name: 'id' }], [])).rejects.toThrow(/twice/);
  });

  it('never gives an id of a column that is gone to another', async () => {
    await table.commit(fields, [await part(0, 2)]);
    await table.commit([id], [], { kind: 'everything' });
    await expect(table.commit([id, { id: 2, name: 'other', type: 'int' }], [])).rejects.toThrow(
      /cannot change from string to int/,
    );
  });

  it('is not stored again when it did not change', async () => {
    await table.commit(fields, [await part(0, 2)]);
    await table.commit(fields, [await part(2, 3)]);
    expect(metadataOf().schemas).toHaveLength(1);
  });
});

describe('what a commit writes', () => {
  it('has the commit id in every name and lies under the metadata prefix', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const keys = [...table.store.objects.keys()].filter((key) => !key.endsWith('.parquet'));
    const { snapshotId } = table.current;
    expect(keys.toSorted()).toEqual([
      'lake/metadata/acme/s1/orders/1-run1-a1-1.metadata.json',
      'lake/metadata/acme/s1/orders/run1-a1-1-m0.avro',
      `lake/metadata/acme/s1/orders/snap-${snapshotId}-run1-a1-1.avro`,
    ]);
    expect(metadataOf().properties['write.metadata.path']).toBe(
      's3://lake/lake/metadata/acme/s1/orders',
    );
  });

  it('is never written over: a commit id used again fails before anything is visible', async () => {
    const change = {
      schema: fields,
      adds: [await part(0, 2)],
      removes: { kind: 'nothing' },
    } as const;
    const { store, location, metadataPrefix, now } = table;
    const commit = () =>
      prepareCommit({
        store,
        location,
        metadataPrefix,
        commitId: 'run1-a1-1',
        current: null,
        change: { ...change, summary: {} },
        now,
        signal: never,
      });
    await commit();
    const before = new Map(store.objects);
    await expect(commit()).rejects.toMatchObject({ code: 'file_changed' });
    expect(store.objects).toEqual(before);
  });

  it('refuses a commit id that is no safe name, and a file added twice', async () => {
    const file = await part(0, 2);
    const input = {
      store: table.store,
      location: table.location,
      metadataPrefix: table.metadataPrefix,
      current: null,
      change: { schema: fields, adds: [file], removes: { kind: 'nothing' }, summary: {} },
      now: table.now,
      signal: never,
    } as const;
    for (const commitId of ['', '../x', 'a/b', 'a b', '-x'])
      await expect(prepareCommit({ ...input, commitId })).rejects.toThrow(/not a commit id/);
    const twice = { ...input.change, adds: [file, file] };
    await expect(prepareCommit({ ...input, commitId: 'c1', change: twice })).rejects.toThrow(
      /added twice/,
    );
  });

  it('has sequence numbers that grow, a parent chain, one table id and totals that add up', async () => {
    for (let index = 0; index < 4; index++)
      await table.commit(fields, [await part(index * 10, index * 10 + 10)]);
    await table.commit(fields, [await part(50, 55)], { kind: 'everything' });
    const metadata = metadataOf();
    expect(metadata.snapshots.map((each) => each['sequence-number'])).toEqual([1, 2, 3, 4, 5]);
    const ids = metadata.snapshots.map((each) => each['snapshot-id']);
    expect(metadata.snapshots.map((each) => each['parent-snapshot-id'])).toEqual([
      undefined,
      ...ids.slice(0, -1),
    ]);
    expect(ids.every((each) => Number.isSafeInteger(each))).toBe(true);
    expect(metadata.snapshots.map(({ summary }) => summary['total-records'])).toEqual([
      '10',
      '20',
      '30',
      '40',
      '5',
    ]);
    const files = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    expect(table.current).toMatchObject({
      rows: files.reduce((sum, file) => sum + file.rows, 0),
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      dataFiles: files.length,
    });
  });

  it('keeps the table id, and each data file keeps the sequence number it came with', async () => {
    await table.commit(fields, [await part(0, 2)]);
    const { 'table-uuid': tableId } = metadataOf();
    const keep = await part(2, 4);
    const drop = await part(4, 6);
    await table.commit(fields, [keep, drop]);
    await table.commit(fields, [], { kind: 'files', paths: [drop.path] });
    expect(metadataOf()['table-uuid']).toBe(tableId);
    const { decodeManifest, decodeManifestList } = await import('../../../shared/lake/manifest.ts');
    const object = (path: string) =>
      table.store.objects.get(path.replace('s3://lake/', '')) ?? new Uint8Array();
    const list = decodeManifestList(object(metadataOf().snapshots.at(-1)?.['manifest-list'] ?? ''));
    const entries = list.flatMap((manifest) => [
      ...decodeManifest(object(manifest.manifest_path), manifest),
    ]);
    expect(
      entries.map(({ status, sequence_number, data_file }) => [
        status,
        sequence_number,
        data_file.record_count,
        data_file.file_path === drop.path,
      ]),
    ).toEqual([
      [1, 1, 2, false],
      [0, 2, 2, false],
      [2, 2, 2, true],
    ]);
    expect(list.map((manifest) => manifest.min_sequence_number)).toEqual([1, 2]);
  });

  it('stores the run in the summary, and refuses to replace a field of Iceberg', async () => {
    await table.commit(
      fields,
      [await part(0, 2)],
      { kind: 'nothing' },
      { 'headgate.run-id': 'r1' },
    );
    expect(metadataOf().snapshots[0]?.summary['headgate.run-id']).toBe('r1');
    await expect(
      table.commit(fields, [await part(2, 4)], { kind: 'nothing' }, { 'total-records': '7' }),
    ).rejects.toThrow(/Iceberg's own/);
  });

  it('goes forward in time even when the clock goes back', async () => {
    await table.commit(fields, [await part(0, 2)]);
    table.now = new Date('2020-01-01T00:00:00Z');
    await table.commit(fields, [await part(2, 4)]);
    const times = metadataOf().snapshots.map((each) => each['timestamp-ms']);
    expect(times[1]).toBeGreaterThan(times[0] ?? 0);
  });

  it('refuses a pointer that does not belong to its metadata', async () => {
    await table.commit(fields, [await part(0, 2)]);
    table.pointer = { ...table.current, snapshotId: '42' };
    await expect(table.commit(fields, [await part(2, 4)])).rejects.toMatchObject({
      code: 'internal_error',
    });
  });
});
