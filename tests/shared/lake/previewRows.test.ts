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
      (bytes: Buffer) => bytes.fill(0, 0, bytes.length / 2),
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
