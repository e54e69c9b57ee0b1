import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openS3 } from '../../../local/s3/openS3.ts';
import { newRunId, newSourceId } from '../../../shared/ids.ts';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { type ListOrphans, listOrphans } from '../../../shared/lake/listOrphans.ts';
import { listSnapshots } from '../../../shared/lake/listSnapshots.ts';
import { s3ObjectStore } from '../../../shared/lake/s3ObjectStore.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { queryLake } from '../../lakeReader.ts';
import { hostServices, localClientConfig } from '../../local/hostServices.ts';
import { MemoryStore } from './memoryStore.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

const day = 86_400_000;
const fields: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'label', type: 'string' },
];

let duckdb: DuckDBConnection;
let folder: string;
let host: Awaited<ReturnType<typeof hostServices>>;
let s3: S3Client;
let store: ReturnType<typeof s3ObjectStore>;
let table: TestTable;
let rejects: TestTable;
let sourceId: string;
let buckets = 0;
/** Objects are as old as their upload to S3: it is four days later for whoever looks. */
const later = new Date(Date.now() + 4 * day);

beforeAll(async () => {
  duckdb = await openDuckdb();
  folder = mkdtempSync(join(tmpdir(), 'headgate-orphans-'));
  host = await hostServices(openS3({ folder }));
  s3 = new S3Client({ ...localClientConfig, endpoint: host.endpoint, forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await host.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  const memory = new MemoryStore(`lake-${++buckets}`);
  await s3.send(new CreateBucketCommand({ Bucket: memory.bucket }));
  store = s3ObjectStore(s3, memory.bucket);
  sourceId = newSourceId(new Date(Date.now() - 30 * day));
  table = new TestTable(duckdb, 'orders', memory);
  rejects = new TestTable(duckdb, 'orders__rejects', memory);
  Object.assign(rejects, { metadataPrefix: `${table.metadataPrefix}rejects/` });
  newRun();
});

/** From here on objects are those of another run, which began so many days ago. */
function newRun(daysAgo = 0): string {
  const runId = newRunId(sourceId, new Date(Date.now() - daysAgo * day));
  table.runId = runId;
  rejects.runId = runId;
  return runId;
}
const part = (from: number, to: number) =>
  table.write(`select i::int id, 'n' || i as label from range(${from}, ${to}) t(i)`, fields);
const upload = async (): Promise<void> => {
  for (const [Key, Body] of table.store.objects)
    await s3.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body }));
};
const find = async (more: Partial<ListOrphans> = {}) =>
  listOrphans({
    store,
    sourceId,
    locations: [table.location, rejects.location],
    metadataPrefix: table.metadataPrefix,
    metadataKeys: [table.current, ...(rejects.pointer === null ? [] : [rejects.pointer])].map(
      ({ metadataKey }) => metadataKey,
    ),
    sparedRuns: new Set(),
    since: new Date(0),
    now: later,
    signal: never,
    ...more,
  });
/** What `work` writes. */
async function written(work: () => Promise<unknown>): Promise<string[]> {
  const before = new Set(table.store.objects.keys());
  await work();
  return [...table.store.objects.keys()].filter((key) => !before.has(key));
}
/** A commit that is prepared and never made visible. */
const lose = (work: () => Promise<unknown>) =>
  written(async () => {
    const { pointer, now } = table;
    await work();
    Object.assign(table, { pointer, now });
  });

