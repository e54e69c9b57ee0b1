import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { replayRejects } from '../../../shared/ingest/replayRejects.ts';
import { listLiveFiles } from '../../../shared/lake/listLiveFiles.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import type { StreamItem } from '../../../shared/runs/streamItem.ts';
import { rejectFields } from '../../../shared/staging/streamLoader.ts';
import { never, openDuckdb, TestTable } from '../lake/testTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});

const write = (table: TestTable, sourceFile: string) =>
  table.write(
    `select 'x' as row_text, 1 as line, null as column_name, 'r' as reason, 'run' as _run_id, now() as _ingested_at, '${sourceFile}' as _source_file, null as row_format, null as row_context`,
    rejectFields,
    { sourceFile },
  );

async function batches(
  table: TestTable,
  request: Partial<RunItem['request']> = {},
  from: Parameters<typeof replayRejects>[0]['from'] = null,
) {
  const stream = { rejects: table.pointer } as StreamItem;
  const run = { runId: 'run-now', request: { kind: 'replay' as const, ...request } };
  const { store } = table;
  return Array.fromAsync(replayRejects({ store, listLiveFiles, stream, run, from, signal: never }));
}

describe('a replay', () => {
  it('hands out every file of rejects, with a checkpoint that moves', async () => {
    const table = new TestTable(duckdb, 'a__rejects');
    const files = [await write(table, 'a.csv'), await write(table, 'b.csv')];
    await table.commit(rejectFields, files);
    const found = await batches(table);
    expect(found.map(({ body }) => body.file.path).sort()).toEqual(
      files.map(({ path }) => path).sort(),
    );
    expect(found.map(({ checkpoint }) => checkpoint)).toEqual([
      { v: 1, files: 1 },
      { v: 1, files: 2 },
    ]);
    const [next] = await batches(table, {}, { v: 1, files: 5 });
    expect(next?.checkpoint).toEqual({ v: 1, files: 6 });
  });

  it('leaves alone what it rejected again itself, and files nobody asked for', async () => {
    const table = new TestTable(duckdb, 'b__rejects');
    const a = await write(table, 'a.csv');
    const b = await write(table, 'b.csv');
    const own = await write(table, 'a.csv');
    const moved = own.path.replace(/[^/]+$/, 'run-now/a1/u0/00001.parquet');
    await table.commit(rejectFields, [a, b, { ...own, path: moved }]);
    expect((await batches(table)).map(({ body }) => body.file.path).sort()).toEqual(
      [a.path, b.path].sort(),
    );
    expect((await batches(table, { files: ['a.csv'] })).map(({ body }) => body.file.path)).toEqual([
      a.path,
    ]);
  });

  it('of a stream that never rejected anything is nothing', async () => {
    expect(await batches(new TestTable(duckdb, 'c__rejects'))).toEqual([]);
  });
});
