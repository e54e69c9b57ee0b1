import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listSnapshots } from '../../../shared/lake/listSnapshots.ts';
import { type PreviewRows, previewRows } from '../../../shared/lake/previewRows.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
let table: TestTable;
beforeAll(async () => {
  duckdb = await openDuckdb();
});
beforeEach(() => {
  table = new TestTable(duckdb);
});

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
const preview = (more: Partial<PreviewRows> = {}) =>
  previewRows({ store: table.store, pointer: table.current, limit: 10, signal: never, ...more });

describe('a preview', () => {
  it('answers the first rows in the order they were loaded', async () => {
    await table.commit(fields, [await part(0, 3)]);
    await table.commit(fields, [await part(3, 100)]);
    const { rows, total, snapshotId } = await preview({ limit: 5 });
    expect(rows.map((row) => row['id'])).toEqual([0, 1, 2, 3, 4]);
    expect(total).toBe(100);
    expect(snapshotId).toBe(table.current.snapshotId);
  });

  it('goes on over the border of row groups and files', async () => {
    await table.commit(fields, [await part(0, 5000, 2048), await part(5000, 6000)]);
    const { rows } = await preview({ limit: 5_500 });
    expect(rows).toHaveLength(5_500);
    for (const index of [2047, 2048, 4095, 4096, 4999, 5000, 5499])
      expect(rows[index]).toEqual({ id: index, label: `n${index}` });
  });

  it('reads columns by their id: added ones are null in old files, retyped ones never show old values', async () => {
    await table.commit(fields, [await part(0, 1)]);
    const wider: readonly Field[] = [
      { id: 1, name: 'id', type: 'long' },
      { id: 5, name: 'label', type: 'date' },
      { id: 2, name: 'old_label', type: 'string' },
    ];
    await table.commit(wider, [
      await table.write("select 1::bigint id, date '2026-01-02' as label, 'x' old_label", wider),
    ]);
    const { rows } = await preview();
    expect(rows).toEqual([
      { id: '0', label: null, old_label: 'n0' },
      { id: '1', label: '2026-01-02', old_label: 'x' },
    ]);
  });

  it('answers only the columns asked for, and refuses one that is not there', async () => {
    await table.commit(fields, [await part(0, 1)]);
    expect((await preview({ columns: ['label'] })).rows).toEqual([{ label: 'n0' }]);
    await expect(preview({ columns: ['nope'] })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });

  it('of a table without a snapshot has columns and no rows', async () => {
    await table.commit(fields, []);
    expect(await preview()).toEqual({
      snapshotId: null,
      columns: fields,
      rows: [],
      total: 0,
      cut: [],
    });
  });

  it('defines hostile names as plain properties', async () => {
    const hostile: readonly Field[] = [{ id: 1, name: '__proto__', type: 'int' }];
    await table.commit(hostile, [await table.write('select 1::int as __proto__', hostile)]);
    const { rows } = await preview();
    expect(JSON.stringify(rows)).toBe('[{"__proto__":1}]');
  });

  it('cuts long texts and names their columns, never half a character', async () => {
    await table.commit(fields, [
      await table.write("select 1::int id, 'a' || repeat('😀', 500000) as label", fields),
    ]);
    const { rows, cut } = await preview();
    const label = String(rows[0]?.['label']);
    expect(cut).toEqual(['label']);
    expect(label.length).toBeLessThanOrEqual(4_097);
    expect(label.isWellFormed()).toBe(true);
    expect(label.endsWith('😀…')).toBe(true);
  });

  it('of a very wide table answers fewer rows', async () => {
    const wide: Field[] = Array.from({ length: 1_600 }, (_, index) => ({
      id: index + 1,
      name: `c${index}`,
      type: 'int',
    }));
    await table.commit(wide, [
      await table.write(
        `select ${wide.map(({ name, id }) => `(i * ${id})::int as ${name}`).join(', ')} from range(100) t(i)`,
        wide,
      ),
    ]);
    const { rows } = await preview({ limit: 500 });
    expect(rows).toHaveLength(62);
    expect(rows[61]?.['c1599']).toBe(61 * 1600);
  });
});

describe('bytes read', () => {
  it('are those of the wanted columns and row groups, not of the file', async () => {
    const wide: Field[] = Array.from({ length: 20 }, (_, index) => ({
      id: index + 1,
      name: `c${index}`,
      type: 'double',
    }));
    const file = await table.write(
      `select ${wide.map(({ name }) => `hash(i, '${name}')::double / 7 as ${name}`).join(', ')} from range(100000) t(i)`,
      wide,
      { rowGroupSize: 20480 },
    );
    await table.commit(wide, [file]);
    table.store.bytesRead = 0;
    const { rows } = await preview({ limit: 3, columns: ['c3'] });
    expect(rows).toHaveLength(3);
    expect(file.bytes).toBeGreaterThan(10_000_000);
    expect(table.store.bytesRead).toBeLessThan(file.bytes / 20);
  });

  it('of one large column chunk are fetched piece by piece, none twice', async () => {
    const text: readonly Field[] = [{ id: 1, name: 'text', type: 'string' }];
    // Texts that compress to a half: one column chunk of 20 MB.
    const file = await table.write(
      `select string_agg(sha256(i::varchar || '-' || j::varchar), '' order by j) as text
       from range(1500) t(i), range(400) s(j) group by i order by i`,
      text,
      { rowGroupSize: 122880 },
    );
    await table.commit(text, [file]);
    table.store.bytesRead = 0;
    const { rows } = await preview({ limit: 2 });
    expect(rows).toHaveLength(2);
    expect(String(rows[0]?.['text'])).toMatch(/^[0-9a-f]+…$/);
    expect(file.bytes).toBeGreaterThan(15_000_000);
    expect(table.store.bytesRead).toBeLessThan(file.bytes + 200_000);
    const all = await previewRows({
      store: table.store,
      pointer: table.current,
      limit: 1500,
      signal: never,
    });
    expect(all.rows).toHaveLength(1500);
    expect(all.rows.every((row) => typeof row['text'] === 'string')).toBe(true);
  });
});

describe('deleted rows', () => {
  const idsOf = ({ rows }: Awaited<ReturnType<typeof preview>>) => rows.map((row) => row['id']);

  it('are left out: the first, the last, at row group borders, a whole file', async () => {
    const [a, b, c] = [
      await part(0, 5_000, 2_048),
      await part(5_000, 5_010),
      await part(5_010, 5_020),
    ];
    await table.commit(fields, [a, b, c]);
    const gone = [0, 1, 2_047, 2_048, 4_095, 4_096, 4_999];
    await table.delete(fields, [
      await table.writeDeletes(a, `select unnest([${gone}]) pos`),
      await table.writeDeletes(b, 'select i pos from range(10) t(i)'),
      await table.writeDeletes(c, 'select 9 pos'),
    ]);
    const all = Array.from({ length: 5_020 }, (_, id) => id).filter(
      (id) => !gone.includes(id) && !(id >= 5_000 && id < 5_010) && id !== 5_019,
    );
    const found = await preview({ limit: 6_000 });
    expect(idsOf(found)).toEqual(all);
    expect(found.rows.every((row) => row['label'] === `n${row['id']}`)).toBe(true);
    expect(found.total).toBe(all.length);
    for (const limit of [1, 2, 2_045, 2_046, 4_090, 4_993, 4_994, 5_001])
      expect(idsOf(await preview({ limit }))).toEqual(all.slice(0, limit));
  });

  it('are there at the snapshot before, and columns that came later are null in files with deletes', async () => {
    const a = await part(0, 3);
    await table.commit(fields, [a]);
    const before = table.current.snapshotId ?? '';
    const wider: readonly Field[] = [
      { id: 1, name: 'number', type: 'long' },
      { id: 2, name: 'label', type: 'string' },
      { id: 4, name: 'late', type: 'boolean' },
    ];
    const b = await table.write(
      "select i number, 'w' || i as label, true late from range(2) t(i)",
      wider,
    );
    await table.delete(
      wider,
      [await table.writeDeletes(a, 'select 1 pos'), await table.writeDeletes(b, 'select 0 pos')],
      [b],
    );
    expect(await preview()).toMatchObject({
      rows: [
        { number: '0', label: 'n0', late: null },
        { number: '2', label: 'n2', late: null },
        { number: '1', label: 'w1', late: true },
      ],
      total: 3,
    });
    const then = await preview({ asOf: before });
    expect(then).toMatchObject({ total: 3, snapshotId: before });
    expect(idsOf(then)).toEqual([0, 1, 2]);
  });

  it('of large files cost the pages that the first live rows need', async () => {
    const a = await part(0, 400_000, 20_480);
    await table.commit(fields, [a]);
    const most = await table.writeDeletes(a, 'select i pos from range(399990) t(i)');
    await table.delete(fields, [most]);
    table.store.bytesRead = 0;
    expect(idsOf(await preview({ limit: 5 }))).toEqual([
      399_990, 399_991, 399_992, 399_993, 399_994,
    ]);
    expect(table.store.bytesRead).toBeLessThan(a.bytes / 8 + most.bytes + 200_000);
  });

  it('that contradict the data file are an error, never rows', async () => {
    const a = await part(0, 10);
    await table.commit(fields, [a]);
    const deletes = await table.writeDeletes(a, 'select unnest([2, 4]) pos');
    await table.delete(fields, [deletes]);
    const key = deletes.path.replace('s3://lake/', '');
    const whole = table.store.objects.get(key);
    for (const positions of ['select unnest([4, 12]) pos', 'select unnest([3, 3]) pos']) {
      const other = await table.writeDeletes(a, positions);
      table.store.objects.set(
        key,
        table.store.objects.get(other.path.replace('s3://lake/', '')) ?? new Uint8Array(),
      );
      await expect(preview()).rejects.toMatchObject({ code: 'internal_error' });
    }
    // Everything but the footer, whose length stands before the closing magic.
    const damaged = Buffer.from(whole ?? '');
    damaged.fill(0xff, 4, damaged.length - 8 - damaged.readUInt32LE(damaged.length - 8));
    table.store.objects.set(key, damaged);
    await expect(preview()).rejects.toMatchObject({ code: 'internal_error' });
    table.store.objects.delete(key);
    await expect(preview()).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('history', () => {
  it('can be listed and read: by snapshot and by instant, with the schema of then', async () => {
    await table.commit(
      fields,
      [await part(0, 2)],
      { kind: 'nothing' },
      { 'headgate.run-id': 'r1' },
    );
    const first = table.current;
    const between = new Date(table.now.getTime() - 30_000).toISOString();
    const wider = [...fields, { id: 3, name: 'more', type: 'int' } as const];
    await table.commit(
      wider,
      [await table.write("select 9::int id, 'x' as label, 1::int more", wider)],
      { kind: 'everything' },
    );
    const lines = await listSnapshots(table.store, table.current, never);
    expect(lines).toMatchObject([
      { operation: 'overwrite', addedRows: 1, removedRows: 2, rows: 1, dataFiles: 1, runId: null },
      { operation: 'append', addedRows: 2, removedRows: 0, rows: 2, dataFiles: 1, runId: 'r1' },
    ]);
    expect(lines[1]).toMatchObject({
      snapshotId: first.snapshotId,
      committedAt: '2026-03-01T00:00:00.000Z',
    });
    for (const asOf of [first.snapshotId ?? '', between]) {
      const then = await preview({ asOf });
      expect(then.rows).toEqual([
        { id: 0, label: 'n0' },
        { id: 1, label: 'n1' },
      ]);
    }
    expect((await preview()).rows).toEqual([{ id: 9, label: 'x', more: 1 }]);
  });

  it('that is not there is not found, and a time that is none is refused', async () => {
    await table.commit(fields, [await part(0, 2)]);
    for (const asOf of ['42', '1999-01-01T00:00:00Z'])
      await expect(preview({ asOf })).rejects.toMatchObject({ code: 'not_found' });
    await expect(preview({ asOf: 'yesterday' })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });
});

describe('a damaged file', () => {
  it('is an error, never nulls', async () => {
    const file = await part(0, 5_000);
    await table.commit(fields, [file]);
    const key = file.path.replace('s3://lake/', '');
    const body = Buffer.from(table.store.objects.get(key) ?? '');
    for (const damage of [
      (bytes: Buffer) => bytes.fill(0, 0, bytes.length >> 1),
      (bytes: Buffer) => bytes.fill(0xff, 40, 400),
      (bytes: Buffer) => bytes.fill(0, bytes.length - 8),
    ]) {
      const bytes = Buffer.from(body);
      damage(bytes);
      table.store.objects.set(key, bytes);
      await expect(preview({ limit: 3 })).rejects.toMatchObject({ code: 'internal_error' });
    }
    // Storage that answers less than it was asked for.
    table.store.objects.set(key, body);
    const whole = table.store.getRange.bind(table.store);
    table.store.getRange = async (name, from, to) =>
      to === file.bytes ? whole(name, from, to) : new Uint8Array();
    await expect(preview({ limit: 3 })).rejects.toMatchObject({ code: 'internal_error' });
    table.store.getRange = whole;
    expect((await preview({ limit: 3 })).rows).toHaveLength(3);
    table.store.objects.delete(key);
    await expect(preview()).rejects.toMatchObject({ code: 'not_found' });
  });
});
