import { planSchema, schemaOf } from '../lake/planSchema.ts';
import type { Column, Field, SystemColumn } from '../lake/schema.ts';

/** What a load writes, once its columns have their places in the table. */
export interface PlacedColumns {
  /** The table's field of each column, in the columns' order. */
  readonly fields: readonly Field[];
  /** The table's whole schema with them. */
  readonly schema: readonly Field[];
  /** Field ids that go, and the field that takes their place under the same name. */
  readonly retyped: ReadonlyMap<number, Field>;
}

/**
 * The table's schema as one loader's batches change it. A placing counts only once it is accepted: a file that
 * turns out different, or cannot be read, leaves the schema as it was, and its reserved ids serve the next.
 */
export class WorkingSchema {
  #schema: readonly Field[];
  readonly #retyped = new Map<number, Field>();
  readonly #systemColumns: readonly SystemColumn[];
  readonly #reserve: (count: number) => Promise<number>;
  #spare = { first: 0, count: 0 };

  constructor(
    schema: readonly Field[],
    systemColumns: readonly SystemColumn[],
    reserve: (count: number) => Promise<number>,
  ) {
    this.#schema = schema;
    this.#systemColumns = systemColumns;
    this.#reserve = reserve;
  }

  get schema(): readonly Field[] {
    return this.#schema;
  }

  /** Every id that lost its place, and the field that holds its values now. */
  get retyped(): ReadonlyMap<number, Field> {
    return this.#retyped;
  }

  /** The table's field each column is already, null for new columns. */
  match(names: readonly string[]): readonly (Field | null)[] {
    const { changes } = planSchema(
      this.#schema,
      names.map((name) => ({ name, type: 'string' })),
    );
    return changes
      .slice(0, names.length)
      .map((change) => ('field' in change ? change.field : null));
  }

  /** Reserves the ids new columns need. */
  async place(columns: readonly Column[]): Promise<PlacedColumns> {
    const plan = planSchema(this.#schema, columns, { systemColumns: this.#systemColumns });
    if (plan.idsNeeded > this.#spare.count)
      this.#spare = { first: await this.#reserve(plan.idsNeeded), count: plan.idsNeeded };
    const schema = schemaOf(plan, this.#spare.first);
    const byName = new Map(schema.map((field) => [field.name, field]));
    const fields: Field[] = [];
    const retyped = new Map<number, Field>();
    for (const change of plan.changes.slice(0, columns.length)) {
      const name = change.kind === 'added' ? change.name : change.field.name;
      const field = byName.get(name) as Field;
      fields.push(field);
      if (change.kind === 'retyped') retyped.set(change.field.id, field);
    }
    return { fields, schema, retyped };
  }

  /** From now on the table is like this. */
  accept({ schema, retyped }: PlacedColumns): void {
    const known = new Set(this.#schema.map(({ id }) => id));
    const used = schema.filter(({ id }) => !known.has(id)).length;
    this.#spare = { first: this.#spare.first + used, count: this.#spare.count - used };
    for (const [id, field] of this.#retyped) {
      const later = retyped.get(field.id);
      if (later !== undefined) this.#retyped.set(id, later);
    }
    for (const [id, field] of retyped) this.#retyped.set(id, field);
    this.#schema = schema;
  }
}
