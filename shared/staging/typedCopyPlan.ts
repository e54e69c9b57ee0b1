import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Column, ColumnType } from '../lake/schema.ts';
import type { CopyCsvPlan } from './copyCsvPlan.ts';
import { unfitJson } from './guardedSql.ts';

/** How rows of a `copyCsv` body are loaded whose values are all spelled plainly. */
export interface TypedCopyPlan {
  /** What the cells of each declared column have to be for that; null: any text. */
  readonly types: readonly (ColumnType | null)[];
  readonly columnTypes: readonly string[];
  readonly expressions: readonly string[];
  readonly unfit: string;
}

/**
 * The plan for plain rows: DuckDB parses their values as what they are, at a third of the price of judging texts.
 * null when every column is a text to DuckDB in any case.
 */
export function typedCopyPlan(columns: readonly Column[], plan: CopyCsvPlan): TypedCopyPlan | null {
  const types: (ColumnType | null)[] = columns.map(() => null);
  const expressions = [...plan.expressions];
  const judged = plan.taken.filter(({ mask, field, type, position }, index) => {
    if (mask !== null || field.type === 'string') return false;
    if (type === 'binary' || type === 'string') return true;
    types[position] = type;
    expressions[index] =
      type === field.type ? `c${position}` : `CAST(c${position} AS ${duckdbType(field.type)})`;
    return false;
  });
  if (types.every((type) => type === null)) return null;
  return {
    types,
    columnTypes: types.map((type) => (type === null ? 'VARCHAR' : duckdbType(type))),
    expressions,
    unfit: unfitJson(
      judged.map(({ column, position, type }) => ({
        text: `c${position}`,
        name: column.name,
        type,
      })),
    ),
  };
}
