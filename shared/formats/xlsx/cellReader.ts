import { fileUnreadable } from '../fileUnreadable.ts';
import type { JsonKind } from '../json/parseRecord.ts';
import { serialText } from './serialDate.ts';
import type { SharedStrings } from './sharedStrings.ts';
import type { SheetCell } from './sheetRows.ts';
import type { Workbook } from './workbook.ts';

/** What a cell says. `double`: a number with more digits than a decimal number in a workbook can be trusted with. */
export interface CellValue {
  readonly kind: JsonKind;
  readonly text: string;
  /** What stands in the cell in place of a value: an error, or a formula that was never computed. */
  readonly unfit: string | null;
}

export type ReadCell = (cell: SheetCell) => CellValue;

const exactDigits = 15;
const printedDigits = 17;

/** Reads cells of one workbook. Throws `file_unreadable` for a text that is not there. */
export function cellReader(
  { meanings, is1904 }: Workbook,
  strings: SharedStrings | null,
): ReadCell {
  const numberIn = (raw: string, style: number): CellValue => {
    const meaning = meanings[style] ?? 'number';
    const shown = meaning === 'number' ? null : serialText(Number(raw), meaning, is1904);
    return shown === null ? plainNumber(raw) : { kind: 'string', text: shown, unfit: null };
  };
  return ({ type, style, value, formula }) => {
    if (value === null) return { kind: 'null', text: '', unfit: formula };
    switch (type) {
      case 's': {
        const text = strings?.at(Number(value)) ?? null;
        if (text === null)
          throw fileUnreadable(`The workbook is damaged: it lacks its text number ${value}.`);
        return { kind: 'string', text, unfit: null };
      }
      case 'b':
        return { kind: 'boolean', text: value === '1' ? 'true' : 'false', unfit: null };
      case 'e':
        return { kind: 'null', text: '', unfit: value };
      case 'n':
        return numberIn(value, style);
      default:
        return { kind: 'string', text: value, unfit: null };
    }
  };
}

/**
 * Excel's numbers are doubles, written with up to 17 digits: the shortest spelling of the same double is the number
 * that was typed. Whole numbers, and numbers with more digits than that, were written by other programs and mean
 * what they say.
 */
function plainNumber(raw: string): CellValue {
  const digits = significantDigits(raw);
  if (/^-?(0|[1-9]\d*)$/.test(raw) || digits > printedDigits)
    return { kind: 'number', text: raw, unfit: null };
  const value = Number(raw);
  if (!Number.isFinite(value)) return { kind: 'string', text: raw, unfit: null };
  const text = String(value);
  return {
    kind: significantDigits(text) > exactDigits ? 'double' : 'number',
    text,
    unfit: null,
  };
}

const significantDigits = (number: string): number =>
  number
    .replace(/e.*$/i, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+|0+$/g, '').length;
