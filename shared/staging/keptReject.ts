import { rowCells } from '../formats/csv/rowCells.ts';
import { JsonError, parseRecord } from '../formats/json/parseRecord.ts';
import { longestRejectText, type Reject } from '../formats/reject.ts';
import type { TabularFile } from '../formats/tabularFile.ts';
import type { ColumnType } from '../lake/schema.ts';
import { jsonOf } from '../schema/jsonTextMask.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import type { LoaderState } from './loaderState.ts';

/**
 * How the text of a reject is to be read again: as a row of CSV, as a JSON record, or as a JSON object of the texts
 * of a CSV row's cells.
 */
export type RejectFormat = 'csv' | 'json' | 'cells';

/** What reading it takes, as JSON. */
export interface RejectContext {
  /** `csv`: columns and dialect. */
  readonly columns?: readonly string[];
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  /** Names, as rules spell them, of masks that were put on the values already. */
  readonly masked?: readonly string[];
  /** Types that columns had in the file; left out: to be seen from their values. */
  readonly types?: Readonly<Record<string, ColumnType>>;
}

/** A reject as it is kept. Holds no value of a masked column. */
export interface KeptReject {
  /** null: the row could not be cut into columns, so nothing in it could be masked. */
  readonly text: string | null;
  readonly line: number | null;
  readonly column: string | null;
  readonly reason: string;
  /** null: the row cannot be read again. */
  readonly format: RejectFormat | null;
  readonly context: string | null;
}

type State = Pick<LoaderState, 'book' | 'mask'>;

/** Keeps rejects of one reading of a file. `layout`: the columns of its rows. */
export function rejectKeeper(
  state: State,
  { rowFormat, dialect }: Pick<TabularFile, 'rowFormat' | 'dialect'>,
  layout: readonly string[],
): (reject: Reject) => KeptReject {
  const { delimiter, quote, quoteEscape } = dialect;
  const context: RejectContext = { columns: layout, delimiter, quote, escape: quoteEscape };
  const csv = JSON.stringify(context);
  const keepCells = cellsKeeper(state, layout);
  const keepRecord = recordKeeper(state);
  return ({ text, line, column, reason, isRow }) => {
    const facts = { line, column, reason };
    const isWhole = text.length < longestRejectText;
    if (!state.book.hasMasks) {
      if (!isWhole) return { text, ...facts, format: null, context: null };
      return { text, ...facts, format: rowFormat, context: rowFormat === 'csv' ? csv : null };
    }
    const kept =
      isRow !== true || !isWhole
        ? null
        : rowFormat === 'csv'
          ? keepCells(rowCells(text, dialect))
          : keepRecord(text);
    return { ...facts, ...(kept ?? { text: null, format: null, context: null }) };
  };
}

type KeptRow = Pick<KeptReject, 'text' | 'format' | 'context'>;

/** Keeps the cells of a row, by their columns' names, without those that are left out. */
function cellsKeeper(
  { book, mask }: State,
  layout: readonly string[],
): (cells: readonly (string | null)[] | null) => KeptRow | null {
  const rules = layout.map((name) => ({ name, rule: book.of(name) }));
  const context = contextOf(book);
  return (cells) => {
    if (cells?.length !== layout.length) return null;
    const record = rules.flatMap(({ name, rule }, index): [string, string | null][] => {
      if (!rule.isTaken) return [];
      const cell = cells[index] ?? null;
      return [[name, cell === null || rule.mask === null ? cell : mask.text(rule.mask, cell)]];
    });
    return { text: JSON.stringify(Object.fromEntries(record)), format: 'cells', context };
  };
}

/** Keeps a JSON record as its members become columns. */
function recordKeeper({ book, mask }: State): (text: string) => KeptRow | null {
  const reshape = nestedMembers(book, mask);
  const context = contextOf(book);
  return (text) => {
    try {
      const parsed = parseRecord(text);
      const members = (reshape?.(parsed) ?? parsed).flatMap((member) => {
        const rule = book.of(member.key);
        if (!rule.isTaken) return [];
        if (rule.mask === null || member.kind === 'null') return [member];
        return [{ ...member, kind: 'string' as const, text: mask.text(rule.mask, member.text) }];
      });
      const values = members.map((member) => `${JSON.stringify(member.key)}:${jsonOf(member)}`);
      return { text: `{${values.join(',')}}`, format: 'json', context };
    } catch (error) {
      if (error instanceof JsonError) return null;
      throw error;
    }
  };
}

/** Every mask there is was put on what is kept. null where nothing has to be known. */
export function contextOf(
  { rules }: LoaderState['book'],
  types: RejectContext['types'] = {},
): string | null {
  const masked = Object.keys(rules.masks);
  const context: RejectContext = {
    ...(masked.length === 0 ? {} : { masked }),
    ...(Object.keys(types).length === 0 ? {} : { types }),
  };
  return Object.keys(context).length === 0 ? null : JSON.stringify(context);
}
