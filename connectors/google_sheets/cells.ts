import type { Json } from '../../shared/json.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

/** A cell as the API gives it with UNFORMATTED_VALUE: an empty one is `''` or left out. */
export type Cell = string | number | boolean | null | undefined;

/** How a column's numbers are shown, where that makes them times. */
export type Shown = 'DATE' | 'DATE_TIME' | null;

/** What all cells of a column are. */
export interface ColumnKinds {
  text: boolean;
  boolean: boolean;
  /** Numbers with a fraction, or too large to be told apart from their neighbours. */
  fraction: boolean;
  whole: boolean;
}

export const noKinds = (): ColumnKinds => ({
  text: false,
  boolean: false,
  fraction: false,
  whole: false,
});

/** What formulas come to when they fail. They are no text that a column of numbers would become text for. */
const failed = /^#(N\/A|REF!|DIV\/0!|VALUE!|NAME\?|NUM!|NULL!|ERROR!|SPILL!)$/;

export const isEmpty = (cell: Cell): boolean => cell === null || cell === undefined || cell === '';

export function look(cell: Cell, kinds: ColumnKinds): void {
  if (isEmpty(cell)) return;
  if (typeof cell === 'boolean') kinds.boolean = true;
  else if (typeof cell === 'number') {
    if (Number.isSafeInteger(cell)) kinds.whole = true;
    else kinds.fraction = true;
  } else if (!failed.test(cell as string)) kinds.text = true;
}

/** The type that holds every cell: of several kinds, text. */
export function typeOf(kinds: ColumnKinds, shown: Shown): ColumnType {
  const isNumber = kinds.whole || kinds.fraction;
  if (kinds.text || (kinds.boolean && isNumber)) return 'string';
  if (kinds.boolean) return 'boolean';
  if (!isNumber) return 'string';
  if (shown !== null) return shown === 'DATE' && !kinds.fraction ? 'date' : 'timestamp';
  return kinds.fraction ? 'double' : 'long';
}

/**
 * A cell as a record holds it. Times are days since 1899-12-30, as the clock on the wall of the spreadsheet's zone shows
 * them: they have no offset, and get none here. Source: "Date and number formats", Google Sheets API.
 */
export function valueOfCell(cell: Cell, type: ColumnType, shown: Shown): Json {
  if (isEmpty(cell)) return null;
  if (typeof cell === 'number' && shown !== null) {
    const text = momentText(cell);
    if (text === null) return String(cell);
    const isDay = type === 'date' || (type === 'string' && text.endsWith('T00:00:00.000'));
    return isDay ? text.slice(0, 10) : text;
  }
  if (type === 'string') return String(cell);
  return cell as Json;
}

const firstDay = Date.UTC(1899, 11, 30);

/** `2026-01-31T10:15:00.000`; null for what is no time of four-digit years. Spreadsheets keep times to the millisecond. */
function momentText(days: number): string | null {
  const milliseconds = firstDay + Math.round(days * 86_400_000);
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return null;
  const year = date.getUTCFullYear();
  return year < 1 || year > 9999 ? null : date.toISOString().slice(0, -1);
}
