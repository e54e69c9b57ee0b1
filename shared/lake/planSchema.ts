import { type MatchedColumn, matchColumnNames } from './columnNames.ts';
import {
  type Column,
  type ColumnType,
  type Field,
  type SystemColumn,
  systemColumns,
} from './schema.ts';
import { isSystemColumn } from './systemColumn.ts';
import { canWiden, commonType } from './typeChange.ts';

/** A column of the table gets another name, and keeps its id and its values. */
export interface Renaming {
  readonly name: string;
  /** The source's own spelling where it differs from `name`. */
  readonly doc?: string;
}

/** What becomes of one column. `name` and `type` are the table's after the change. */
export type ColumnChange =
  /** The table's type holds the incoming values as they are, or exactly once cast. */
  | {
      readonly kind: 'unchanged';
      readonly column: Column;
      readonly field: Field;
      readonly renaming?: Renaming;
    }
  /** The type grows in place (int→long, float→double, decimal precision); files stay as they are. */
  | {
      readonly kind: 'widened';
      readonly column: Column;
      readonly field: Field;
      readonly type: ColumnType;
      readonly renaming?: Renaming;
    }
  /** A new field id under the old name: every live file that holds the old one MUST be rewritten. */
  | {
      readonly kind: 'retyped';
      readonly column: Column;
      readonly field: Field;
      readonly type: ColumnType;
      readonly renaming?: Renaming;
    }
  | {
      readonly kind: 'added';
      readonly column: Column;
      readonly name: string;
      readonly doc?: string;
      readonly type: ColumnType;
    }
  /** In the table but not in this load; stays, and is null in the new rows. */
  | { readonly kind: 'missing'; readonly field: Field };

export interface SchemaPlan {
  /** One for each incoming column, in its order; then the missing ones. */
  readonly changes: readonly ColumnChange[];
  /** System columns the table does not have yet. */
  readonly newSystemColumns: readonly SystemColumn[];
  /** How many field ids `schemaOf` needs. */
  readonly idsNeeded: number;
  readonly current: readonly Field[];
}

export interface PlanSchemaOptions {
  /** System columns the table has to have. `_run_id`, `_ingested_at` and `_unfit` are always among them. */
  readonly systemColumns?: readonly SystemColumn[];
  /**
   * Whether all longs of this column, in the table and incoming, are known to lie within ±2^53, so that a double
   * holds them exactly. Left out: they are not, and a column that is long here and double there becomes text.
   */
  readonly longFitsDouble?: (field: Field, column: Column) => boolean;
  /** The name a person wants for a column, by the source's spelling; null leaves it to `matchColumnNames`. */
  readonly renamed?: (original: string) => string | null;
  /**
   * Whether a person chose the column's type: the table takes it as it is, although values that are there may not
   * fit it. Whoever rewrites them MUST keep those in `_unfit`.
   */
  readonly isChosen?: (column: Column) => boolean;
}

/**
 * Compares the columns of a load with the table's and says what has to happen. Nothing is guessed: two types meet
 * in the narrowest one that holds every value of both exactly, else in `string`. Columns of the table never go.
 */
export function planSchema(
  current: readonly Field[],
  incoming: readonly Column[],
  options: PlanSchemaOptions = {},
): SchemaPlan {
  const { systemColumns: wanted = [], renamed } = options;
  const names = matchColumnNames(
    incoming.map(({ name }) => name),
    current,
    renamed,
  );
  const changes: ColumnChange[] = incoming.map((column, position) =>
    changeOf(column, names[position] as MatchedColumn, options),
  );
  const seen = new Set(names.map(({ field }) => field));
  for (const field of current)
    if (!seen.has(field) && !isSystemColumn(field.name)) changes.push({ kind: 'missing', field });
  const present = new Set(current.map(({ name }) => name));
  const needed = new Set<string>([...wanted, '_run_id', '_ingested_at', '_unfit']);
  const newSystemColumns = systemColumnNames.filter(
    (name) => needed.has(name) && !present.has(name),
  );
  const newFields = changes.filter(({ kind }) => kind === 'added' || kind === 'retyped');
  return {
    changes,
    newSystemColumns,
    idsNeeded: newFields.length + newSystemColumns.length,
    current,
  };
}

const systemColumnNames = Object.keys(systemColumns) as SystemColumn[];

function changeOf(
  column: Column,
  { field, name, doc }: MatchedColumn,
  { longFitsDouble = () => false, isChosen = () => false }: PlanSchemaOptions,
): ColumnChange {
  const spelling = { name, ...(doc === undefined ? {} : { doc }) };
  if (field === null) return { kind: 'added', column, type: column.type, ...spelling };
  const type = isChosen(column)
    ? column.type
    : commonType(field.type, column.type, () => longFitsDouble(field, column));
  const change = { column, field, ...(name === field.name ? {} : { renaming: spelling }) };
  if (type === field.type) return { kind: 'unchanged', ...change };
  return { kind: canWiden(field.type, type) ? 'widened' : 'retyped', type, ...change };
}

/**
 * The table's schema after the plan: old columns in their places, new ones after them, system columns last.
 * New ids are `firstId`, `firstId + 1`, … (`idsNeeded` of them, reserved beforehand).
 */
export function schemaOf(plan: SchemaPlan, firstId: number): readonly Field[] {
  let nextId = firstId;
  const changed = new Map<Field, Field>();
  const added: Field[] = [];
  for (const change of plan.changes) {
    if (change.kind === 'missing') continue;
    if (change.kind === 'added') {
      const { name, type, doc } = change;
      added.push({ id: nextId++, name, type, ...(doc === undefined ? {} : { doc }) });
      continue;
    }
    const { field, renaming } = change;
    const { id, name, doc } = { ...field, ...renaming };
    changed.set(field, {
      id: change.kind === 'retyped' ? nextId++ : id,
      name,
      type: change.kind === 'unchanged' ? field.type : change.type,
      ...(doc === undefined ? {} : { doc }),
    });
  }
  const system = new Map<string, Field>(
    plan.newSystemColumns.map((name) => [name, { id: nextId++, name, type: systemColumns[name] }]),
  );
  for (const field of plan.current) if (isSystemColumn(field.name)) system.set(field.name, field);
  return [
    ...plan.current
      .filter(({ name }) => !isSystemColumn(name))
      .map((field) => changed.get(field) ?? field),
    ...added,
    ...systemColumnNames.flatMap((name) => system.get(name) ?? []),
  ];
}
