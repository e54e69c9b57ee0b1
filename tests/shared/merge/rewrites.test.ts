import { describe, expect, it } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import { measuredCopyOnWrite } from '../../../shared/merge/copyOnWrite.ts';
import type { MergeRule } from '../../../shared/merge/merge.ts';
import { MergeTable } from './mergeTable.ts';

const rule: MergeRule = { kind: 'upsert', key: ['id'], cursor: null, onDelete: 'tombstone' };
const decoded = (bound: string | undefined): string =>
  Buffer.from(bound ?? '', 'base64').toString();

describe('a file that is written again', () => {
  it('keeps its columns, ids, order and upload, in the table’s types', async () => {
    const old: readonly Field[] = [
      { id: 4, name: 'b', type: 'string' },
      { id: 1, name: 'id', type: 'int' },
      { id: 7, name: 'dropped', type: 'decimal(9, 2)' },
      { id: 5, name: 'file_row_number', type: 'float' },
      { id: 9, name: '_source_file', type: 'string' },
    ];
    const schema: readonly Field[] = [
      { id: 1, name: 'id', type: 'long' },
      { id: 4, name: 'b', type: 'string' },
      { id: 5, name: 'file_row_number', type: 'double' },
      { id: 8, name: 'dropped', type: 'string' },
      { id: 9, name: '_source_file', type: 'string' },
    ];
    const upload = `${'ü'.repeat(200)}.csv`;
    await using table = await MergeTable.open();
    const file = await table.write(
      `SELECT 'b' || i AS b, 99 - i AS id, i / 100 AS dropped, i + 0.5 AS file_row_number, '${upload}' AS _source_file FROM range(100) t(i)`,
      old,
      { sourceFile: upload },
    );
    await table.add(file, [0, 99]);
    const adds = [await table.write('SELECT i AS id FROM range(50, 60) t(i)', schema.slice(0, 1))];
    const merged = await table.merge({ rule, schema, adds }, (files) => new Set(files));
    expect(merged).toMatchObject({ removes: [file.path], deletes: [], superseded: 10 });
    const [written] = merged.adds;
    expect(written?.rows).toBe(88);
    expect(Object.keys(written?.valueCounts ?? {}).map(Number)).toEqual([1, 4, 5, 7, 9]);
    expect(decoded(written?.lowerBounds[9])).toBe(upload);
    expect(decoded(written?.upperBounds[9])).toBe(upload);
    const columns = await table.sql(
      `SELECT name, field_id::INTEGER AS id, duckdb_type AS type FROM parquet_schema('${table.localPath(written?.path ?? '')}') WHERE field_id IS NOT NULL`,
    );
    expect(columns).toEqual([
      { name: 'b', id: 4, type: 'VARCHAR' },
      { name: 'id', id: 1, type: 'BIGINT' },
      { name: 'dropped', id: 7, type: 'DECIMAL(9,2)' },
      { name: 'file_row_number', id: 5, type: 'DOUBLE' },
      { name: '_source_file', id: 9, type: 'VARCHAR' },
    ]);
    table.apply(merged);
    const ids = await table.sql(
      `SELECT id::INTEGER AS id, dropped::DOUBLE AS d FROM '${table.localPath(written?.path ?? '')}'`,
    );
    expect(ids).toEqual(
      Array.from({ length: 100 }, (_, i) => ({ id: 99 - i, d: i / 100 })).filter(
        ({ id }) => id !== 99 && id !== 0 && (id < 50 || id >= 60),
      ),
    );
  });

  it('is one of few rows, or of many dead ones, within what a commit may spend', () => {
    const megabyte = 2 ** 20;
    const file = (megabytes: number, dead: number) => ({
      bytes: megabytes * megabyte,
      rows: 100,
      dead,
    });
    const [small, large, dead, deader, huge] = [
      file(4, 1),
      file(5, 29),
      file(30, 30),
      file(33, 90),
      file(65, 99),
    ];
    const choose = measuredCopyOnWrite();
    expect(choose([small, large, dead, deader, huge])).toEqual(new Set([deader, dead]));
    expect(choose([file(2, 1), small])).toEqual(new Set());
    expect(choose([file(1, 1)]).size).toBe(1);
    expect(measuredCopyOnWrite()([small, large])).toEqual(new Set([small]));
  });
});
