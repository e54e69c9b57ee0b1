import type { DataFile } from '../lake/dataFile.ts';
import { longsFitDouble } from '../lake/longsFitDouble.ts';
import {
  type PlanSchemaOptions,
  planSchema,
  type SchemaPlan,
  schemaOf,
} from '../lake/planSchema.ts';
import type { Column, Field, SystemColumn } from '../lake/schema.ts';
import type { DriftLog } from '../schema/driftLog.ts';
import type { RuleBook } from '../schema/ruleBook.ts';
import { schemaFrozen } from '../schema/schemaFrozen.ts';

/** What a load writes, once its columns have their places in the table. */
export interface PlacedColumns {
  /** The table's field of each column, in the columns' order. */
  readonly fields: readonly Field[];
  /** The table's whole schema with them. */
  readonly schema: readonly Field[];
  /** Field ids that go, and the field that takes their place under the same name. */
  readonly retyped: ReadonlyMap<number, Field>;
}

export interface WorkingSchemaOptions {
  /** For messages. */
  readonly stream: string;
  readonly schema: readonly Field[];
  readonly systemColumns: readonly SystemColumn[];
  readonly reserve: (count: number) => Promise<number>;
  /** Fields that others made of new columns: one of the same name and type is the same here, with its id. */
  readonly known?: readonly Field[];
  readonly book: RuleBook;
  readonly drift: DriftLog;
  /** All files of the table, live ones and those this loader wrote. Asked for only when their bounds matter. */
  readonly files: () => Promise<readonly DataFile[]>;
}

/** Stands for an id until it is known; no table has as many columns. */
const firstDraftId = 2 ** 40;

/**
 * The table's schema as one loader's batches change it. A placing counts only once it is accepted: a file that
 * turns out different, or cannot be read, leaves the schema as it was, and its reserved ids serve the next.
 */
export class WorkingSchema {
  #schema: readonly Field[];
  readonly #retyped = new Map<number, Field>();
  readonly #options: WorkingSchemaOptions;
  readonly #delivered = new Set<string>();
  #spare = { first: 0, count: 0 };

  constructor(options: WorkingSchemaOptions) {
    this.#schema = options.schema;
    this.#options = options;
  }

  get schema(): readonly Field[] {
    return this.#schema;
  }

  /** Names of the columns that batches had, in the order they first came. */
  get delivered(): readonly string[] {
    return [...this.#delivered];
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
      { renamed: this.#renamed },
    );
    return changes
      .slice(0, names.length)
      .map((change) => ('field' in change ? change.field : null));
  }

  /**
   * Reserves the ids new columns need. Throws `schema_frozen` for columns that would change a frozen schema, with
   * nothing reserved.
   */
  async place(columns: readonly Column[]): Promise<PlacedColumns> {
    const plan = await this.#plan(columns);
    const schema = await this.#numbered(plan);
    const byName = new Map(schema.map((field) => [field.name, field]));
    const fields: Field[] = [];
    const retyped = new Map<number, Field>();
    for (const change of plan.changes.slice(0, columns.length)) {
      const { name } =
        'renaming' in change && change.renaming !== undefined
          ? change.renaming
          : 'field' in change
            ? change.field
            : change;
      const field = byName.get(name) as Field;
      fields.push(field);
      if (change.kind === 'retyped') retyped.set(change.field.id, field);
    }
    return { fields, schema, retyped };
  }

  /**
   * From now on the table is like this. `isComplete`: the source has no other columns, so that those of the table
   * that are not among them are gone.
   */
  accept({ fields, schema, retyped }: PlacedColumns, isComplete = true): void {
    this.#options.drift.deliver(fields, isComplete);
    for (const { name } of fields) this.#delivered.add(name);
    const { first, count } = this.#spare;
    const ids = new Set(this.#schema.map(({ id }) => id));
    const used = schema.filter(
      ({ id }) => !ids.has(id) && id >= first && id < first + count,
    ).length;
    this.#spare = { first: this.#spare.first + used, count: this.#spare.count - used };
    for (const [id, field] of this.#retyped) {
      const later = retyped.get(field.id);
      if (later !== undefined) this.#retyped.set(id, later);
    }
    for (const [id, field] of retyped) this.#retyped.set(id, field);
    this.#schema = schema;
  }

  /** The plan's schema, with ids for what is new in it. */
  async #numbered(plan: SchemaPlan): Promise<readonly Field[]> {
    const { known = [], reserve } = this.#options;
    const draft = schemaOf(plan, firstDraftId);
    const isNew = ({ id }: Field): boolean => id >= firstDraftId;
    const ids = new Map(
      draft.flatMap(({ id, name, type }) => {
        const same = known.find((field) => field.name === name && field.type === type);
        return id < firstDraftId || same === undefined ? [] : [[id, same.id] as const];
      }),
    );
    const needed = draft.filter((field) => isNew(field) && !ids.has(field.id));
    if (needed.length > this.#spare.count)
      this.#spare = { first: await reserve(needed.length), count: needed.length };
    for (const [index, { id }] of needed.entries()) ids.set(id, this.#spare.first + index);
    return draft.map((field) => ({ ...field, id: ids.get(field.id) ?? field.id }));
  }

  readonly #renamed = (original: string): string | null => this.#options.book.of(original).name;

  /** A column whose type a person chose, or that is masked, has that type whatever the table's was. */
  readonly #isChosen = (original: string): boolean => {
    const { type, mask } = this.#options.book.of(original);
    return type !== null || mask !== null;
  };

  async #plan(columns: readonly Column[]): Promise<SchemaPlan> {
    const { stream, systemColumns, book, files } = this.#options;
    const asked = new Set<number>();
    const options: PlanSchemaOptions = {
      systemColumns,
      renamed: this.#renamed,
      isChosen: ({ name }) => this.#isChosen(name),
      longFitsDouble: ({ id, type }) => {
        // Of longs that come, nothing is known here; those of the table have bounds.
        if (type === 'long') asked.add(id);
        return false;
      },
    };
    let plan = planSchema(this.#schema, columns, options);
    if (asked.size > 0) {
      const all = await files();
      const fitting = new Set([...asked].filter((id) => longsFitDouble(all, id)));
      plan = planSchema(this.#schema, columns, {
        ...options,
        longFitsDouble: ({ id }) => fitting.has(id),
      });
    }
    const frozen =
      book.rules.contract === 'freeze' && this.#options.schema.length > 0
        ? schemaFrozen(stream, plan.changes, this.#isChosen)
        : null;
    if (frozen !== null) throw frozen;
    return plan;
  }
}
