import { StringDecoder } from 'node:string_decoder';
import { fileUnreadable } from '../fileUnreadable.ts';
import { attribute, cellText, textRuns, xmlText } from './xmlText.ts';

/** A cell as the sheet stores it. */
export interface SheetCell {
  /** 0-based. */
  readonly column: number;
  /** `n` number, `s` number of a shared string, `str` and `inlineStr` text, `b` boolean, `e` error, `d` ISO date. */
  readonly type: string;
  /** Index of the cell's style. */
  readonly style: number;
  /** null: the cell has no value, which a formula that was never computed has not either. */
  readonly value: string | null;
  readonly formula: string | null;
}

export interface SheetRow {
  /** 1-based, as Excel shows it. */
  readonly number: number;
  readonly cells: readonly SheetCell[];
}

const longestRow = 2 ** 25;

/** The rows of a sheet that have cells, one at a time, however large the sheet is. */
export async function* sheetRows(xml: AsyncIterable<Uint8Array>): AsyncGenerator<SheetRow> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let prefix: string | null = null;
  let number = 0;
  let isInData = false;
  for await (const chunk of xml) {
    text += decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (prefix === null) {
      const root = /<(\w+:)?worksheet[\s>]/.exec(text);
      if (root === null) {
        if (text.length > 65_536) throw fileUnreadable('The sheet is no worksheet.');
        continue;
      }
      prefix = root[1] ?? '';
    }
    const open = `<${prefix}row`;
    const close = `</${prefix}row>`;
    let at = 0;
    if (!isInData) {
      const data = text.indexOf(`<${prefix}sheetData`);
      if (data < 0) {
        text = text.slice(-64);
        continue;
      }
      isInData = true;
      at = data;
    }
    while (true) {
      const start = text.indexOf(open, at);
      if (start < 0) {
        text = text.slice(Math.max(at, text.length - open.length));
        break;
      }
      const tagEnd = text.indexOf('>', start);
      // `<rowBreaks>` comes behind the rows.
      if (tagEnd >= 0 && !/[\s>/]/.test(text[start + open.length] as string)) {
        at = tagEnd;
        continue;
      }
      const isEmpty = tagEnd >= 0 && text[tagEnd - 1] === '/';
      const end = tagEnd < 0 ? -1 : isEmpty ? tagEnd + 1 : text.indexOf(close, tagEnd);
      if (end < 0) {
        text = text.slice(start);
        break;
      }
      number = Number(attribute(text.slice(start, tagEnd), 'r') ?? number + 1);
      if (!isEmpty) yield { number, cells: cellsIn(text.slice(tagEnd + 1, end), prefix) };
      at = isEmpty ? end : end + close.length;
    }
    if (text.length > longestRow)
      throw fileUnreadable(
        `Row ${number + 1} of the sheet is longer than ${longestRow} characters.`,
      );
  }
}

function cellsIn(row: string, prefix: string): readonly SheetCell[] {
  const cells: SheetCell[] = [];
  const open = `<${prefix}c`;
  const close = `</${prefix}c>`;
  let column = -1;
  for (let at = row.indexOf(open); at >= 0; at = row.indexOf(open, at)) {
    const following = row[at + open.length];
    const tagEnd = row.indexOf('>', at);
    if (tagEnd < 0) break;
    if (following !== ' ' && following !== '>' && following !== '/' && following !== '\n') {
      at = tagEnd;
      continue;
    }
    const tag = row.slice(at, tagEnd);
    column = columnOf(tag) ?? column + 1;
    if (row[tagEnd - 1] === '/') {
      at = tagEnd;
      continue;
    }
    const end = row.indexOf(close, tagEnd);
    if (end < 0) break;
    const inside = row.slice(tagEnd + 1, end);
    const type = tagValue(tag, ' t="') ?? 'n';
    const formula = inside.includes(`<${prefix}f`) ? formulaIn(inside, prefix) : null;
    const value = type === 'inlineStr' ? textRuns(inside) : valueIn(inside, prefix, type);
    if (value !== null || formula !== null)
      cells.push({ column, type, style: Number(tagValue(tag, ' s="') ?? 0), value, formula });
    at = end;
  }
  return cells;
}

function valueIn(inside: string, prefix: string, type: string): string | null {
  const open = `<${prefix}v`;
  const at = inside.indexOf(open);
  if (at < 0) return null;
  const from = inside.indexOf('>', at);
  if (inside[from - 1] === '/') return type === 'str' ? '' : null;
  const raw = inside.slice(from + 1, inside.indexOf(`</${prefix}v>`, from));
  if (type === 'str') return cellText(raw);
  return raw.trim() === '' ? null : xmlText(raw.trim());
}

function formulaIn(inside: string, prefix: string): string {
  const at = inside.indexOf(`<${prefix}f`);
  const from = inside.indexOf('>', at);
  if (inside[from - 1] === '/') return '=';
  return `=${xmlText(inside.slice(from + 1, inside.indexOf(`</${prefix}f>`, from)))}`;
}

/** An attribute as Excel and every known writer spell it; anything else goes the slow way. */
function tagValue(tag: string, opening: string): string | undefined {
  const at = tag.indexOf(opening);
  if (at >= 0) return tag.slice(at + opening.length, tag.indexOf('"', at + opening.length));
  return tag.includes("'") ? attribute(tag, opening.slice(1, -2)) : undefined;
}

function columnOf(tag: string): number | null {
  const reference = tagValue(tag, ' r="');
  if (reference === undefined) return null;
  let column = 0;
  for (let at = 0; at < reference.length; at++) {
    const code = reference.charCodeAt(at);
    if (code < 65 || code > 90) break;
    column = column * 26 + code - 64;
  }
  return column - 1;
}
