import { HeadgateError } from '../errors.ts';
import {
  type ColumnEvidence,
  columnTypeOf,
  holdsColumn,
  nullsExpected,
} from '../formats/columnEvidence.ts';
import type { Admitted } from '../formats/rowAdmission.ts';
import type { SurveyedColumn, TabularFile } from '../formats/tabularFile.ts';
import { spelling } from '../schema/ruleBook.ts';
import type { LoaderState } from './loaderState.ts';

type State = Pick<LoaderState, 'schema' | 'book' | 'drift'>;

/** What each column takes under a contract that rejects rows; null under every other one. */
export function admittedBy(
  { schema, book }: State,
  layout: readonly string[],
): ((column: string) => Admitted) | null {
  if (book.rules.contract !== 'discard_row') return null;
  const taken = layout.filter((name) => book.of(name).isTaken);
  const fields = schema.match(taken);
  const known = new Map(taken.map((name, index) => [name, fields[index] ?? null]));
  return (column) => {
    const rule = book.of(column);
    if (!rule.isTaken) return 'anything';
    const field = known.get(column) ?? schema.match([column])[0] ?? null;
    if (field === null) return 'nothing';
    if (rule.mask !== null) return 'anything';
    return rule.type ?? field.type;
  };
}

/**
 * Writes down what a contract kept out of a file that was loaded: columns the table has not, and values its columns
 * have no place for. `survey`: what is known of the whole file; `seen`: of the rows that were loaded; `nulls`: how
 * many NULLs each column of the table got.
 */
export function noteKeptOut(
  { schema, book, drift }: State,
  {
    survey,
    seen,
    rows,
    nulls,
    refused,
  }: {
    readonly survey: readonly SurveyedColumn[];
    readonly seen: readonly SurveyedColumn[];
    readonly rows: number;
    readonly nulls: ReadonlyMap<string, number>;
    /** Columns for whose values rows were rejected. */
    readonly refused: Iterable<string>;
  },
): void {
  const { contract } = book.rules;
  if (contract !== 'discard_row' && contract !== 'discard_value') return;
  const loaded = new Map(seen.map(({ name, evidence }) => [name, evidence]));
  const all = new Map<string, ColumnEvidence | null>(
    [...refused].map((name) => [name, loaded.get(name) ?? null]),
  );
  for (const { name, evidence } of survey) all.set(name, evidence);
  const taken = [...all].filter(([name]) => book.of(name).isTaken);
  const fields = schema.match(taken.map(([name]) => name));
  const refusing = new Set(refused);
  for (const [index, [name, evidence]] of taken.entries()) {
    const field = fields[index] ?? null;
    const type = evidence === null ? null : columnTypeOf(evidence, field?.type ?? null);
    if (field === null) {
      const rest = loaded.get(name);
      const values = rest === undefined ? 0 : rows - nullsExpected(rest, 'boolean');
      drift.keepOut(name, type, contract === 'discard_row' ? 0 : values);
      continue;
    }
    const { mask, type: chosen } = book.of(name);
    if (mask !== null || chosen !== null) continue;
    const isMisfit = evidence !== null && !holdsColumn(field.type, evidence);
    if (!isMisfit && !refusing.has(name)) continue;
    const stored = nulls.get(field.name) ?? 0;
    const rest = loaded.get(name);
    const discarded =
      contract === 'discard_row'
        ? 0
        : rest === undefined
          ? null
          : Math.max(0, stored - nullsExpected(rest, field.type));
    drift.misfit(field.name, type, discarded);
  }
}

/**
 * Throws `invalid_config` for a mask on what is inside a column whose nested values a file has as text: it could not
 * be applied, and nothing may be stored without it.
 */
export function assertMasksReach({ book }: Pick<State, 'book'>, file: TabularFile): void {
  if (file.isSparse === true || !book.hasMasks) return;
  assertNoInnerMasks(
    book,
    file.survey.map(({ name }) => name),
  );
}

/** The same for columns by name. A mask may also name another column literally. */
export function assertNoInnerMasks(book: State['book'], names: readonly string[]): void {
  const spelled = new Set(names.map(spelling));
  for (const name of names)
    for (const { path } of book.inside(name)) {
      if (!book.of(name).isTaken || book.of(name).mask !== null) continue;
      if (spelled.has(spelling([name, ...path].join('.')))) continue;
      throw new HeadgateError(
        'invalid_config',
        `The mask on "${[name, ...path].join('.')}" reaches into "${name}", which arrives as text that cannot be taken apart. Mask or drop "${name}" as a whole.`,
        { facts: { column: name } },
      );
    }
}
