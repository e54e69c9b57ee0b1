import { type Cell, isEmpty } from './cells.ts';

/** A header is looked for among so many rows. */
export const mostHeaderRows = 20;

/** The letters of a column, 1 for `A`. */
export function lettersOf(column: number): string {
  let text = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  return text;
}

/**
 * The row that names the columns, counted from 1; 0: there is none. It is the first of the top rows whose cells are all
 * text and that is at least half as wide as the widest: a title above the table is not.
 */
export function findHeader(top: readonly (readonly Cell[])[]): number {
  const filled = top.map((row) => row.filter((cell) => !isEmpty(cell)));
  const widest = Math.max(0, ...filled.map(({ length }) => length));
  const index = filled.findIndex((row) => row.length > 0 && row.length * 2 >= widest);
  const row = filled[index] ?? [];
  const isHeader =
    row.every((cell) => typeof cell === 'string') && new Set(row).size === row.length;
  return index >= 0 && isHeader ? index + 1 : 0;
}

/** Names of columns: those of the header, letters where it has none, and no name twice. */
export function columnNames(header: readonly Cell[] | null, columns: number): readonly string[] {
  const used = new Set([rowNumber]);
  return Array.from({ length: columns }, (_, index) => {
    const cell = header?.[index];
    const base = isEmpty(cell) ? `column_${lettersOf(index + 1)}` : String(cell).trim();
    const plain = base === '' ? `column_${lettersOf(index + 1)}` : base;
    let name = plain;
    for (let count = 2; used.has(name); count += 1) name = `${plain}_${count}`;
    used.add(name);
    return name;
  });
}

/** The key of a row: its place, as the spreadsheet counts. */
export const rowNumber = '_row_number';