describe('objects that nothing refers to', () => {
  it('are what lost tries wrote, and every snapshot stays whole without them', async () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6));
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const lost: string[] = [];
    const live: DataFile[] = [];
    const pointers = [];
    for (let step = 0; step < 40; step++) {
      newRun(20 - step / 2);
      const file = await part(step * 10, step * 10 + 5);
      const deletes = await table.writeDeletes(file, `select ${random(5)} pos`);
      // A try that was beaten, and files of an attempt that was cut off.
      if (random(2) === 0)
        lost.push(
          ...(await lose(async () => {
            const other = await part(0, 3);
            await table.delete(fields, [await table.writeDeletes(other, 'select 1 pos')], [other]);
          })),
        );
      if (random(3) === 0) lost.push(...(await written(() => part(0, 2))));
      const kind = random(10);
      if (kind === 0) {
        await table.delete(fields, [deletes], [file], { kind: 'everything' });
        live.length = 0;
      } else if (kind === 1 && live.length > 0) {
        const [gone] = live.splice(random(live.length), 1);
        await table.delete(fields, [deletes], [file], { kind: 'files', paths: [gone?.path ?? ''] });
      } else await table.delete(fields, [deletes], [file]);
      live.push(file);
      if (random(4) === 0)
        await rejects.commit(fields, [
          await rejects.write("select 1::int id, 'r' as label", fields),
        ]);
      pointers.push({ pointer: table.current, live: [...live] });
      if (random(8) === 0) {
        const back = pointers[random(pointers.length)];
        if (back === undefined) continue;
        await table.revert(back.pointer, fields);
        live.splice(0, Infinity, ...back.live);
      }
    }
    await upload();
    expect(lost.length).toBeGreaterThan(40);
    const { keys, more } = await find();
    expect(keys.toSorted()).toEqual(lost.toSorted());
    expect(more).toBe(false);
    // Data first, metadata files last.
    const kinds = keys.map((key) => (key.endsWith('.parquet') ? 0 : key.endsWith('.avro') ? 1 : 2));
    expect(kinds).toEqual(kinds.toSorted());
    await store.delete(keys, never);
    expect((await find()).keys).toEqual([]);
    for (const { snapshotId, rows } of await listSnapshots(store, table.current, never))
      expect(
        await queryLake(
          store,
          table.current.metadataKey,
          snapshotId,
          'select count(*)::int n from t',
        ),
      ).toEqual(rows === 0 ? [] : [{ n: rows }]);
    await table.commit(fields, [await part(0, 1)]);
  });

  it('are left alone while they, or their run, are younger than three days', async () => {
    await table.commit(fields, [await part(0, 1)]);
    const lost = await lose(async () => table.commit(fields, [await part(1, 2)]));
    await upload();
    expect((await find()).keys.toSorted()).toEqual(lost.toSorted());
    const young = new Date(Date.now() + 3 * day - 60_000);
    expect((await find({ now: young })).keys).toEqual([]);
    // A run that has been at work for ten days, with an object of today.
    newRun(10);
    const late = await written(() => part(7, 8));
    await upload();
    expect((await find({ now: new Date() })).keys).toEqual([]);
    expect((await find()).keys).toContain(late[0]);
    lost.push(...late);
    newRun(-2);
    await written(() => part(1, 2));
    await lose(async () => table.commit(fields, [await part(1, 2)]));
    await upload();
    expect((await find()).keys.toSorted()).toEqual(lost.toSorted());
  });

  it('are left alone where they belong to a run that is spared', async () => {
    await table.commit(fields, [await part(0, 1)]);
    const spared = newRun();
    await lose(async () => table.commit(fields, [await part(1, 2)]));
    newRun();
    const lost = await written(() => part(2, 3));
    await upload();
    expect((await find({ sparedRuns: new Set([spared]) })).keys).toEqual(lost);
  });

  it('are left alone where Headgate gave them no name, or another table or source owns them', async () => {
    await table.commit(fields, [await part(0, 1)]);
    const { runId } = table;
    const data = table.location.replace(`s3://${store.bucket}/`, '');
    const other = newRunId(newSourceId(new Date()), new Date(Date.now() - 5 * day));
    for (const key of [
      `${data}/00000-0-athena.parquet`,
      `${data}/${runId}/notes.txt`,
      `${data}/${runId}/b1/u0/x.parquet`,
      `${data}/${other}/a1/u0/x.parquet`,
      `${data}2/${runId}/a1/u0/x.parquet`,
      `${data}.parquet`,
      `${table.metadataPrefix}00001-0e7f.metadata.json`,
      `${table.metadataPrefix}stats/${runId}-1-1.avro`,
      `${table.metadataPrefix}version-hint.text`,
      `${table.metadataPrefix}${other}-1-1-m0.avro`,
      `${table.metadataPrefix.slice(0, -1)}2/${runId}-1-1-m0.avro`,
    ])
      table.store.objects.set(key, Buffer.from('x'));
    const [forgotten] = await written(() => part(5, 6));
    await upload();
    expect((await find()).keys).toEqual([forgotten]);
  });

  it('are looked for in portions: from a day on, and up to a number', async () => {
    newRun(20);
    await table.commit(fields, [await part(0, 1)]);
    const old = await written(() => part(1, 2));
    newRun(10);
    const recent = await written(() => part(2, 3));
    await upload();
    const since = new Date(Date.now() - 15 * day);
    expect((await find({ since })).keys).toEqual(recent);
    expect((await find()).keys.toSorted()).toEqual([...old, ...recent].toSorted());
    // Three of the metadata prefix, then the data of the first run.
    const found = await find({ most: 5 });
    expect(found).toEqual({ keys: old, more: true });
  });

  it('are unknown while a metadata file cannot be read', async () => {
    await table.commit(fields, [await part(0, 1)]);
    await part(1, 2);
    await upload();
    await store.delete([table.current.metadataKey], never);
    await expect(find()).rejects.toMatchObject({ code: 'not_found' });
  });
});
