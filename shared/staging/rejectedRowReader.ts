import { rowCells } from '../formats/csv/rowCells.ts';
import { JsonError, type JsonMember, parseRecord } from '../formats/json/parseRecord.ts';
import { jsonOf } from '../schema/jsonTextMask.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import { RuleBook } from '../schema/ruleBook.ts';
import type { ValueMask } from '../schema/valueMask.ts';
import { contextOf, type KeptReject, type RejectFormat } from './keptReject.ts';
import { contextIn, type RejectedRow } from './rejectedRows.ts';

/** A rejected row, cut into columns and masked; or why it cannot be. */
export type ReadRow =
  | { readonly kind: 'row'; readonly members: readonly JsonMember[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Contexts kept; a file of rejects has one, or few. */
const mostContexts = 200;

/**
 * Reads rejected rows again by today's rules. Masks that were put on a row when it was rejected are not put on it
 * again; those that came since are, so that what this answers holds no value that must not be kept.
 */
export class RejectedRowReader {
  readonly #book: RuleBook;
  readonly #mask: ValueMask;
  readonly #readers = new Map<string, Reader>();

  constructor(book: RuleBook, mask: ValueMask) {
    this.#book = book;
    this.#mask = mask;
  }

  read(row: RejectedRow): ReadRow {
    return this.#readerOf(row)(row);
  }

  /** Keeps a row that fails again, under its new reason. */
  keep(row: RejectedRow, column: string | null, reason: string): KeptReject {
    const { text, line, context } = row;
    const format = isFormat(row.format) ? row.format : null;
    const facts = { line, column, reason };
    const masked = new Set(contextIn(context).masked);
    const isMasked = Object.keys(this.#book.rules.masks).every((name) => masked.has(name));
    if (isMasked) return { text, ...facts, format, context };
    const read = this.read(row);
    if (read.kind === 'unreadable') return { text: null, ...facts, format: null, context: null };
    const values = read.members.map((member) => `${JSON.stringify(member.key)}:${jsonOf(member)}`);
    return {
      text: `{${values.join(',')}}`,
      ...facts,
      format: format === 'json' ? 'json' : 'cells',
      context: contextOf(this.#book, contextIn(context).types),
    };
  }

  #readerOf({ context, format }: RejectedRow): Reader {
    const name = `${format}${context}`;
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      if (this.#readers.size === mostContexts) this.#readers.clear();
      reader = this.#makeReader(format, context);
      this.#readers.set(name, reader);
    }
    return reader;
  }

  #makeReader(format: string | null, text: string | null): Reader {
    const {
      columns,
      delimiter = ',',
      quote = '"',
      escape: quoteEscape = quote,
      ...rest
    } = contextIn(text);
    const { masked = [], types = {} } = rest;
    const { rules, include } = this.#book;
    const done = new Set(masked);
    const masks = Object.fromEntries(
      Object.entries(rules.masks).filter(([name]) => !done.has(name)),
    );
    const pending = new RuleBook({ ...rules, masks }, include);
    const reshape = nestedMembers(pending, this.#mask);
    const finish = (members: readonly JsonMember[]): ReadRow => ({
      kind: 'row',
      members: (reshape?.(members) ?? members).flatMap((member) => {
        if (!this.#book.of(member.key).isTaken) return [];
        const { mask } = pending.of(member.key);
        if (mask === null || member.kind === 'null') return [member];
        return [{ ...member, kind: 'string', text: this.#mask.text(mask, member.text) }];
      }),
    });
    switch (format) {
      case 'csv':
        return ({ text: row }) => {
          if (row === null || columns === undefined) return notKept;
          const cells = rowCells(row, { delimiter, quote, quoteEscape });
          if (cells === null) return unreadable('a quote is opened and not closed in its row');
          if (cells.length !== columns.length)
            return unreadable(
              `${cells.length} ${cells.length === 1 ? 'column' : 'columns'} where ${columns.length} are expected`,
            );
          return finish(
            cells.map((cell, index) => cellOf(columns[index] as string, cell, undefined)),
          );
        };
      case 'cells':
        return ({ text: row }) => {
          const members = row === null ? null : membersOf(row);
          if (members === null) return notKept;
          return typeof members === 'string'
            ? unreadable(members)
            : finish(
                members.map(({ key, kind, text: cell }) =>
                  cellOf(key, kind === 'null' ? null : cell, types[key]),
                ),
              );
        };
      default:
        // Rejects of earlier versions do not say what they are; JSON can be told by looking.
        return ({ text: row }) => {
          if (row === null || (format !== 'json' && !row.trimStart().startsWith('{')))
            return notKept;
          const members = membersOf(row);
          return typeof members === 'string' ? unreadable(members) : finish(members);
        };
    }
  }
}

type Reader = (row: RejectedRow) => ReadRow;

const unreadable = (reason: string): ReadRow => ({ kind: 'unreadable', reason });
/** Nothing new is known of it: its old reason stays. */
const notKept: ReadRow = unreadable('');

const isFormat = (text: string | null): text is RejectFormat =>
  text === 'csv' || text === 'json' || text === 'cells';

const cellOf = (key: string, text: string | null, type: string | undefined): JsonMember =>
  text === null
    ? { key, kind: 'null', text: '' }
    : { key, kind: type === 'string' ? 'string' : 'cell', text };

/** The members of a JSON record, or what is wrong with it. */
function membersOf(text: string): readonly JsonMember[] | string {
  try {
    return parseRecord(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return `${error.message} (character ${error.position + 1})`;
  }
}
