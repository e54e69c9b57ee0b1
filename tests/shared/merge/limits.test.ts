import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import type { MergeRule } from '../../../shared/merge/merge.ts';
import { MergeTable } from './mergeTable.ts';

const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'string' },
  { id: 2, name: 'changed', type: 'long' },
];
const rule: MergeRule = { kind: 'upsert', key: ['id'], cursor: 'changed', onDelete: 'remove' };
const rows = (from: number, to: number, changed: string): string =>
  `SELECT hash(i)::VARCHAR || '-a key that is not short-' || i AS id, ${changed} AS changed FROM range(${from}, ${to}) t(i)`;

describe('a merge', () => {
  it('spills what does not fit into its memory, and finds the same rows', async () => {
    await using table = await MergeTable.open();
    for (const from of [0, 400_000])
      await table.add(await table.write(rows(from, from + 400_000, 'i % 3'), schema));
    const adds = [
      await table.write(rows(100_000, 700_000, '1'), schema),
      await table.write(rows(300_000, 900_000, '1'), schema),
    ];
    const spilled = new Set<string>();
    const timer = setInterval(() => {
      for (const folder of table.leftovers) {
        const spill = join(table.folder, folder, 'duckdb');
        if (existsSync(spill)) for (const file of readdirSync(spill)) spilled.add(file);
      }
    }, 20);
    const merged = await table
      .merge({ rule, schema, adds, memoryLimitMegabytes: 110 }, () => new Set())
      .finally(() => clearInterval(timer));
    expect(spilled.size).toBeGreaterThan(0);
    // 400,000 keys come twice; of the 700,000 that the table has, every third is newer there.
    const newer = Array.from({ length: 700_000 }, (_, i) => i + 100_000).filter((i) => i % 3 === 2);
    expect(merged).toMatchObject({
      deduplicated: 400_000 + newer.length,
      superseded: 700_000 - newer.length,
    });
    table.apply(merged);
    expect(table.liveRows).toBe(900_000);
    expect(table.leftovers).toEqual([]);
  });

  it('ends at once when it is aborted, while fetching or while working, and leaves nothing behind', async () => {
    await using table = await MergeTable.open();
    for (let file = 0; file < 4; file++)
      await table.add(await table.write(rows(file * 50_000, (file + 1) * 50_000, '1'), schema));
    const adds = [await table.write(rows(0, 200_000, '2'), schema)];
    for (const reads of [0, 1, 3, 6, 9]) {
      const abort = new AbortController();
      const reason = new Error(`enough after ${reads} reads`);
      let count = 0;
      const readRange = async (path: string, from: number, to: number): Promise<Uint8Array> => {
        if (++count > reads) setTimeout(() => abort.abort(reason), 1);
        return await table.readRange(path, from, to);
      };
      await expect(
        table.merge({ rule, schema, adds, readRange, signal: abort.signal }),
      ).rejects.toBe(reason);
      expect(table.leftovers).toEqual([]);
    }
  });

  it('fails with the lake’s own error when an object cannot be read or written, and leaves nothing behind', async () => {
    await using table = await MergeTable.open();
    await table.add(await table.write(rows(0, 1_000, '1'), schema));
    const adds = [await table.write(rows(500, 1_500, '2'), schema)];
    const refused = new Error('503');
    const readRange = async (path: string, from: number, to: number): Promise<Uint8Array> => {
      if (path !== adds[0]?.path) throw refused;
      return await table.readRange(path, from, to);
    };
    await expect(table.merge({ rule, schema, adds, readRange })).rejects.toBe(refused);
    const upload = async (localPath: string): Promise<string> => {
      expect(existsSync(localPath)).toBe(true);
      throw refused;
    };
    for (const files of [true, false])
      await expect(
        table.merge({ rule, schema, adds, upload }, (all) => new Set(files ? all : [])),
      ).rejects.toBe(refused);
    expect(table.leftovers).toEqual([]);
  });

  it('reads a table of many small files, a few at a time', async () => {
    await using table = await MergeTable.open();
    for (let file = 0; file < 150; file++)
      await table.add(
        await table.write(rows(file, file + 2, '1'), schema),
        file % 3 === 0 ? [0] : [],
      );
    let [now, most] = [0, 0];
    const readRange = async (path: string, from: number, to: number): Promise<Uint8Array> => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
      return await table.readRange(path, from, to);
    };
    const adds = [await table.write(rows(0, 151, '2'), schema)];
    const merged = await table.merge({ rule, schema, adds, readRange });
    expect(merged).toMatchObject({ superseded: 250, deduplicated: 0 });
    expect(merged.removes).toHaveLength(150);
    expect(most).toBeLessThanOrEqual(8);
  });
});
