import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { avroType, encodeAvroFile } from '../../../shared/lake/avroFile.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { listDataFiles } from '../../../shared/lake/listDataFiles.ts';
import { listExpiredObjects } from '../../../shared/lake/listExpiredObjects.ts';
import { listLiveFiles, listSnapshotLiveFiles } from '../../../shared/lake/listLiveFiles.ts';
import { listSnapshots } from '../../../shared/lake/listSnapshots.ts';
import {
  decodeManifest,
  decodeManifestList,
  type ManifestFile,
} from '../../../shared/lake/manifest.ts';
import { manifestEntrySchema } from '../../../shared/lake/manifestSchemas.ts';
import { mergeThreshold } from '../../../shared/lake/mergeManifests.ts';
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

const source: Field = { id: 3, name: '_source_file', type: 'string' };
const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'label', type: 'string' },
];
const part = (from: number, to: number, rowGroupSize?: number) =>
  table.write(
    `select i::int id, 'n' || i as label from range(${from}, ${to}) t(i)`,
    fields,
    rowGroupSize === undefined ? {} : { rowGroupSize },
  );
const at = (file: DataFile, ...positions: number[]) =>
  table.writeDeletes(file, `select unnest([${positions}]) pos`);
const metadata = (): TableMetadata =>
  parseTableMetadata(
    Buffer.from(table.store.objects.get(table.current.metadataKey) ?? '').toString(),
  );
const summary = () => metadata().snapshots.at(-1)?.summary ?? {};
const object = (path: string) =>
  table.store.objects.get(path.replace('s3://lake/', '')) ?? new Uint8Array();
const manifests = (): ManifestFile[] =>
  decodeManifestList(object(metadata().snapshots.at(-1)?.['manifest-list'] ?? ''));
const entriesOf = (manifest: ManifestFile) => [
  ...decodeManifest(object(manifest.manifest_path), manifest),
];
const ids = async (snapshotId?: string) =>
  (await readWithIcebird(table.store, table.current, snapshotId))
    .map((row) => Number(row['id']))
    .toSorted((left, right) => left - right);
const live = async () =>
  (await Array.fromAsync(listLiveFiles(table.store, table.current, never))).map(
    ({ file, deletes }) => [file.path, deletes?.path ?? null],
  );

