import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { listLiveFiles } from '../../../shared/lake/listLiveFiles.ts';
import { keyOf, pathOf } from '../../../shared/lake/objectPath.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import { createLog } from '../../../shared/log.ts';
import type { MergeRule } from '../../../shared/merge/merge.ts';
import { mergeBy } from '../../../shared/merge/mergeCommit.ts';
import { seeded } from '../../randomness.ts';
import { readWithIcebird, serveToIcebird } from '../lake/icebird.ts';
import { never, openDuckdb, TestTable } from '../lake/testTable.ts';

let duckdb: DuckDBConnection;
const workFolder = mkdtempSync(join(tmpdir(), 'headgate-merge-'));
beforeAll(async () => {
  duckdb = await openDuckdb();
});
afterEach(() => vi.unstubAllGlobals());
afterAll(() => rmSync(workFolder, { recursive: true }));

const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'changed', type: 'long' },
  { id: 3, name: 'v', type: 'string' },
];
const rule: MergeRule = { kind: 'upsert', key: ['id'], cursor: 'changed', onDelete: 'remove' };

it('commits what a merge answers, and an independent reader sees one row per key, the newest', async () => {
  const random = seeded('committed merges');
  const table = new TestTable(duckdb);
  const expected = new Map<number, { changed: number; v: string }>();
  let runs = 0;
  for (let commit = 0; commit < 12; commit++) {
    const files = [];
    for (let file = 0; file < 1 + random.below(2); file++) {
      const rows = Array.from({ length: 1 + random.below(40) }, () => ({
        id: random.below(60),
        changed: commit * 10 + random.below(30),
        v: `v${++runs}`,
      }));
      const values = rows.map(({ id, changed, v }) => `(${id}, ${changed}, '${v}')`).join(', ');
      files.push(await table.write(`SELECT * FROM (VALUES ${values}) t(id, changed, v)`, schema));
      for (const { id, ...row } of rows)
        if (row.changed >= (expected.get(id)?.changed ?? 0)) expected.set(id, row);
    }
    const { store, pointer } = table;
    const merged = await mergeBy(
      {
        rule,
        schema,
        adds: files,
        live: async function* () {
          if (pointer !== null) yield* listLiveFiles(store, pointer, never);
        },
        readRange: (path, from, to) => store.getRange(keyOf(store.bucket, path), from, to),
        dataPrefix: `lake/data/acme/orders/r${commit}/`,
        upload: async (localPath, key) => {
          await store.putNew(key, readFileSync(localPath));
          return pathOf(store.bucket, key);
        },
        runId: 'run-1',
        ingestedAt: table.now,
        workFolder,
        memoryLimitMegabytes: 200,
        threads: 1,
        log: createLog(() => undefined),
        signal: never,
      },
      (losing) => new Set(random.chance(0.3) ? losing : []),
    );
    const removes =
      merged.removes.length === 0
        ? ({ kind: 'nothing' } as const)
        : ({ kind: 'files', paths: merged.removes } as const);
    await table.commit(schema, merged.adds, removes, {}, merged.deletes);
  }
  expect(table.current.rows).toBe(expected.size);
  expect(readdirSync(workFolder)).toEqual([]);
  serveToIcebird(table.store);
  const rows = await readWithIcebird(table.store, table.current);
  const found = rows.map(({ id, changed, v }) => [Number(id), { changed: Number(changed), v }]);
  expect(new Map(found as [number, { changed: number; v: string }][])).toEqual(expected);
  expect(rows).toHaveLength(expected.size);
});
