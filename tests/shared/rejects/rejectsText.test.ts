import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { rejectsText } from '../../../shared/rejects/rejectsText.ts';
import { rejectFields } from '../../../shared/staging/streamLoader.ts';
import { never, openDuckdb, TestTable } from '../lake/testTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});

/** Rejects of one file, `row_text` as SQL over `i`. */
const write = (table: TestTable, from: number, to: number, text: string) =>
  table.write(
    `select ${text} as row_text, i as line, null as column_name, 'too long' as reason, 'run' as _run_id,
      timestamptz '2026-01-01 00:00:00+00' as _ingested_at, 'a.csv' as _source_file, 'csv' as row_format, null as row_context
      from range(${from}, ${to}) t(i)`,
    rejectFields,
    { sourceFile: 'a.csv' },
  );

async function download(table: TestTable, format: 'csv' | 'ndjson') {
  const parts = [];
  let after = null;
  do {
    const part = await rejectsText(table.store, table.current, format, after, never);
    parts.push(part);
    after = part.next;
  } while (after !== null);
  return parts;
}

describe('a download of rejects', () => {
  it('is CSV with a header, quoted where it must be, NULL apart from nothing', async () => {
    const table = new TestTable(duckdb, 'one__rejects');
    await table.commit(rejectFields, [
      await write(table, 1, 3, `case when i = 1 then 'a,"b"' || chr(10) || 'c' end`),
    ]);
    expect(await download(table, 'csv')).toEqual([
      {
        text: [
          'file,line,column,reason,row,run,rejectedAt',
          '"a.csv","1",,"too long","a,""b""\nc","run","2026-01-01T00:00:00Z"',
          '"a.csv","2",,"too long",,"run","2026-01-01T00:00:00Z"',
          '',
        ].join('\n'),
        rows: 2,
        next: null,
      },
    ]);
  });

  it('comes in bounded parts that are the whole together, each row once', async () => {
    const table = new TestTable(duckdb, 'two__rejects');
    await table.commit(rejectFields, [
      await write(table, 0, 2000, `repeat('x', 3000)`),
      await write(table, 2000, 2010, `repeat('y', 700000)`),
    ]);
    const parts = await download(table, 'ndjson');
    expect(parts.length).toBeGreaterThan(3);
    for (const { text } of parts) expect(text.length).toBeLessThan(2_600_000);
    const rows = parts.flatMap(({ text }) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { line: number; row: string }),
    );
    expect(rows.map(({ line }) => line)).toEqual(Array.from({ length: 2010 }, (_, line) => line));
    expect(rows[0]?.row.length).toBe(3000);
    expect(rows.at(-1)?.row.length).toBe(700_000);
    expect(parts.reduce((sum, { rows: count }) => sum + count, 0)).toBe(2010);
  });

  it('stays with the snapshot it began with', async () => {
    const table = new TestTable(duckdb, 'three__rejects');
    await table.commit(rejectFields, [await write(table, 0, 2000, `repeat('x', 3000)`)]);
    const first = await rejectsText(table.store, table.current, 'ndjson', null, never);
    await table.commit(rejectFields, [await write(table, 0, 1, `'later'`)], { kind: 'everything' });
    let left = 2000 - first.rows;
    for (let after = first.next; after !== null; ) {
      const part = await rejectsText(table.store, table.current, 'ndjson', after, never);
      expect(part.text).not.toContain('later');
      left -= part.rows;
      after = part.next;
    }
    expect(left).toBe(0);
  });
});
