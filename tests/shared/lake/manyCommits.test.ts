import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { listDataFiles } from '../../../shared/lake/listDataFiles.ts';
import { listExpiredObjects } from '../../../shared/lake/listExpiredObjects.ts';
import { decodeManifestList, type ManifestFile } from '../../../shared/lake/manifest.ts';
import { mergeThreshold } from '../../../shared/lake/mergeManifests.ts';
import { retention } from '../../../shared/lake/retainedSnapshots.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { parseTableMetadata, type TableMetadata } from '../../../shared/lake/tableMetadata.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});

const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'label', type: 'string' },
];

const object = (table: TestTable, key: string): Uint8Array => {
  const body = table.store.objects.get(key.replace('s3://lake/', ''));
  if (body === undefined) throw new Error(`no object ${key}`);
  return body;
};
const metadataOf = (table: TestTable, pointer: TablePointer = table.current): TableMetadata =>
  parseTableMetadata(Buffer.from(object(table, pointer.metadataKey)).toString());
const manifestsOf = (table: TestTable): ManifestFile[] =>
  decodeManifestList(object(table, metadataOf(table).snapshots.at(-1)?.['manifest-list'] ?? ''));

/** Copies of one real file under new names: what matters here is metadata. */
async function fileFactory(table: TestTable): Promise<(rows?: number) => DataFile> {
  const first = await table.write("select 1::int id, 'x' as label", fields);
  const body = object(table, first.path);
  let number = 0;
  return (rows = 1) => {
    const path = `${table.location}/copy-${number++}.parquet`;
    table.store.objects.set(path.replace('s3://lake/', ''), body);
    return { ...first, path, rows };
  };
}

const expire = (table: TestTable, before: TablePointer, glue: string | null) =>
  listExpiredObjects({
    store: table.store,
    before: before.metadataKey,
    after: table.current.metadataKey,
    glue,
    signal: never,
  });

describe('a table with many commits', () => {
  it('stays small over 1,000 of them: metadata, manifests, snapshots, logs', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    const most = { metadata: 0, list: 0, manifests: 0 };
    for (let commit = 0; commit < 1_000; commit++) {
      await table.commit(fields, [newFile()]);
      if (commit % 7 > 0 && commit < 999) continue;
      const list = metadataOf(table).snapshots.at(-1)?.['manifest-list'] ?? '';
      most.metadata = Math.max(most.metadata, object(table, table.current.metadataKey).length);
      most.list = Math.max(most.list, object(table, list).length);
      most.manifests = Math.max(most.manifests, manifestsOf(table).length);
    }
    console.log(
      `1,000 commits: metadata ≤ ${most.metadata} bytes, manifest list ≤ ${most.list} bytes, manifests ≤ ${most.manifests}`,
    );
    expect(most.manifests).toBeLessThanOrEqual(mergeThreshold + 1);
    expect(most.metadata).toBeLessThan(200_000);
    expect(most.list).toBeLessThan(20_000);
    const metadata = metadataOf(table);
    expect(metadata.snapshots.length).toBeLessThanOrEqual(retention.atMost);
    expect(metadata['snapshot-log'].length).toBe(metadata.snapshots.length);
    expect(metadata['metadata-log'].length).toBe(100);
    expect(table.current).toMatchObject({ rows: 1_000, dataFiles: 1_000, version: 1_000 });
    const files = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    expect(new Set(files.map(({ path }) => path)).size).toBe(1_000);
  });

  it('keeps the order of its files when manifests are merged', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    for (let commit = 0; commit < 3 * mergeThreshold; commit++)
      await table.commit(fields, [newFile(commit + 1)]);
    const files = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    expect(files.map(({ rows }) => rows)).toEqual(
      Array.from({ length: 3 * mergeThreshold }, (_, index) => index + 1),
    );
  });

  it('does not bring removed files back when manifests are merged', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    const gone = newFile(7);
    await table.commit(fields, [newFile(), gone]);
    await table.commit(fields, [], { kind: 'files', paths: [gone.path] });
    for (let commit = 0; commit < mergeThreshold + 2; commit++)
      await table.commit(fields, [newFile()]);
    expect(manifestsOf(table).length).toBeLessThan(mergeThreshold);
    const files = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    expect(files.map(({ path }) => path)).not.toContain(gone.path);
    expect(files).toHaveLength(mergeThreshold + 3);
    expect(table.current).toMatchObject({ dataFiles: files.length, rows: files.length });
  });

  it('splits the manifest of a commit with very many files', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    const wide = (file: DataFile): DataFile => ({
      ...file,
      lowerBounds: { 2: Buffer.alloc(6_000, 97).toString('base64') },
    });
    await table.commit(
      fields,
      Array.from({ length: 2_000 }, () => wide(newFile())),
    );
    const manifests = manifestsOf(table);
    expect(manifests.length).toBeGreaterThan(1);
    for (const { manifest_length } of manifests) expect(manifest_length).toBeLessThan(5_000_000);
    expect(await Array.fromAsync(listDataFiles(table.store, table.current, never))).toHaveLength(
      2_000,
    );
  });
});

