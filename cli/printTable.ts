import { printable } from './humanText.ts';
import type { Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
}

const gap = '  ';
/** A column is never narrower than this to make room for others. */
const narrowest = 8;

/** Rows under titles, cut to the terminal's width; `whenEmpty` says what to do when there are none. */
export function printTable<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  whenEmpty: string,
): void {
  if (rows.length === 0) {
    terminal.err(`${whenEmpty}\n`);
    return;
  }
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ value }) => printable(value(row)))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...cells.map((line) => textWidth(line[index] ?? ''))),
  );
  shrink(widths, terminal.columns - gap.length * (columns.length - 1));
  for (const line of cells)
    terminal.out(
      `${line
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align))
        .join(gap)
        .trimEnd()}\n`,
    );
}

/** Takes from the widest until all fit. */
function shrink(widths: number[], room: number): void {
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) return;
    widths[widths.indexOf(widest)] = widest - 1;
    over -= 1;
  }
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const cut = textWidth(text) > width ? `${[...text].slice(0, width - 1).join('')}…` : text;
  const space = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return align === 'right' ? space + cut : cut + space;
}

const textWidth = (text: string): number => [...text].length;

/** Names and values, one pair a line. */
export function printPairs(
  terminal: Terminal,
  pairs: readonly (readonly [string, string])[],
): void {
  const width = Math.max(...pairs.map(([name]) => name.length));
  for (const [name, value] of pairs)
    terminal.out(`${name.padEnd(width)}${gap}${printable(value)}\n`);
}
