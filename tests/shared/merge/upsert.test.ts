import { describe, expect, it } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import { MergeTable } from './mergeTable.ts';

const schema: readonly Field[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'at', type: 'timestamp' },
  { id: 3, name: 'v', type: 'string' },
  { id: 4, name: '_deleted', type: 'boolean' },
];
const rule = { kind: 'upsert', key: ['id'], cursor: 'at', onDelete: 'tombstone' } as const;
const values = (...rows: string[]): string =>
  `SELECT * FROM (VALUES ${rows.map((row) => `(${row})`).join(', ')}) t(id, "at", v, _deleted)`;

describe('an upsert', () => {
  it('leaves one row per key, the newest', async () => {
    await using table = await MergeTable.open();
    await table.add(
      await table.write(
        values(
          "1, '2026-01-01', 'a', null",
          "2, '2026-01-05', 'b', null",
          "3, '2026-01-01', 'c', null",
        ),
        schema,
      ),
    );
    const adds = [
      await table.write(
        values(
          "1, '2026-01-02', 'a2', null",
          "2, '2026-01-03', 'old', null",
          "4, '2026-01-01', 'd', null",
        ),
        schema,
      ),
    ];
    const merged = await table.merge({ rule, schema, adds });
    expect(merged).toMatchObject({ deduplicated: 1, superseded: 1, tombstones: 0 });
    table.apply(merged);
    expect((await table.rows(schema)).map(({ v }) => v)).toEqual(['a2', 'b', 'c', 'd']);
  });
});
