import { describe, expect, it } from 'vitest';
import { normalizeColumnNames } from '../../../shared/lake/columnNames.ts';
import { planSchema, schemaOf } from '../../../shared/lake/planSchema.ts';
import {
  type Column,
  type ColumnType,
  type Field,
  field as fieldSchema,
} from '../../../shared/lake/schema.ts';
import { canWiden, commonType } from '../../../shared/lake/typeChange.ts';

const namesOf = (...names: string[]) => normalizeColumnNames(names).map(({ name }) => name);

describe('column names', () => {
  it('become lower case, with everything else an underscore, and keep the original beside them', () => {
    expect(normalizeColumnNames(['id', 'Order ID', 'Größe (cm)', ' price €/kg '])).toEqual([
      { name: 'id' },
      { name: 'order_id', doc: 'Order ID' },
      { name: 'gro_e_cm', doc: 'Größe (cm)' },
      { name: 'price_kg', doc: ' price €/kg ' },
    ]);
    expect(namesOf('Crème brûlée', 'ﬁnal', '_id', 'a__b')).toEqual([
      'creme_brulee',
      'final',
      '_id',
      'a__b',
    ]);
  });

  it('that collide are numbered in order', () => {
    expect(namesOf('a', 'A', 'a ', 'a_2', 'A')).toEqual(['a', 'a_2', 'a_3', 'a_2_2', 'a_4']);
  });

  it('are made up from the position where nothing is left', () => {
    expect(namesOf('', '名前', '---', '__', '😀')).toEqual([
      'column_1',
      'column_2',
      'column_3',
      'column_4',
      'column_5',
    ]);
    expect(namesOf('column_2', '')).toEqual(['column_2', 'column_2_2']);
  });

  it('never begin with a digit and are never endless', () => {
    expect(namesOf('2024 sales')).toEqual(['_2024_sales']);
    const [first = '', second = ''] = namesOf('x'.repeat(5_000), 'X'.repeat(5_000));
    expect(first.length).toBeLessThan(140);
    expect(second).not.toBe(first);
  });

  it('leave Headgate’s own columns and those of Iceberg alone', () => {
    expect(namesOf('_run_id', '_UNFIT', '_file', '_deleted', '__proto__', 'constructor')).toEqual([
      '_run_id_2',
      '_unfit_2',
      '_file_2',
      '_deleted_2',
      '__proto___2',
      'constructor',
    ]);
  });

  it('of 1,600 columns, all alike, are all different and all valid', () => {
    const names = namesOf(...Array.from({ length: 1_600 }, () => 'Wert'));
    expect(new Set(names).size).toBe(1_600);
    for (const name of names) expect(fieldSchema.shape.name.safeParse(name).success).toBe(true);
  });
});

describe('types', () => {
  const all: readonly ColumnType[] = [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'timestamp',
    'timestamptz',
    'string',
    'binary',
    'decimal(9, 2)',
    'decimal(18, 2)',
    'decimal(38, 10)',
  ];

  it('meet in one type whichever comes first, and it holds both', () => {
    for (const left of all)
      for (const right of all) {
        const common = commonType(left, right, () => false);
        expect([left, right, common]).toEqual([left, right, commonType(right, left, () => false)]);
        // What the common type is made of changes nothing any more.
        expect(commonType(common, left, () => false)).toBe(common);
        expect(commonType(common, right, () => false)).toBe(common);
      }
  });

  it('widen in place as Iceberg v2 allows, and no other way', () => {
    const allowed = all.flatMap((from) =>
      all.filter((to) => canWiden(from, to)).map((to) => `${from} → ${to}`),
    );
    expect(allowed).toEqual(['int → long', 'float → double', 'decimal(9, 2) → decimal(18, 2)']);
  });

  it('that cannot meet without loss become text', () => {
    const meet = (left: ColumnType, right: ColumnType, fits = false) =>
      commonType(left, right, () => fits);
    expect(meet('long', 'double')).toBe('string');
    expect(meet('long', 'double', true)).toBe('double');
    expect(meet('int', 'double')).toBe('double');
    expect(meet('int', 'float')).toBe('double');
    expect(meet('decimal(15, 4)', 'double')).toBe('double');
    expect(meet('decimal(16, 4)', 'double')).toBe('string');
    expect(meet('decimal(9, 2)', 'decimal(9, 4)')).toBe('decimal(11, 4)');
    expect(meet('long', 'decimal(9, 2)')).toBe('decimal(21, 2)');
    expect(meet('decimal(38, 0)', 'decimal(38, 10)')).toBe('string');
    expect(meet('timestamp', 'timestamptz')).toBe('string');
    expect(meet('date', 'timestamp')).toBe('timestamp');
    expect(meet('boolean', 'int')).toBe('string');
  });
});

