import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import {
  currentSnapshot,
  parseTableMetadata,
  printTableMetadata,
  readTableMetadata,
} from '../../../shared/lake/tableMetadata.ts';
import { never, openDuckdb, TestTable } from './testTable.ts';

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb();
});

const fields: readonly Field[] = [{ id: 1, name: 'id', type: 'int' }];

/** Metadata as if another engine had written it: ids beyond 2^53 and members we do not know. */
async function foreignText(): Promise<string> {
  const table = new TestTable(duckdb);
  await table.commit(fields, [await table.write('select 1 as id', fields)]);
  const text = Buffer.from(table.store.objects.get(table.current.metadataKey) ?? '').toString();
  const id = table.current.snapshotId ?? '';
  return text
    .replaceAll(id, '9223372036854775807')
    .replace('{', '{"next-row-id":9007199254740993,');
}

describe('table metadata', () => {
  it('keeps every digit of every id, and members it does not know', async () => {
    const text = await foreignText();
    const metadata = parseTableMetadata(text);
    expect(metadata['current-snapshot-id']).toBe(9223372036854775807n);
    expect(currentSnapshot(metadata)?.['snapshot-id']).toBe(9223372036854775807n);
    expect(metadata['next-row-id']).toBe(9007199254740993n);
    const printed = printTableMetadata(metadata);
    expect(printed).toContain('"current-snapshot-id":9223372036854775807');
    expect(printTableMetadata(parseTableMetadata(printed))).toBe(printed);
    expect(printed.length).toBe(text.length);
  });

  it('that is none is an error with the key', async () => {
    const { store } = new TestTable(duckdb);
    for (const text of ['', '{}', '[]', '{"format-version":3}']) {
      store.objects.set('m.json', Buffer.from(text));
      await expect(readTableMetadata(store, 'm.json', never)).rejects.toMatchObject({
        code: 'internal_error',
        message: expect.stringContaining('m.json') as string,
      });
    }
  });
});
