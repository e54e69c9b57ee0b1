import { expect, it } from 'vitest';
import { mergeDrift } from '../../../shared/fanout/mergeDrift.ts';
import type { UnitLoad } from '../../../shared/fanout/unitPart.ts';
import type { Field } from '../../../shared/lake/schema.ts';
import type { SchemaDrift } from '../../../shared/schema/schemaDrift.ts';

const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, type });
const before = [field(1, 'id', 'long'), field(2, 'v', 'long'), field(9, '_run_id', 'string')];
const load = (drift: Partial<SchemaDrift> | null, read = 1): UnitLoad => ({
  schema: [],
  adds: [],
  rejects: [],
  counts: { read, written: read, rejected: 0, deduplicated: 0, bytes: 0 },
  files: [],
  drift: drift === null ? null : { added: [], removed: [], changed: [], more: 0, ...drift },
  delivered: [],
  parts: [],
});
const stored = { isStored: true, discarded: 0 };

it('says what is new and what changed by the schema that units came to, with the samples they took', () => {
  const after = [before[0]!, field(3, 'v', 'string'), field(4, 'w', 'double'), before[2]!];
  const one = load({
    added: [{ name: 'w', type: 'long', samples: ['1'], ...stored }],
    changed: [{ name: 'v', from: 'long', to: 'double', samples: ['1.5'], ...stored }],
  });
  const two = load({
    added: [{ name: 'w', type: 'double', samples: ['1', '2.5'], ...stored }],
    changed: [{ name: 'v', from: 'long', to: 'string', samples: ['x'], ...stored }],
  });
  expect(mergeDrift(before, after, [one, two])).toEqual({
    added: [{ name: 'w', type: 'double', samples: ['1', '2.5'], ...stored }],
    changed: [{ name: 'v', from: 'long', to: 'string', samples: ['1.5', 'x'], ...stored }],
    removed: [],
    more: 0,
  });
});

it('calls a column gone only where it was gone for all units that read anything', () => {
  const gone = { removed: [{ name: 'v', type: 'long' as const }] };
  expect(mergeDrift(before, before, [load(gone), load(gone), load(null, 0)])?.removed).toEqual(
    gone.removed,
  );
  expect(mergeDrift(before, before, [load(gone), load(null)])).toBeNull();
});

it('adds up what a contract kept out, and counts nothing where one unit could not', () => {
  const kept = (discarded: number | null) => ({
    added: [{ name: 'new', type: 'long' as const, samples: [], isStored: false, discarded }],
  });
  expect(mergeDrift(before, before, [load(kept(2)), load(kept(3))])?.added).toMatchObject([
    { discarded: 5 },
  ]);
  expect(mergeDrift(before, before, [load(kept(2)), load(kept(null))])?.added).toMatchObject([
    { discarded: null },
  ]);
});

it('has nothing to say of a first load', () => {
  expect(mergeDrift([], before, [load(null)])).toBeNull();
});