describe('a plan', () => {
  const incoming = (...columns: [string, ColumnType][]): Column[] =>
    columns.map(([name, type]) => ({ name, type }));
  const first = planSchema([], incoming(['ID', 'int'], ['Name', 'string']), {
    systemColumns: ['_source_file'],
  });
  const table = schemaOf(first, 1);

  it('for a new table adds every column and the system columns last', () => {
    expect(first.idsNeeded).toBe(6);
    expect(table).toEqual([
      { id: 1, name: 'id', type: 'int', doc: 'ID' },
      { id: 2, name: 'name', type: 'string', doc: 'Name' },
      { id: 3, name: '_run_id', type: 'string' },
      { id: 4, name: '_ingested_at', type: 'timestamptz' },
      { id: 5, name: '_source_file', type: 'string' },
      { id: 6, name: '_unfit', type: 'string' },
    ]);
  });

  it('needs nothing when nothing changed, whatever the order', () => {
    const plan = planSchema(table, incoming(['Name', 'string'], ['ID', 'int']));
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
    expect(plan.idsNeeded).toBe(0);
    expect(schemaOf(plan, 99)).toEqual(table);
  });

  it('says what became of each column', () => {
    const plan = planSchema(table, incoming(['ID', 'long'], ['Größe', 'double'], ['name', 'int']));
    expect(plan.changes).toEqual([
      { kind: 'widened', column: { name: 'ID', type: 'long' }, field: table[0], type: 'long' },
      {
        kind: 'added',
        column: { name: 'Größe', type: 'double' },
        name: 'gro_e',
        doc: 'Größe',
        type: 'double',
      },
      { kind: 'unchanged', column: { name: 'name', type: 'int' }, field: table[1] },
    ]);
    expect(schemaOf(plan, 7).map(({ id, name, type }) => [id, name, type])).toEqual([
      [1, 'id', 'long'],
      [2, 'name', 'string'],
      [7, 'gro_e', 'double'],
      [3, '_run_id', 'string'],
      [4, '_ingested_at', 'timestamptz'],
      [5, '_source_file', 'string'],
      [6, '_unfit', 'string'],
    ]);
  });

  it('keeps missing columns and gives a retyped one a new id in its old place', () => {
    const plan = planSchema(table, incoming(['ID', 'string']));
    expect(plan.changes).toEqual([
      { kind: 'retyped', column: { name: 'ID', type: 'string' }, field: table[0], type: 'string' },
      { kind: 'missing', field: table[1] },
    ]);
    expect(schemaOf(plan, 7)[0]).toEqual({ id: 7, name: 'id', type: 'string', doc: 'ID' });
    expect(schemaOf(plan, 7)[1]).toEqual(table[1]);
  });

  it('asks about longs only where it matters', () => {
    const long: Field = { id: 1, name: 'n', type: 'long' };
    const asked: string[] = [];
    const plan = planSchema([long], incoming(['n', 'double'], ['m', 'double']), {
      longFitsDouble: (field) => asked.push(field.name) > 0,
    });
    expect(plan.changes[0]).toMatchObject({ kind: 'retyped', type: 'double' });
    expect(asked).toEqual(['n']);
  });

  it('lets columns keep their suffix when the source changes their order', () => {
    const two = schemaOf(planSchema([], incoming(['a', 'int'], ['A', 'string'])), 1);
    expect(two.slice(0, 2).map(({ name, doc }) => [name, doc])).toEqual([
      ['a', undefined],
      ['a_2', 'A'],
    ]);
    const swapped = planSchema(two, incoming(['A', 'string'], ['a', 'int']));
    expect(swapped.changes.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
  });

  it('takes two spellings in two files for one column', () => {
    const plan = planSchema(table, incoming(['id', 'int'], ['NAME', 'string']));
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
  });

  it('tells columns with equal names apart by their order', () => {
    const twins = schemaOf(planSchema([], incoming(['v', 'int'], ['v', 'string'])), 1);
    expect(twins.slice(0, 2).map(({ name }) => name)).toEqual(['v', 'v_2']);
    const again = planSchema(twins, incoming(['v', 'int'], ['v', 'string']));
    expect(again.changes.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
  });

  it('adds a system column a table did not have before, without touching the others', () => {
    const plan = planSchema(table, incoming(['ID', 'int']), { systemColumns: ['_deleted'] });
    expect(plan.newSystemColumns).toEqual(['_deleted']);
    expect(schemaOf(plan, 7).map(({ id, name }) => [id, name])).toEqual([
      [1, 'id'],
      [2, 'name'],
      [3, '_run_id'],
      [4, '_ingested_at'],
      [5, '_source_file'],
      [7, '_deleted'],
      [6, '_unfit'],
    ]);
  });

  it('does not take a user’s column for a system column', () => {
    const plan = planSchema([], incoming(['_run_id', 'int'], ['constructor', 'int']));
    expect(schemaOf(plan, 1).map(({ name }) => name)).toEqual([
      '_run_id_2',
      'constructor',
      '_run_id',
      '_ingested_at',
      '_unfit',
    ]);
    const again = planSchema(
      schemaOf(plan, 1),
      incoming(['_run_id', 'int'], ['constructor', 'int']),
    );
    expect(again.idsNeeded).toBe(0);
  });

  it('of 1,600 columns keeps every id', () => {
    const wide = incoming(
      ...Array.from({ length: 1_600 }, (_, index): [string, ColumnType] => [`Col ${index}`, 'int']),
    );
    const schema = schemaOf(planSchema([], wide), 1);
    const again = planSchema(schema, wide.toReversed());
    expect(again.idsNeeded).toBe(0);
    expect(schemaOf(again, 9_999)).toEqual(schema);
  });

  it('renames a column in place, keeps its id, and leaves a name alone that is taken', () => {
    const names: Record<string, string> = { ID: 'number', Name: 'id', other: 'name' };
    const renamed = (original: string) => names[original] ?? null;
    const plan = planSchema(table, incoming(['ID', 'long'], ['Name', 'string'], ['other', 'int']), {
      renamed,
    });
    expect(schemaOf(plan, 50).slice(0, 3)).toEqual([
      { id: 1, name: 'number', type: 'long', doc: 'ID' },
      // `id` was taken when it asked for it.
      { id: 2, name: 'name', type: 'string', doc: 'Name' },
      { id: 50, name: 'name_2', type: 'int', doc: 'other' },
    ]);
    const again = planSchema(schemaOf(plan, 50), incoming(['ID', 'long']), { renamed });
    expect(again.changes[0]).toMatchObject({ kind: 'unchanged', field: { name: 'number' } });
    // Whoever takes the name away changes nothing.
    const later = planSchema(schemaOf(plan, 50), incoming(['ID', 'long']));
    expect(later.changes[0]).toMatchObject({ kind: 'unchanged', field: { name: 'number' } });
  });

  it('takes a type that a person chose as it is, in place where that is allowed', () => {
    const isChosen = () => true;
    const kindOf = (type: ColumnType) =>
      planSchema(table, incoming(['ID', type]), { isChosen }).changes[0]?.kind;
    expect(['int', 'long', 'string', 'date'].map((type) => kindOf(type as ColumnType))).toEqual([
      'unchanged',
      'widened',
      'retyped',
      'retyped',
    ]);
  });
});
