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

/** What becomes of one column. `name` and `type` are the table's after the change. */
export type ColumnChange =
  /** The table's type holds the incoming values as they are, or exactly once cast. */
  | { readonly kind: 'unchanged'; readonly column: Column; readonly field: Field }
  /** The type grows in place (int→long, float→double, decimal precision); files stay as they are. */
  | {
      readonly kind: 'widened';
      readonly column: Column;
      readonly field: Field;
      readonly type: ColumnType;
    }
  /** A new field id under the old name: every live file that holds the old one MUST be rewritten. */
  | {
      readonly kind: 'retyped';
      readonly column: Column;
      readonly field: Field;
      readonly type: ColumnType;
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
}

/**
 * Compares the columns of a load with the table's and says what has to happen. Nothing is guessed: two types meet
 * in the narrowest one that holds every value of both exactly, else in `string`. Columns of the table never go.
 */
export function planSchema(
  current: readonly Field[],
  incoming: readonly Column[],
  { systemColumns: wanted = [], longFitsDouble = () => false }: PlanSchemaOptions = {},
): SchemaPlan {
  const names = matchColumnNames(
    incoming.map(({ name }) => name),
    current,
  );
  const changes: ColumnChange[] = incoming.map((column, position) =>
    changeOf(column, names[position] as MatchedColumn, longFitsDouble),
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
  longFitsDouble: (field: Field, column: Column) => boolean,
): ColumnChange {
  if (field === null)
    return {
      kind: 'added',
      column,
      name,
      type: column.type,
      ...(doc === undefined ? {} : { doc }),
    };
  const type = commonType(field.type, column.type, () => longFitsDouble(field, column));
  if (type === field.type) return { kind: 'unchanged', column, field };
  return { kind: canWiden(field.type, type) ? 'widened' : 'retyped', column, field, type };
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
    if (change.kind === 'widened')
      changed.set(change.field, { ...change.field, type: change.type });
    else if (change.kind === 'retyped')
      changed.set(change.field, { ...change.field, id: nextId++, type: change.type });
    else if (change.kind === 'added') {
      const { name, type, doc } = change;
      added.push({ id: nextId++, name, type, ...(doc === undefined ? {} : { doc }) });
    }
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
