import { canonicalDialect, canonicalNull } from '../formats/canonicalCsv.ts';
import { rowCells } from '../formats/csv/rowCells.ts';
import { faultOf, type RowFault } from '../formats/rowAdmission.ts';
import type { Column, ColumnType } from '../lake/schema.ts';
import { CopyCsvRows } from './copyCsvRows.ts';
import { keptRecord } from './keptRecord.ts';
import type { LoaderState } from './loaderState.ts';
import type { PlannedColumns } from './plannedColumns.ts';
import { recordCell, unfit } from './recordCell.ts';
import type { RejectLog } from './rejectLog.ts';

const [lf, quote] = [10, 34];

/**
 * Takes out of `copyCsv` bytes the rows that a contract refuses, and keeps them as records. Rows that stay are kept
 * byte for byte. Only streams with such a contract are read this way: it costs a look at every cell.
 */
export class CopyCsvAdmission {
  readonly #state: LoaderState;
  readonly #columns: readonly Column[];
  readonly #rejects: RejectLog;
  /** What each declared column takes; null: anything. */
  readonly #admitted: readonly (ColumnType | 'nothing' | null)[];
  readonly #fieldNames: readonly string[];
  readonly #counter = new CopyCsvRows();

  constructor(
    state: LoaderState,
    columns: readonly Column[],
    { taken, unknown }: PlannedColumns,
    rejects: RejectLog,
  ) {
    this.#state = state;
    this.#columns = columns;
    this.#rejects = rejects;
    const byPosition = new Map(taken.map((planned) => [planned.position, planned]));
    const refused = new Set(unknown.map(({ position }) => position));
    this.#admitted = columns.map((_, position) => {
      if (refused.has(position)) return 'nothing';
      const planned = byPosition.get(position);
      if (planned === undefined || planned.mask !== null) return null;
      return planned.field.type === 'string' ? null : planned.type;
    });
    this.#fieldNames = columns.map(
      ({ name }, position) => byPosition.get(position)?.field.name ?? name,
    );
  }

  /** All rows, those that are refused among them. */
  get rows(): number {
    return this.#counter.rows;
  }

  get longestRow(): number {
    return this.#counter.longestRow;
  }

  get rejected(): number {
    return this.#rejects.count;
  }

  /** As `CsvScanner.scan`. */
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number } {
    const { consumed } = this.#counter.scan(block, isLast);
    let kept = 0;
    let start = 0;
    let isQuoted = false;
    for (let at = 0; at < consumed; at++) {
      const byte = block[at];
      if (byte === quote) isQuoted = !isQuoted;
      else if (byte === lf && !isQuoted) {
        if (this.#takes(block.toString('utf8', start, at))) {
          if (kept !== start) block.copyWithin(kept, start, at + 1);
          kept += at + 1 - start;
        }
        start = at + 1;
      }
    }
    return { consumed, kept };
  }

  #takes(row: string): boolean {
    const cells = rowCells(row, canonicalDialect);
    // For DuckDB to refuse: no source sends this.
    if (cells?.length !== this.#columns.length) return true;
    const values = valuesOf(row, cells);
    for (let index = 0; index < values.length; index++) {
      const admitted = this.#admitted[index] ?? null;
      const value = values[index] ?? null;
      if (admitted === null || value === null) continue;
      const { name, type } = this.#columns[index] as Column;
      if (admitted !== 'nothing' && recordCell(spelled(value, type), admitted) !== unfit) continue;
      this.#refuse(faultOf(name, admitted), index, values);
      return false;
    }
    return true;
  }

  #refuse(fault: RowFault, at: number, values: readonly (string | null)[]): void {
    const { drift } = this.#state;
    const name = this.#fieldNames[at] as string;
    if (this.#admitted[at] === 'nothing') drift.keepOut(fault.column, null, 0);
    else drift.misfit(name, null, 0);
    if (drift.wants(name, fault.column) > 0) drift.sample(name, values[at] ?? '');
    const record = Object.fromEntries(
      this.#columns.map((column, index) => {
        const value = values[index] ?? null;
        return [column.name, value === null ? null : spelled(value, column.type)];
      }),
    );
    this.#rejects.add(keptRecord(this.#state, record, fault));
  }
}

/** A quoted `\N` is a text, an unquoted one NULL; a cell with nothing in it is the empty text. */
function valuesOf(row: string, cells: readonly (string | null)[]): readonly (string | null)[] {
  if (!row.includes(canonicalNull)) return cells.map((cell) => cell ?? '');
  const isQuoted = quotedCells(row);
  return cells.map((cell, index) =>
    cell === canonicalNull && isQuoted[index] !== true ? null : (cell ?? ''),
  );
}

function quotedCells(row: string): readonly boolean[] {
  const quoted: boolean[] = [];
  let isInside = false;
  let isStart = true;
  for (const character of row) {
    if (isStart) {
      quoted.push(character === '"');
      isStart = false;
    }
    if (character === '"') isInside = !isInside;
    else if (character === ',' && !isInside) isStart = true;
  }
  if (isStart) quoted.push(false);
  return quoted;
}

/** Booleans as every other kind of source has them. */
const spelled = (value: string, type: ColumnType): string =>
  type !== 'boolean' ? value : value === 't' ? 'true' : value === 'f' ? 'false' : value;
