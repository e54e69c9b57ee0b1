import type { Rows } from '../client/generated.ts';
import { cellText, countText } from './humanText.ts';
import { printTable } from './printTable.ts';
import type { Terminal } from './terminal.ts';

/** Rows of a table, and how many there are. */
export function showRows(
  terminal: Terminal,
  { columns, rows, total }: Rows,
  whenEmpty: string,
): void {
  printTable(
    terminal,
    rows,
    columns.map(({ name, type }) => ({
      title: name,
      value: (row: Rows['rows'][number]) => cellText(row[name]),
      ...(/^(int|long|float|double|decimal)/.test(type) ? { align: 'right' as const } : {}),
    })),
    whenEmpty,
  );
  if (rows.length > 0) terminal.err(`${countText(rows.length)} of ${countText(total)} rows\n`);
}