describe('deleted rows', () => {
  it('are gone at the new snapshot and there at the old one', async () => {
    const [a, b] = [await part(0, 5), await part(5, 10)];
    await table.commit(fields, [a, b]);
    const before = table.current;
    expect(await table.delete(fields, [await at(a, 0, 4), await at(b, 2)])).toBe(3);
    expect(await ids()).toEqual([1, 2, 3, 5, 6, 8, 9]);
    expect(await ids(before.snapshotId ?? '')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(table.current).toMatchObject({ rows: 7, dataFiles: 2 });
    expect(summary()).toMatchObject({
      operation: 'delete',
      'added-delete-files': '2',
      'added-position-delete-files': '2',
      'added-position-deletes': '3',
      'total-records': '10',
      'total-delete-files': '2',
      'total-position-deletes': '3',
    });
  });

  it('lie in manifests of their own, beside those of data files', async () => {
    const a = await part(0, 5);
    await table.delete(fields, [await at(a, 1)], [a]);
    const list = manifests();
    expect(list.map(({ content }) => content)).toEqual([0, 1]);
    for (const manifest of list)
      for (const { data_file } of entriesOf(manifest))
        expect(data_file.content).toBe(manifest.content);
    const text = Buffer.from(object(list[1]?.manifest_path ?? '')).toString('latin1');
    expect(text).toMatch(/content.{1,2}deletes/s);
    const [entry] = list.slice(1).flatMap(entriesOf);
    expect(entry?.data_file).toMatchObject({
      referenced_data_file: a.path,
      sort_order_id: null,
      equality_ids: null,
    });
  });

  it('may be those of files added in the same commit, whose rows were never live', async () => {
    const [a, b] = [await part(0, 5), await part(5, 8)];
    await table.commit(fields, [a]);
    expect(await table.delete(fields, [await at(a, 1), await at(b, 0, 2)], [b])).toBe(1);
    expect(await ids()).toEqual([0, 2, 3, 4, 6]);
    expect(table.current.rows).toBe(5);
    const sequences = manifests().flatMap((manifest) =>
      entriesOf(manifest).map(({ sequence_number }) => [manifest.content, sequence_number]),
    );
    // A delete applies to data files whose sequence number is not above its own.
    expect(sequences).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(summary()).toMatchObject({ operation: 'overwrite', 'added-records': '3' });
  });

  it('of one data file are all in one file: a new one takes the place of the old', async () => {
    const [a, b] = [await part(0, 5), await part(5, 10)];
    await table.commit(fields, [a, b]);
    const old = await at(a, 0);
    const other = await at(b, 4);
    await table.delete(fields, [old, other]);
    const fresh = await at(a, 0, 3);
    expect(await table.delete(fields, [fresh])).toBe(1);
    expect(await ids()).toEqual([1, 2, 4, 5, 6, 7, 8]);
    expect(await live()).toEqual([
      [a.path, fresh.path],
      [b.path, other.path],
    ]);
    expect(table.current.rows).toBe(7);
    expect(summary()).toMatchObject({
      'removed-delete-files': '1',
      'removed-position-deletes': '1',
      'total-delete-files': '2',
      'total-position-deletes': '3',
    });
    const entries = manifests().flatMap((manifest) =>
      manifest.content === 1 ? entriesOf(manifest) : [],
    );
    expect(
      entries.map(({ status, sequence_number, data_file }) => [
        data_file.file_path,
        status,
        sequence_number,
      ]),
    ).toEqual([
      [old.path, 2, 2],
      [other.path, 0, 2],
      [fresh.path, 1, 3],
    ]);
  });

  it('may be all rows of a file', async () => {
    const [a, b] = [await part(0, 5), await part(5, 7)];
    await table.commit(fields, [a, b]);
    await table.delete(fields, [await table.writeDeletes(a, 'select i pos from range(5) t(i)')]);
    expect(await ids()).toEqual([5, 6]);
    expect(table.current).toMatchObject({ rows: 2, dataFiles: 2 });
  });

  it('are read right on both sides of every row group border', async () => {
    const a = await part(0, 5_000, 2_048);
    await table.commit(fields, [a]);
    const borders = [0, 1, 2_046, 2_047, 2_048, 4_095, 4_096, 4_999];
    await table.delete(fields, [await at(a, ...borders)]);
    const gone = new Set(borders);
    expect(await ids()).toEqual(
      Array.from({ length: 5_000 }, (_, id) => id).filter((id) => !gone.has(id)),
    );
  });

  it('count in the history: what came, what went, what is marked', async () => {
    const a = await part(0, 10);
    await table.commit(fields, [a]);
    await table.delete(fields, [await at(a, 0, 1)], [await part(10, 13)]);
    await table.delete(fields, [await at(a, 0, 1, 2)]);
    await table.commit(fields, [], { kind: 'files', paths: [a.path] });
    const lines = await listSnapshots(table.store, table.current, never);
    expect(
      lines
        .map(({ addedRows, removedRows, deletedRows, rows }) => ({
          addedRows,
          removedRows,
          deletedRows,
          rows,
        }))
        .toReversed(),
    ).toEqual([
      { addedRows: 10, removedRows: 0, deletedRows: 0, rows: 10 },
      { addedRows: 3, removedRows: 2, deletedRows: 2, rows: 11 },
      { addedRows: 0, removedRows: 1, deletedRows: 3, rows: 10 },
      { addedRows: 0, removedRows: 7, deletedRows: 0, rows: 3 },
    ]);
  });
});

describe('a data file that goes', () => {
  const withSource: readonly Field[] = [...fields, source];
  const upload = (from: number, to: number, name: string) =>
    table.write(
      `select i::int id, 'n' || i as label, '${name}' as _source_file from range(${from}, ${to}) t(i)`,
      withSource,
      { sourceFile: name },
    );
  let a: DataFile;
  let b: DataFile;
  let ofB: DataFile;
  beforeEach(async () => {
    [a, b] = [await upload(0, 5, 'a.csv'), await upload(5, 10, 'b.csv')];
    await table.commit(withSource, [a, b]);
    ofB = await at(b, 0);
    await table.delete(withSource, [await at(a, 0, 1), ofB]);
  });

  it('takes its deleted rows along and counts its live ones: by path', async () => {
    const rewritten = await upload(2, 5, 'a.csv');
    const removed = await table.commit(withSource, [rewritten], {
      kind: 'files',
      paths: [a.path],
    });
    expect(removed).toBe(3);
    expect(await ids()).toEqual([2, 3, 4, 6, 7, 8, 9]);
    expect(await live()).toEqual([
      [b.path, ofB.path],
      [rewritten.path, null],
    ]);
    expect(table.current.rows).toBe(7);
    expect(summary()).toMatchObject({
      'removed-position-deletes': '2',
      'total-delete-files': '1',
      'total-position-deletes': '1',
    });
  });

  it('takes its deleted rows along and counts its live ones: by upload', async () => {
    const removed = await table.commit(withSource, [], { kind: 'sourceFiles', names: ['b.csv'] });
    expect(removed).toBe(4);
    expect(await ids()).toEqual([2, 3, 4]);
    expect(table.current.rows).toBe(3);
    expect(await live()).toMatchObject([[a.path, expect.any(String)]]);
  });

  it('takes its deleted rows along and counts its live ones: everything', async () => {
    const fresh = await upload(100, 102, 'c.csv');
    expect(await table.commit(withSource, [fresh], { kind: 'everything' })).toBe(7);
    expect(await ids()).toEqual([100, 101]);
    expect(await live()).toEqual([[fresh.path, null]]);
    expect(table.current.rows).toBe(2);
    expect(summary()).toMatchObject({ 'total-delete-files': '0', 'total-position-deletes': '0' });
  });

  it('may go beside new deletes of others', async () => {
    const deletes = await at(b, 0, 1);
    const removed = await table.delete(withSource, [deletes], [], {
      kind: 'files',
      paths: [a.path],
    });
    expect(removed).toBe(4);
    expect(await ids()).toEqual([7, 8, 9]);
    expect(await live()).toEqual([[b.path, deletes.path]]);
  });
});

describe('a delete file is refused', () => {
  const refused = async (deletes: readonly DataFile[], message: RegExp) => {
    const before = table.current;
    await expect(table.delete(fields, deletes)).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringMatching(message),
    });
    expect(table.current).toBe(before);
  };

  it('when its data file is not in the table (any more)', async () => {
    const [a, b] = [await part(0, 5), await part(5, 10)];
    await table.commit(fields, [a, b]);
    await refused([await at({ ...a, path: 's3://lake/nowhere.parquet' }, 0)], /no live file/);
    await table.commit(fields, [], { kind: 'files', paths: [a.path] });
    await refused([await at(b, 0), await at(a, 0)], /no live file/);
  });

  it('when it names a row behind the last', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    await refused([await at(a, 5)], /only 5 rows/);
    const b = await part(5, 7);
    await expect(table.delete(fields, [await at(b, 2)], [b])).rejects.toThrow(/only 2 rows/);
  });

  it('when rows that were deleted would come back', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    await table.delete(fields, [await at(a, 0, 1)]);
    await refused([await at(a, 2)], /2 deleted rows already/);
  });

  it('when its data file goes in the same change', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    await expect(
      table.delete(fields, [await at(a, 0)], [], { kind: 'files', paths: [a.path] }),
    ).rejects.toThrow(/goes in the same change/);
  });

  it('when two belong to one data file, or it is none at all', async () => {
    const a = await part(0, 5);
    await table.commit(fields, [a]);
    await expect(table.delete(fields, [await at(a, 0), await at(a, 1)])).rejects.toThrow(TypeError);
    await expect(table.delete(fields, [a])).rejects.toThrow(TypeError);
    await expect(table.commit(fields, [await at(a, 0)])).rejects.toThrow(TypeError);
  });
});

