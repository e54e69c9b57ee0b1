import type { Batch, SourceRecord } from '../../shared/connectors/connector.ts';
import type { Json } from '../../shared/json.ts';
import type { Column } from '../../shared/lake/schema.ts';
import { type Cell, isEmpty, look, noKinds, type Shown, typeOf, valueOfCell } from './cells.ts';
import { columnNames, findHeader, lettersOf, mostHeaderRows, rowNumber } from './header.ts';
import { readFormats, readRows, type SheetsContext, type Tab } from './sheetsClient.ts';
import type { SheetsCheckpoint } from './sheetsConfig.ts';

/** Cells of one request: a few megabytes, and far from the 180 s that Google gives one. */
const cellsPerRequest = 200_000;
const mostRowsPerRequest = 10_000;
/** Rows whose formats are looked at: cells of one column are usually formatted alike. */
const formattedRows = 200;

/**
 * Reads a tab twice: once for the types of its columns, once for its rows. Nothing is read when `mark` says that
 * the spreadsheet did not change since the last read. Rows are told by their number: what was read before and is empty now is a tombstone.
 */
export async function* readTab(
  context: SheetsContext,
  tab: Tab,
  from: SheetsCheckpoint | null,
  options: { readonly mark: string | null; readonly tellsDeletes: boolean },
): AsyncGenerator<Batch<SheetsCheckpoint>> {
  const { signal } = context;
  const { mark, tellsDeletes } = options;
  if (from !== null && from.next === null && mark !== null && mark === from.mark) return;
  const survey = await surveyTab(context, tab);
  const { columns, names, shown, firstRow } = survey;
  const started = Math.min(firstRow, from?.firstRow ?? firstRow);
  // Of a read that goes on, the state that it began with counts: what changed since is read by the next one.
  const began = from !== null && from.next !== null ? from.mark : mark;
  const before = tellsDeletes ? (from?.lastRow ?? 0) : 0;
  const lastRow = Math.max(before, survey.lastRow);
  let next = Math.max(firstRow, from?.next ?? firstRow);
  // Rows above the table that were rows of it before.
  if (next === firstRow && before > 0)
    yield* tombstones(rangeOf(started, Math.min(firstRow - 1, before)));
  for await (const { rows, nextRow } of windows(context, tab, next, survey.lastRow)) {
    signal.throwIfAborted();
    const records: SourceRecord[] = [];
    const gone: number[] = [];
    for (let number = next; number < nextRow; number += 1) {
      const row = rows[number - next] ?? [];
      if (row.every(isEmpty)) {
        if (number <= before) gone.push(number);
      } else records.push(recordOf(row, number));
    }
    yield* tombstones(gone);
    next = nextRow;
    yield {
      body: { kind: 'records', records },
      columns,
      checkpoint: { v: 1, mark: began, next, firstRow: started, lastRow },
    };
  }
  signal.throwIfAborted();
  for (
    let number = Math.max(survey.lastRow + 1, firstRow);
    number <= before;
    number += mostRowsPerRequest
  )
    yield* tombstones(rangeOf(number, Math.min(before, number + mostRowsPerRequest - 1)));
  yield {
    body: { kind: 'records', records: [] },
    columns,
    checkpoint: { v: 1, mark: began, next: null, firstRow, lastRow: survey.lastRow },
  };

  function recordOf(row: readonly Cell[], number: number): SourceRecord {
    const record: Record<string, Json> = { [rowNumber]: number };
    for (const [index, name] of names.entries()) {
      const column = columns[index + 1] as Column;
      record[name] = valueOfCell(row[index], column.type, shown[index] ?? null);
    }
    return record;
  }

  function* tombstones(numbers: readonly number[]): Generator<Batch<SheetsCheckpoint>> {
    if (numbers.length === 0) return;
    const records = numbers.map((number) => ({ [rowNumber]: number }));
    yield { body: { kind: 'records', records }, columns, tombstones: true };
  }
}

const rangeOf = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

interface Survey {
  /** The row's number, then the tab's columns. */
  readonly columns: readonly Column[];
  readonly names: readonly string[];
  readonly shown: readonly Shown[];
  /** First row of data. */
  readonly firstRow: number;
  /** Last row that is not empty; 0: there is none. */
  readonly lastRow: number;
}

async function surveyTab(context: SheetsContext, tab: Tab): Promise<Survey> {
  let header: readonly Cell[] | null = null;
  let firstRow = 1;
  let lastRow = 0;
  let width = 0;
  const kinds: ReturnType<typeof noKinds>[] = [];
  for await (const { rows, from } of windows(context, tab, 1, tab.rows)) {
    context.signal.throwIfAborted();
    if (from === 1) {
      const row = context.config.headerRow ?? findHeader(rows.slice(0, mostHeaderRows));
      firstRow = row + 1;
      header = row === 0 ? null : (rows[row - 1] ?? []);
      width = header?.length ?? 0;
    }
    for (const [index, row] of rows.entries()) {
      const number = from + index;
      if (!row.every(isEmpty)) lastRow = number;
      if (number < firstRow) continue;
      width = Math.max(width, row.length);
      for (const [column, cell] of row.entries()) {
        kinds[column] ??= noKinds();
        look(cell, kinds[column]);
      }
    }
  }
  const hasNumbers = kinds.some((kind) => kind !== undefined && (kind.whole || kind.fraction));
  const shown = hasNumbers
    ? await readFormats(context, tab, {
        from: firstRow,
        to: Math.min(lastRow, firstRow + formattedRows - 1),
        lastColumn: lettersOf(tab.columns),
      })
    : [];
  const names = columnNames(header, width);
  return {
    names,
    shown,
    firstRow,
    lastRow,
    columns: [
      { name: rowNumber, type: 'long' },
      ...names.map(
        (name, index): Column => ({
          name,
          type: typeOf(kinds[index] ?? noKinds(), shown[index] ?? null),
        }),
      ),
    ],
  };
}

interface Window {
  readonly from: number;
  readonly rows: readonly (readonly Cell[])[];
  readonly nextRow: number;
}

/** Rows from one number to another, a request at a time. */
async function* windows(
  context: SheetsContext,
  tab: Tab,
  from: number,
  last: number,
): AsyncGenerator<Window> {
  if (tab.columns === 0) return;
  const size = Math.max(
    50,
    Math.min(mostRowsPerRequest, Math.floor(cellsPerRequest / tab.columns)),
  );
  for (let start = from; start <= last; start += size) {
    const to = Math.min(last, start + size - 1);
    const rows = await readRows(context, tab, {
      from: start,
      to,
      lastColumn: lettersOf(tab.columns),
    });
    yield { from: start, rows, nextRow: to + 1 };
  }
}
