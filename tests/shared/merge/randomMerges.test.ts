import { expect, it } from 'vitest';
import type { DataFile } from '../../../shared/lake/dataFile.ts';
import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { ColumnType, Field } from '../../../shared/lake/schema.ts';
import type { CopyOnWrite } from '../../../shared/merge/copyOnWrite.ts';
import type { MergeRule } from '../../../shared/merge/merge.ts';
import { type Randomness, seeded } from '../../randomness.ts';
import { keyPools, type Pool } from './keyPools.ts';
import { MergeTable } from './mergeTable.ts';
import { type ModelRow, naiveMerge } from './naiveMerge.ts';

const types = Object.keys(keyPools) as ColumnType[];
const cursorTypes: readonly ColumnType[] = [
  'long',
  'timestamp',
  'timestamptz',
  'date',
  'decimal(18, 4)',
  'string',
];
/** Types a file may have been written in before its column was widened. */
const narrower: Partial<Record<ColumnType, ColumnType>> = {
  long: 'int',
  double: 'float',
  'decimal(38, 10)': 'decimal(20, 10)',
};

/** One table with random columns, and its rows in the model. */
class RandomTable {
  readonly #random: Randomness;
  readonly #table: MergeTable;
  readonly schema: readonly Field[];
  readonly key: readonly Field[];
  readonly cursor: Field;
  rows: readonly ModelRow[] = [];
  #rows = 0;

  constructor(random: Randomness, table: MergeTable) {
    this.#random = random;
    this.#table = table;
    const key = Array.from({ length: 1 + random.below(2) }, () => random.pick(types));
    this.schema = [
      ...key.map((type, index) => ({ id: 5 + index, name: `k${index}`, type })),
      { id: 3, name: 'c', type: random.pick(cursorTypes) },
      { id: 9, name: 'file_row_number', type: 'string' as const },
      { id: 20, name: '_run_id', type: 'string' as const },
      { id: 21, name: '_ingested_at', type: 'timestamptz' as const },
      { id: 22, name: '_deleted', type: 'boolean' as const },
    ];
    this.key = this.schema.slice(0, key.length);
    this.cursor = this.schema[key.length] as Field;
  }

