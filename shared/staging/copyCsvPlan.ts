import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Column, ColumnType } from '../lake/schema.ts';
import { assertNoInnerMasks } from './contractOfFile.ts';
import { type GuardedColumn, guardedValue, unfitJson } from './guardedSql.ts';
import type { LoaderState } from './loaderState.ts';
import { type PlannedColumn, type PlannedColumns, planColumns } from './plannedColumns.ts';

/** How the columns of one `copyCsv` body are loaded. */
export interface CopyCsvPlan extends PlannedColumns {
  /** SQL for the value of each column that is loaded, in the order of `placed.fields`. */
  readonly expressions: readonly string[];
  /** SQL for `_unfit`. */
  readonly unfit: string;
}

/** Throws `schema_frozen`, and `invalid_config` for a mask on what is inside a value that is copied as text. */
export async function planCopyCsv(
  state: LoaderState,
  columns: readonly Column[],
): Promise<CopyCsvPlan> {
  assertNoInnerMasks(
    state.book,
    columns.map(({ name }) => name),
  );
  const counts = state.book.rules.contract === 'discard_value' ? null : 0;
  const plan = await planColumns(state, columns, counts);
  const guarded = plan.taken.map(guardedOf);
  return {
    ...plan,
    expressions: plan.taken.map((planned, index) => {
      const { mask, field } = planned;
      const column = guarded[index] as GuardedColumn;
      if (mask !== null) return state.mask.sql(mask, column.text);
      const value = guardedValue(column);
      return column.type === field.type ? value : `CAST(${value} AS ${duckdbType(field.type)})`;
    }),
    unfit: unfitJson(guarded.filter((_, index) => plan.taken[index]?.mask === null)),
  };
}

function guardedOf({ column, position, field, mask, type }: PlannedColumn): GuardedColumn {
  const text = `c${position}`;
  const isText = mask !== null || field.type === 'string';
  return {
    text: isText && column.type === 'boolean' ? wordOf(text) : text,
    name: column.name,
    // A column that is text in the table takes whatever the source says.
    type: isText ? ('string' satisfies ColumnType) : type,
  };
}

/** Booleans are copied as `t` and `f`; as texts they are the words that every other kind of source has. */
const wordOf = (text: string): string =>
  `CASE ${text} WHEN 't' THEN 'true' WHEN 'f' THEN 'false' ELSE ${text} END`;
