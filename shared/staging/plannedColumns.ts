import type { Column, ColumnType, Field } from '../lake/schema.ts';
import { commonType } from '../lake/typeChange.ts';
import type { ColumnRule } from '../schema/ruleBook.ts';
import type { LoaderState } from './loaderState.ts';
import type { PlacedColumns } from './workingSchema.ts';

/** A declared column that is loaded. */
export interface PlannedColumn {
  readonly column: Column;
  /** Position among the declared columns. */
  readonly position: number;
  readonly field: Field;
  readonly mask: ColumnRule['mask'];
  /** What values are checked against: the declared type, or the one that a rule or the contract puts in its place. */
  readonly type: ColumnType;
}

export interface PlannedColumns {
  readonly placed: PlacedColumns;
  readonly taken: readonly PlannedColumn[];
  /** Declared columns that the contract keeps out, because the table has none like them. */
  readonly unknown: readonly { readonly column: Column; readonly position: number }[];
}

/**
 * Places the columns that a source declared, as rules and contract have it: masked columns are text, a chosen type
 * takes the declared one's place, and a contract that keeps the table as it is leaves out what the table has not.
 * Throws `schema_frozen`. `uncounted`: null where nobody counts the values that are kept out.
 */
export async function planColumns(
  { schema, book, drift }: Pick<LoaderState, 'schema' | 'book' | 'drift'>,
  columns: readonly Column[],
  uncounted: null | 0 = 0,
): Promise<PlannedColumns> {
  const { contract } = book.rules;
  const keepsTable = contract === 'discard_row' || contract === 'discard_value';
  const wanted = columns
    .map((column, position) => ({ column, position, rule: book.of(column.name) }))
    .filter(({ rule }) => rule.isTaken);
  const existing = schema.match(wanted.map(({ column }) => column.name));
  const matched = wanted.map((each, index) => ({ ...each, field: existing[index] ?? null }));
  const loaded = keepsTable ? matched.filter(({ field }) => field !== null) : matched;
  const typed = loaded.map(({ column, position, rule, field }) => {
    const chosen = rule.mask === null ? rule.type : 'string';
    const kept = keepsTable ? (field?.type ?? null) : null;
    if (chosen === null && kept !== null && commonType(kept, column.type, () => false) !== kept)
      drift.misfit(field?.name ?? column.name, column.type, uncounted);
    return { column, position, mask: rule.mask, type: chosen ?? kept ?? column.type };
  });
  const placed = await schema.place(typed.map(({ column, type }) => ({ name: column.name, type })));
  const unknown = matched
    .filter(({ field }) => keepsTable && field === null)
    .map(({ column, position }) => ({ column, position }));
  for (const { column } of unknown) drift.keepOut(column.name, column.type, uncounted);
  return {
    placed,
    taken: typed.map((each, index) => ({ ...each, field: placed.fields[index] as Field })),
    unknown,
  };
}