  /** Writes a file whose values come from a random part of each pool, as some earlier schema may have had it. */
  async write(columns: readonly Field[], most: number): Promise<[DataFile, ModelRow[]]> {
    const random = this.#random;
    const fields = columns
      .filter((field) => field !== this.cursor || !random.chance(0.2))
      .map((field) => this.#narrowed(field));
    const parts = new Map(fields.map((field) => [field.id, this.#partOf(field)]));
    const rows: ModelRow[] = [];
    const selects: string[] = [];
    for (let count = 1 + random.below(most); count > 0; count--) {
      const id = `row ${++this.#rows}`;
      const deleted = random.chance(0.2);
      const ranks = new Map<number, number>();
      const values = fields.map((field) => {
        if (field.id === 9) return `'${id}'`;
        if (field.id === 22) return deleted ? 'true' : random.pick(['false', 'NULL']);
        if (field.id >= 20) return 'NULL';
        const part = parts.get(field.id) ?? [];
        const rank = random.chance(0.15) || part.length === 0 ? -1 : random.pick(part);
        ranks.set(field.id, rank);
        return rank < 0 ? 'NULL' : random.pick(this.#pool(field)[rank] ?? []);
      });
      selects.push(
        `SELECT ${fields.map(({ name, type }, index) => `CAST(${values[index]} AS ${duckdbType(type)}) AS "${name}"`).join(', ')}`,
      );
      const hasDeleted = fields.some((field) => field.id === 22);
      rows.push({
        id,
        key: this.key.map((field) => ranks.get(field.id) ?? -1),
        cursor: ranks.get(this.cursor.id) ?? -1,
        deleted: deleted && hasDeleted,
      });
    }
    return [await this.#table.write(selects.join(' UNION ALL '), fields), rows];
  }

  #pool({ id }: Field): Pool {
    const type = this.schema.find((field) => field.id === id)?.type ?? 'string';
    return keyPools[type] ?? [];
  }

  #narrowed(field: Field): Field {
    const type = narrower[field.type];
    return type === undefined || !this.#random.chance(0.3) ? field : { ...field, type };
  }

  /** Ranks that fit the file's type, often only a few neighbours of them. */
  #partOf(field: Field): readonly number[] {
    const wide = this.#pool(field);
    const own = this.schema.find(({ id }) => id === field.id)?.type;
    const ranks = wide.flatMap((_, rank) =>
      own === field.type || fitsNarrow.has(`${field.type}:${wide[rank]?.[0]}`) ? rank : [],
    );
    const from = this.#random.below(Math.max(1, ranks.length));
    return this.#random.chance(0.5) ? ranks : ranks.slice(from, from + 1 + this.#random.below(3));
  }

  async addLive(): Promise<void> {
    const columns = this.schema.toSorted(() => this.#random.next() - 0.5);
    const [file, rows] = await this.write(columns, 12);
    const deleted = rows.flatMap((_, position) =>
      this.#random.chance(0.2) && position < rows.length - 1 ? position : [],
    );
    await this.#table.add(file, deleted);
    this.rows = [...this.rows, ...rows.filter((_, position) => !deleted.includes(position))];
  }

  rule(): { rule: MergeRule; window: readonly [number | null, number | null] | null } {
    const random = this.#random;
    const key = this.key.map(({ name }) => name);
    const cursor = random.chance(0.7) ? this.cursor.name : null;
    const onDelete = random.pick(['tombstone', 'remove'] as const);
    switch (random.pick(['upsert', 'upsert', 'appendOnce', 'replaceWindow', 'keepOnly'] as const)) {
      case 'upsert':
        return { rule: { kind: 'upsert', key, cursor, onDelete }, window: null };
      case 'appendOnce':
        return { rule: { kind: 'appendOnce', key, cursor }, window: null };
      case 'keepOnly':
        return { rule: { kind: 'keepOnly', key, onDelete }, window: null };
      case 'replaceWindow': {
        const pool = this.#pool(this.cursor);
        const bound = (): number | null => (random.chance(0.2) ? null : random.below(pool.length));
        const window = random.chance(0.2) ? null : ([bound(), bound()] as const);
        const text = (rank: number | null): string | null =>
          rank === null ? null : (pool[rank]?.[0] ?? '').replace(/^'|'$/g, '');
        const range = window === null ? null : { from: text(window[0]), to: text(window[1]) };
        const nulls = random.chance(0.5);
        return {
          rule: { kind: 'replaceWindow', cursor: this.cursor.name, range, nulls },
          window,
        };
      }
    }
  }
}

/** Values of the pools that a narrower type holds, exactly. */
const fitsNarrow = new Set([
  ...['-1', '0', '1'].map((value) => `int:${value}`),
  ...["'-Infinity'", '-1.5', "'-0.0'", '1.5', "'Infinity'", "'NaN'"].map(
    (value) => `float:${value}`,
  ),
  ...['-1', '0', '0.0000000001'].map((value) => `decimal(20, 10):${value}`),
]);

/** `ROUNDS=500` looks longer. */
const rounds = Number(process.env['ROUNDS'] ?? 15);

const policies: readonly CopyOnWrite[] = [
  () => new Set(),
  (files) => new Set(files),
  (files) => new Set(files.filter(({ rows, dead }) => dead * 2 > rows)),
];

it(
  'agrees with the plainest merge there is, whatever the rule, the types and the files',
  async () => {
    const random = seeded('random merges');
    const done = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      await using table = await MergeTable.open();
      const model = new RandomTable(random, table);
      for (let files = random.below(6); files > 0; files--) await model.addLive();
      for (let merges = 0; merges < 4; merges++) {
        const { rule, window } = model.rule();
        const adds: DataFile[] = [];
        const added: ModelRow[] = [];
        const columns = rule.kind === 'keepOnly' ? model.key : model.schema;
        for (let files = random.below(4); files > 0; files--) {
          const [file, rows] = await model.write(columns, 15);
          adds.push(file);
          added.push(...rows);
        }
        const expected = naiveMerge(rule, model.rows, added, window);
        const merged = await table.merge(
          { rule, schema: model.schema, adds },
          random.pick(policies),
        );
        const what = `round ${round}, merge ${merges}: ${JSON.stringify({ rule, schema: model.schema })}`;
        table.apply(merged);
        const tombstones = expected.tombstones.map((key, index) => ({
          id: `tombstone ${round}.${merges}.${index}`,
          key,
          cursor: -1,
          deleted: true,
        }));
        const rows = await table.rows(model.schema);
        const ids = rows.map((row) => row['file_row_number']);
        expect(ids.filter((id) => id !== null).toSorted(), what).toEqual(
          expected.rows.flatMap(({ id }) => (id.startsWith('tombstone') ? [] : id)).toSorted(),
        );
        // Files that were written again come later in the table, and ties go by the table's order.
        const places = new Map(ids.map((id, place) => [id, place]));
        model.rows = [
          ...expected.rows.toSorted(
            (left, right) => (places.get(left.id) ?? -1) - (places.get(right.id) ?? -1),
          ),
          ...tombstones,
        ];
        expect(rows.length, what).toBe(model.rows.length);
        expect(merged, what).toMatchObject({
          deduplicated: expected.deduplicated,
          superseded: expected.superseded,
          tombstones: tombstones.length,
        });
        expect(table.leftovers, what).toEqual([]);
        done.set(rule.kind, (done.get(rule.kind) ?? 0) + 1);
      }
    }
    expect(done.size).toBe(4);
  },
  120_000 + rounds * 5_000,
);