describe('a column that leaves the schema', () => {
  const retyped: readonly Field[] = [{ id: 4, name: 'id', type: 'string' }, fields[1] as Field];

  it('may do so when every row that had a value is deleted', async () => {
    const a = await part(0, 3);
    await table.commit(fields, [a]);
    await expect(table.delete(retyped, [await at(a, 0, 1)])).rejects.toThrow(
      /column id 1, which leaves the schema/,
    );
    await table.delete(retyped, [await at(a, 0, 1, 2)]);
    expect(await ids()).toEqual([]);
  });

  it('may do so when every row that had a value was deleted before', async () => {
    const [a, b] = [await part(0, 3), await part(3, 5)];
    await table.commit(fields, [a, b]);
    await table.delete(fields, [await at(a, 0, 1, 2), await at(b, 0)]);
    await expect(table.commit(retyped, [])).rejects.toThrow(/leaves the schema/);
    await table.commit(retyped, [], { kind: 'files', paths: [b.path] });
    expect(await ids()).toEqual([]);
  });
});

describe('many commits with deletes', () => {
  it('merge both kinds of manifests, each by itself, and lose no deleted row', async () => {
    const files: DataFile[] = [];
    for (let commit = 0; commit < 3 * mergeThreshold; commit++) {
      const file = await part(commit * 4, commit * 4 + 4);
      files.push(file);
      await table.delete(fields, [await at(file, commit % 4)], [file]);
    }
    const list = manifests();
    expect(list.length).toBeLessThanOrEqual(2 * (mergeThreshold + 1));
    expect(list.map(({ content }) => content)).toEqual(
      list.map(({ content }) => content).toSorted(),
    );
    for (const manifest of list)
      for (const entry of entriesOf(manifest)) {
        const number = files.findIndex(({ path }) =>
          [entry.data_file.file_path, entry.data_file.referenced_data_file].includes(path),
        );
        expect(entry.sequence_number).toBe(number + 1);
      }
    expect(await ids()).toEqual(
      files.flatMap((_, number) =>
        [0, 1, 2, 3].filter((row) => row !== number % 4).map((row) => number * 4 + row),
      ),
    );
    const listed = await Array.fromAsync(listLiveFiles(table.store, table.current, never));
    expect(listed.map(({ file }) => file.path)).toEqual(files.map(({ path }) => path));
    expect(listed.every(({ file, deletes }) => deletes?.deletesFrom === file.path)).toBe(true);
    const data = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    expect(data.every(({ content }) => content === 'data')).toBe(true);
    const snapshot = metadata().snapshots.at(-1);
    if (snapshot === undefined) throw new Error('no snapshot');
    // Few at a time: manifests are read again for each group, and the answer is the same.
    for (const atATime of [1, 7, 95, 96])
      expect(
        await Array.fromAsync(listSnapshotLiveFiles(table.store, snapshot, never, atATime)),
      ).toEqual(listed);
  });

  it('keep one manifest of deletes alive when every commit replaces the same delete file', async () => {
    const a = await part(0, 200);
    await table.commit(fields, [a]);
    for (let last = 0; last < 60; last++)
      await table.delete(fields, [
        await table.writeDeletes(a, `select i pos from range(${last + 1}) t(i)`),
      ]);
    expect(manifests().length).toBeLessThanOrEqual(4);
    expect(table.current).toMatchObject({ rows: 140, dataFiles: 1 });
    expect(summary()).toMatchObject({ 'total-delete-files': '1', 'total-position-deletes': '60' });
    expect(await ids()).toEqual(Array.from({ length: 140 }, (_, index) => index + 60));
  });
});