describe('snapshots expire', () => {
  const day = 86_400_000;

  it('only when they were not current for 5 days and 10 newer ones exist', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    for (let commit = 0; commit < 40; commit++) await table.commit(fields, [newFile()]);
    expect(metadataOf(table).snapshots).toHaveLength(40);
    // Forty old ones; this one's parent was current until now.
    table.now = new Date(table.now.getTime() + 6 * day);
    await table.commit(fields, [newFile()]);
    const { snapshots } = metadataOf(table);
    expect(snapshots).toHaveLength(retention.atLeast);
    table.now = new Date(table.now.getTime() + 60 * day);
    await table.commit(fields, [newFile()]);
    expect(metadataOf(table).snapshots.length).toBeGreaterThanOrEqual(retention.atLeast);
  });

  it('but not the one that was current until a moment ago, however old it is', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    for (let commit = 0; commit < retention.batch; commit++)
      await table.commit(fields, [newFile()]);
    const last = table.current.snapshotId;
    table.now = new Date(table.now.getTime() + 30 * day);
    // Counted from when it was made, the last one would complete a batch and go with it.
    for (let commit = 0; commit < 15; commit++) await table.commit(fields, [newFile()]);
    const ids = metadataOf(table).snapshots.map((each) => String(each['snapshot-id']));
    expect(ids).toContain(last);
    expect(ids).toHaveLength(retention.batch + 15);
  });
});

