import { describe, expect, it } from 'vitest';
import type { Field } from '../shared/lake/schema.ts';
import { queryLake } from './lakeReader.ts';
import { openDuckdb, TestTable } from './shared/lake/testTable.ts';

const narrow: readonly Field[] = [
  { id: 1, name: 'id', type: 'int' },
  { id: 2, name: 'label', type: 'string' },
];
const wide: readonly Field[] = [
  { id: 1, name: 'number', type: 'long' },
  { id: 2, name: 'label', type: 'string' },
  { id: 5, name: 'late', type: 'decimal(9, 2)' },
];

describe('the reader that tests compare with', () => {
  it('sees live rows only, with columns by their ids, at each snapshot', async () => {
    const table = new TestTable(await openDuckdb());
    const read = (snapshotId: string | null) =>
      queryLake(table.store, table.current.metadataKey, snapshotId, 'select * from t order by 1');
    const files = [];
    for (let part = 0; part < 11; part++)
      files.push(
        await table.write(
          `select (${part} * 3 + i)::int id, 'n' || i as label from range(3) t(i)`,
          narrow,
        ),
      );
    await table.commit(narrow, files);
    const first = table.current.snapshotId;
    const [one, , , , , , , , , , eleventh] = files;
    if (one === undefined || eleventh === undefined) throw new Error('no files');
    await table.delete(
      wide,
      [
        await table.writeDeletes(one, 'select unnest([0, 2]) pos'),
        await table.writeDeletes(eleventh, 'select 1 pos'),
      ],
      [await table.write("select 99 number, 'w' as label, 1.5 late", wide)],
    );
    const all = Array.from({ length: 33 }, (_, id) => id);
    expect((await read(first)).map((row) => row['id'])).toEqual(all);
    const rows = await read(table.current.snapshotId);
    expect(rows.map((row) => Number(row['number']))).toEqual([
      ...all.filter((id) => ![0, 2, 31].includes(id)),
      99,
    ]);
    expect(rows.at(-1)).toEqual({ number: '99', label: 'w', late: '1.50' });
    expect(rows[0]).toEqual({ number: '1', label: 'n1', late: null });
    await table.commit(wide, [], { kind: 'everything' });
    expect(await read(table.current.snapshotId)).toEqual([]);
  });
});
