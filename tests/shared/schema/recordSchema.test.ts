import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Field } from '../../../shared/lake/schema.ts';
import type { StreamItem } from '../../../shared/runs/streamItem.ts';
import {
  listDrift,
  listDriftOfRun,
  listSchemaVersions,
} from '../../../shared/schema/listSchemaHistory.ts';
import { mergeDrifts } from '../../../shared/schema/newDrift.ts';
import { recordSchema } from '../../../shared/schema/recordSchema.ts';
import type { SchemaDrift } from '../../../shared/schema/schemaDrift.ts';
import { unpackFields } from '../../../shared/schema/schemaVersionItem.ts';
import { transact } from '../../../shared/transact.ts';
import { headgateTable } from '../../headgateTable.ts';

let home: Awaited<ReturnType<typeof headgateTable>>;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

let count = 0;
let sourceId = '';
beforeEach(() => {
  sourceId = `source${++count}`;
});

const streamOf = (schema: readonly Field[], stream = 'orders'): StreamItem => ({
  v: 1,
  tenant: 'acme',
  sourceId,
  stream,
  table: `shop.${stream}`,
  location: 's3://lake/x',
  metadataPrefix: 'lake/metadata/x/',
  lastFieldId: 9,
  schema: [...schema],
  pointer: null,
  rejects: null,
  cursor: null,
  stage: null,
  committedBy: null,
  updatedAt: '2026-01-01T00:00:00.000Z',
});
const one: readonly Field[] = [{ id: 1, name: 'id', type: 'long' }];
const two: readonly Field[] = [...one, { id: 2, name: 'note', type: 'string', doc: 'Note' }];

const drift = (change: Partial<SchemaDrift>): SchemaDrift => ({
  added: [],
  removed: [],
  changed: [],
  more: 0,
  ...change,
});
const gone = (name: string) => drift({ removed: [{ name, type: 'long' }] });
const kept = { samples: [], isStored: false, discarded: 1 };

let runs = 0;
async function commit(
  before: readonly Field[],
  after: readonly Field[],
  found?: SchemaDrift | null,
  stream = 'orders',
) {
  const runId = `${sourceId}-${String(++runs).padStart(4, '0')}`;
  const recorded = await recordSchema(home.table, {
    runId,
    seq: 1,
    stream: streamOf(before, stream),
    schema: after,
    drift: found,
    now: new Date('2026-02-01T00:00:00Z'),
  });
  if (recorded.items.length > 0)
    expect(await transact(home.table, recorded.items)).toEqual({ done: true });
  return { runId, ...recorded };
}

describe('versions of a schema', () => {
  it('are kept with the run that made them, newest first, and only where something changed', async () => {
    const first = await commit([], one);
    await commit(one, one);
    const second = await commit(one, two);
    await commit([], one, undefined, 'orders#2');
    const place = { tenant: 'acme', sourceId, stream: 'orders' };
    const versions = await listSchemaVersions(home.table, place, { limit: 10, after: null });
    expect(versions.map(({ runId }) => runId)).toEqual([second.runId, first.runId]);
    expect(versions.map(({ fields }) => unpackFields(fields))).toEqual([two, one]);
    expect(new Set(versions.map(({ hash }) => hash)).size).toBe(2);
    const [newest] = versions;
    const rest = await listSchemaVersions(home.table, place, { limit: 10, after: newest! });
    expect(rest.map(({ runId }) => runId)).toEqual([first.runId]);
  });

  it('of 2,000 columns with the longest names fit an item', async () => {
    const wide = Array.from({ length: 2000 }, (_, index) => ({
      id: index + 1,
      name: `${'n'.repeat(120)}_${index}`,
      type: 'string' as const,
      doc: `${'Ü'.repeat(200)} ${index} ${Math.random()}`,
    }));
    await commit([], wide);
    const [version] = await listSchemaVersions(
      home.table,
      { tenant: 'acme', sourceId, stream: 'orders' },
      { limit: 1, after: null },
    );
    expect(unpackFields(version!.fields)).toEqual(wide);
  });
});

describe('drift', () => {
  it('is told once, and again only when it went away in between', async () => {
    const first = await commit(two, two, gone('note'));
    const second = await commit(two, two, gone('note'));
    await commit(two, two, null);
    const third = await commit(two, two, gone('note'));
    expect([first.breaking, second.breaking, third.breaking]).toEqual([
      gone('note'),
      null,
      gone('note'),
    ]);
    const records = await listDrift(
      home.table,
      { tenant: 'acme', sourceId },
      { limit: 10, after: null },
    );
    expect(records.map(({ runId }) => runId)).toEqual([third.runId, first.runId]);
    expect(records[0]).toMatchObject({ stream: 'orders', isBreaking: true, drift: gone('note') });
    expect(
      await listDriftOfRun(home.table, { tenant: 'acme', sourceId, runId: first.runId }),
    ).toEqual([records[1]]);
  });

  it('of files, which differ one by one, is told once for good', async () => {
    const files: readonly Field[] = [...two, { id: 3, name: '_source_file', type: 'string' }];
    const told = [];
    for (const found of [gone('note'), null, gone('note'), gone('id'), gone('note')])
      told.push((await commit(files, files, found)).breaking !== null);
    expect(told).toEqual([true, false, false, true, false]);
  });

  it('that the contract keeps out is told once, and again when the type changes', async () => {
    const changed = (to: 'string' | 'double') =>
      drift({ changed: [{ name: 'id', from: 'long', to, ...kept }] });
    const added = drift({ added: [{ name: 'new', type: 'long', ...kept }] });
    const told = [];
    for (const found of [changed('string'), changed('string'), changed('double'), added, added])
      told.push((await commit(one, one, found)).items.length > 0);
    expect(told).toEqual([true, false, true, true, false]);
  });

  it('of a part that is kept aside is told by the commit that shows it; a new table differs from nothing', async () => {
    const stored = { samples: [], isStored: true, discarded: 0 };
    const found = drift({ added: [{ name: 'note', type: 'string', ...stored }] });
    expect((await commit([], two, found)).items).toHaveLength(1);
    expect((await commit(one, one, found)).items).toEqual([]);
    await commit(one, two, found);
    const records = await listDrift(
      home.table,
      { tenant: 'acme', sourceId },
      { limit: 10, after: null },
    );
    expect(records.map((record) => record.drift)).toEqual([found]);
  });

  it('of several loaders of one commit is what all of them found', () => {
    const added = (name: string, sample: string) =>
      drift({
        added: [{ name, type: 'long', samples: [sample], isStored: false, discarded: 2 }],
      });
    expect(mergeDrifts([gone('a'), null])).toBeNull();
    expect(mergeDrifts([gone('a'), gone('a')])).toEqual(gone('a'));
    expect(mergeDrifts([added('x', '1'), null, added('x', '2')])).toEqual(
      drift({
        added: [{ name: 'x', type: 'long', samples: ['1', '2'], isStored: false, discarded: 4 }],
      }),
    );
    expect(mergeDrifts([])).toBeNull();
  });
});