describe('the objects of expired snapshots', () => {
  const day = 86_400_000;

  /** Full refreshes a day apart: each leaves one dead data file, one manifest and one list behind. */
  async function refreshedTable(): Promise<{ table: TestTable; before: TablePointer }> {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    for (let commit = 0; commit < 40; commit++) {
      await table.commit(fields, [newFile()], { kind: 'everything' });
      if (commit === 38) table.now = new Date(table.now.getTime() + 10 * day);
    }
    const before = table.current;
    return { table, before };
  }

  it('are listed when nothing reads them, and every retained snapshot stays whole', async () => {
    const { table } = await refreshedTable();
    const newFile = await fileFactory(table);
    // The expiring commit was the last of refreshedTable; its predecessor is the log's last entry.
    const log = metadataOf(table)['metadata-log'];
    const before = {
      ...table.current,
      metadataKey: log.at(-1)?.['metadata-file'].replace('s3://lake/', '') ?? '',
    };
    const keys = await expire(table, before, null);
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter((key) => key.endsWith('.parquet')).length).toBeGreaterThan(25);
    await table.store.delete(keys);
    for (const snapshot of metadataOf(table).snapshots) {
      const manifests = decodeManifestList(object(table, snapshot['manifest-list']));
      for (const manifest of manifests) object(table, manifest.manifest_path);
    }
    const files = await Array.fromAsync(listDataFiles(table.store, table.current, never));
    for (const file of files) object(table, file.path);
    await table.commit(fields, [newFile()]);
    expect(table.current.rows).toBe(2);
    // Data files first, metadata last: what stops half way can be listed again.
    const kinds = keys.map((key) =>
      key.endsWith('.parquet') ? 0 : /-m\d+\.avro$/.test(key) ? 1 : 2,
    );
    expect(kinds).toEqual(kinds.toSorted());
  });

  it('are listed again when their deletion stopped half way', async () => {
    const { table } = await refreshedTable();
    const log = metadataOf(table)['metadata-log'];
    const before = {
      ...table.current,
      metadataKey: log.at(-1)?.['metadata-file'].replace('s3://lake/', '') ?? '',
    };
    const keys = await expire(table, before, null);
    let left = keys;
    while (left.length > 0) {
      await table.store.delete(left.slice(0, 7));
      const again = await expire(table, before, null);
      left = left.slice(7);
      expect(again).toEqual(expect.arrayContaining([...left]));
      expect(keys).toEqual(expect.arrayContaining([...again]));
    }
  });

  it('never hold a data file that a retained snapshot reads', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    const kept = newFile();
    await table.commit(fields, [kept]);
    const pointers: TablePointer[] = [];
    const staying: string[] = [];
    for (let commit = 0; commit < 60; commit++) {
      const file = newFile();
      const neighbour = newFile();
      staying.push(neighbour.path.replace('s3://lake/', ''));
      await table.commit(fields, [file, neighbour]);
      await table.commit(fields, [], { kind: 'files', paths: [file.path] });
      pointers.push(table.current);
      table.now = new Date(table.now.getTime() + day);
    }
    const all = new Set<string>();
    for (const [index, before] of pointers.slice(0, -1).entries()) {
      const after = pointers[index + 1];
      if (after === undefined) continue;
      const keys = await listExpiredObjects({
        store: table.store,
        before: before.metadataKey,
        after: after.metadataKey,
        glue: null,
        signal: never,
      });
      for (const key of keys) all.add(key);
    }
    const dead = [...all].filter((key) => key.endsWith('.parquet'));
    expect(dead.length).toBeGreaterThan(20);
    expect(dead).not.toContain(kept.path.replace('s3://lake/', ''));
    expect(staying.filter((key) => all.has(key))).toEqual([]);
    const readable = new Set<string>();
    for (const snapshot of metadataOf(table).snapshots) {
      readable.add(snapshot['manifest-list']);
      for (const manifest of decodeManifestList(object(table, snapshot['manifest-list'])))
        readable.add(manifest.manifest_path);
    }
    for (const path of readable) expect(all.has(path.replace('s3://lake/', ''))).toBe(false);
  });

  it('are spared while Glue still names them', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    await table.commit(fields, [newFile()]);
    const stuck = table.current;
    for (let commit = 0; commit < 38; commit++)
      await table.commit(fields, [newFile()], { kind: 'everything' });
    const before = table.current;
    table.now = new Date(table.now.getTime() + 10 * day);
    await table.commit(fields, [newFile()], { kind: 'everything' });
    const files = metadataOf(table, stuck);
    const list = files.snapshots[0]?.['manifest-list'].replace('s3://lake/', '') ?? '';
    const [manifest] = decodeManifestList(object(table, list));
    const named = [
      stuck.metadataKey,
      list,
      manifest?.manifest_path.replace('s3://lake/', ''),
      `${table.location.replace('s3://lake/', '')}/copy-0.parquet`,
    ];
    const without = await expire(table, before, null);
    expect(without).toEqual(expect.arrayContaining(named.slice(1)));
    const withGlue = await expire(table, before, stuck.metadataKey);
    for (const key of named) expect(withGlue).not.toContain(key);
    expect(withGlue.length).toBeGreaterThan(without.length - 5);
  });

  it('include metadata files that left the log, but never the one Glue names', async () => {
    const table = new TestTable(duckdb);
    const newFile = await fileFactory(table);
    await table.commit(fields, [newFile()]);
    const first = table.current.metadataKey;
    for (let commit = 0; commit < 100; commit++) await table.commit(fields, [newFile()]);
    const before = table.current;
    await table.commit(fields, [newFile()]);
    expect(await expire(table, before, null)).toEqual([first]);
    expect(await expire(table, before, first)).toEqual([]);
  });

  it('are none when the earlier metadata is already gone', async () => {
    const { table, before } = await refreshedTable();
    table.store.objects.delete('lake/metadata/acme/s1/orders/gone.metadata.json');
    const gone = { ...before, metadataKey: 'lake/metadata/acme/s1/orders/gone.metadata.json' };
    expect(await expire(table, gone, null)).toEqual([]);
  });
});
