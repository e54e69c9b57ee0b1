import type { CsvDialect } from './csv/cellAutomaton.ts';

/** How Headgate itself spells CSV: as Postgres does with `NULL '\N'`, so that '' and NULL stay apart. */
export const canonicalDialect: CsvDialect = { delimiter: ',', quote: '"', quoteEscape: '"' };
export const canonicalNull = '\\N';

/** A text as a cell. Always quoted, so nothing in it can be taken for NULL or a delimiter. */
export const csvCell = (text: string): string =>
  text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;

/** One row with its line end. */
export const csvLine = (cells: readonly (string | null)[]): string =>
  `${cells.map((cell) => (cell === null ? canonicalNull : csvCell(cell))).join(',')}\n`;
