import { columnNames } from '../columnNames.ts';
import type { Reject } from '../reject.ts';
import type { CellValue, ReadCell } from './cellReader.ts';
import type { SheetRow } from './sheetRows.ts';

/** Which rows of a sheet are data, and what its columns are called. */
export interface SheetLayout {
  readonly hasHeader: boolean;
  /** Number of the first row of data. */
  readonly firstRow: number;
  /** Names of the columns the header has. */
  readonly headed: readonly string[];
  /** Name of the column at a 0-based position; one without a header is called after its position. */
  nameOf(position: number): string;
  readonly preamble: readonly Reject[];
}

interface SampledRow {
  readonly number: number;
  readonly values: ReadonlyMap<number, CellValue>;
}

const sampledRows = 100;
const longestPreamble = 20;

/**
 * Finds the header among the first rows: the first that is at least half as wide as the widest; what stands above
 * it is a title. null for a sheet without any value.
 */
export async function sheetLayout(
  rows: AsyncIterable<SheetRow>,
  readCell: ReadCell,
  header: boolean | undefined,
): Promise<SheetLayout | null> {
  const sample: SampledRow[] = [];
  for await (const { number, cells } of rows) {
    const values = new Map(
      cells.flatMap((cell): [number, CellValue][] => {
        const value = readCell(cell);
        return value.kind === 'null' && value.unfit === null ? [] : [[cell.column, value]];
      }),
    );
    if (values.size > 0) sample.push({ number, values });
    if (sample.length === sampledRows) break;
  }
  const widest = Math.max(...sample.map(({ values }) => values.size));
  const at =
    header === false
      ? 0
      : sample.findIndex(
          ({ values }, index) => index <= longestPreamble && values.size * 2 >= widest,
        );
  const first = sample[Math.max(at, 0)];
  if (first === undefined) return null;
  const hasHeader = header ?? looksLikeHeader(first, sample.slice(at + 1));
  const positions = hasHeader ? [...first.values.keys()] : [];
  const raw = Array.from(
    { length: Math.max(-1, ...positions) + 1 },
    (_, position) => first.values.get(position)?.text ?? '',
  );
  const names = columnNames(raw);
  const taken = new Set(names);
  return {
    hasHeader,
    firstRow: first.number + (hasHeader ? 1 : 0),
    headed: positions.map((position) => names[position] as string),
    nameOf(position) {
      const known = names[position];
      if (known !== undefined) return known;
      let name = `column_${position + 1}`;
      while (taken.has(name)) name += '_2';
      taken.add(name);
      names[position] = name;
      return name;
    },
    preamble: sample.slice(0, Math.max(at, 0)).map(({ number, values }) => ({
      text: [...values.values()].map(({ text }) => text).join('\t'),
      line: number,
      column: null,
      reason: 'above the header',
    })),
  };
}

/** All names are text; or some column has text there and something else everywhere below. */
function looksLikeHeader(first: SampledRow, rows: readonly SampledRow[]): boolean {
  const cells = [...first.values];
  if (cells.every(([, { kind }]) => kind === 'string')) return true;
  return cells.some(([position, { kind }]) => {
    const below = rows.flatMap(({ values }) => values.get(position)?.kind ?? []);
    return kind === 'string' && below.length > 0 && below.every((other) => other !== 'string');
  });
}
