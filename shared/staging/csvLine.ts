import type { CsvDialect } from '../formats/csv/cellAutomaton.ts';

/** How Headgate itself spells CSV: as Postgres does with `NULL '\N'`, so that '' and NULL stay apart. */
export const canonicalDialect: CsvDialect = { delimiter: ',', quote: '"', quoteEscape: '"' };
export const canonicalNull = '\\N';

/** One row with its line end. Every text is quoted, so nothing in it can be taken for NULL or a delimiter. */
export function csvLine(cells: readonly (string | null)[]): string {
  let line = '';
  for (let index = 0; index < cells.length; index++) {
    if (index > 0) line += ',';
    const cell = cells[index];
    if (cell === null || cell === undefined) line += canonicalNull;
    else line += cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : `"${cell}"`;
  }
  return `${line}\n`;
}