describe('delete files of expired snapshots', () => {
  it('are listed once nothing reads them, and never the one that counts or its data file', async () => {
    const a = await part(0, 100);
    await table.commit(fields, [a]);
    const replaced: string[] = [];
    let before = table.current;
    for (let last = 0; last < 40; last++) {
      const deletes = await table.writeDeletes(a, `select i pos from range(${last + 1}) t(i)`);
      replaced.push(deletes.path.replace('s3://lake/', ''));
      if (last === 39) table.now = new Date(table.now.getTime() + 10 * 86_400_000);
      before = table.current;
      await table.delete(fields, [deletes]);
    }
    const keys = await listExpiredObjects({
      store: table.store,
      before: before.metadataKey,
      after: table.current.metadataKey,
      glue: null,
      signal: never,
    });
    // Ten snapshots stay, and with each its delete file.
    expect(keys.filter((key) => key.endsWith('.parquet')).toSorted()).toEqual(
      replaced.slice(0, 30).toSorted(),
    );
    await table.store.delete(keys);
    expect(await ids()).toEqual(Array.from({ length: 60 }, (_, index) => index + 40));
  });
});

describe('a table from before there were delete files', () => {
  it('takes them: its manifests have no column for what a file refers to', async () => {
    const files = [await part(0, 5), await part(5, 10), await part(10, 15)];
    for (const file of files) await table.commit(fields, [file]);
    const withoutReference = JSON.parse(JSON.stringify(manifestEntrySchema)) as {
      fields: { name: string; type: { fields: { name: string }[] } }[];
    };
    const dataFile = withoutReference.fields.find(({ name }) => name === 'data_file');
    if (dataFile === undefined) throw new Error('no data file in a manifest entry');
    dataFile.type.fields = dataFile.type.fields.filter(
      ({ name }) => name !== 'referenced_data_file',
    );
    for (const manifest of manifests()) {
      const entries = [...decodeManifest(object(manifest.manifest_path), manifest)];
      const old = encodeAvroFile(withoutReference, avroType(withoutReference), {}, entries);
      table.store.objects.set(manifest.manifest_path.replace('s3://lake/', ''), old);
    }
    const [a, b, c] = files as [DataFile, DataFile, DataFile];
    await table.delete(fields, [await at(b, 4)], [], { kind: 'files', paths: [a.path] });
    for (let commit = 0; commit < mergeThreshold; commit++)
      await table.commit(fields, [await part(100 + commit, 101 + commit)]);
    expect((await ids()).slice(0, 9)).toEqual([5, 6, 7, 8, 10, 11, 12, 13, 14]);
    expect(await live()).toContainEqual([c.path, null]);
  });
});
