import { planSchema } from '../lake/planSchema.ts';
import type { Column, ColumnType, Field } from '../lake/schema.ts';
import { canWiden, commonType } from '../lake/typeChange.ts';
import type { ColumnRules } from '../schema/columnRules.ts';
import { RuleBook } from '../schema/ruleBook.ts';

/** Whether decoded values of the one type can be stored as the other: the same, or one that Iceberg widens to. */
export const holdsDecoded = (from: ColumnType, to: ColumnType): boolean =>
  from === to || canWiden(from, to);

/**
 * What a connector may be told in `StreamRequest.decoded`; null: it is to send text. That is where values are judged one
 * by one (masks, a contract that discards), or stored as another type than the source's: one a person chose, or the one
 * that source and table meet in. `columns`: as the source describes them, and `include` the only ones to be read.
 */
export function decodedColumns(
  columns: readonly Column[] | null,
  schema: readonly Field[],
  rules: ColumnRules,
  include: readonly string[] | null,
): readonly Column[] | null {
  if (columns === null) return null;
  if (rules.contract === 'discard_row' || rules.contract === 'discard_value') return null;
  const book = new RuleBook(rules, include);
  if (book.hasMasks) return null;
  const taken = columns.filter(({ name }) => book.of(name).isTaken);
  const { changes } = planSchema(
    schema,
    taken.map(({ name }) => ({ name, type: 'string' })),
    { renamed: (name) => book.of(name).name },
  );
  const isHeld = taken.every(({ name, type }, index) => {
    const change = changes[index];
    const stored = change !== undefined && 'field' in change ? change.field.type : type;
    const chosen = book.of(name).type;
    if (chosen !== null) return chosen === type && stored === type;
    return holdsDecoded(
      type,
      commonType(stored, type, () => false),
    );
  });
  return isHeld ? columns.map(({ name, type }) => ({ name, type })) : null;
}
