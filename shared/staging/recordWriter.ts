import { join } from 'node:path';
import type { SourceRecord } from '../connectors/connector.ts';
import { faultOf, type RowFault } from '../formats/rowAdmission.ts';
import type { Json } from '../json.ts';
import type { Column } from '../lake/schema.ts';
import type { BooleanBuffer, ColumnBuffer } from '../parquet/columnBuffers.ts';
import { type AddCell, addCellOf } from './addCell.ts';
import { ColumnsToParquet } from './columnsToParquet.ts';
import { keptRecord } from './keptRecord.ts';
import { type LoaderState, systemValues } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { type PlannedColumn, type PlannedColumns, planColumns } from './plannedColumns.ts';
import { recordCell, textOf, unfit } from './recordCell.ts';
import { RejectLog } from './rejectLog.ts';
import { writeRejects } from './writeRejects.ts';

/** Rows between two looks at whether a row group is full. */
const rowsPerLook = 250;

/** A column as records are asked for it. */
interface Cell extends Pick<PlannedColumn, 'column' | 'field' | 'mask'> {
  readonly name: string;
  /** What every object has under its name; only a record's own field counts. */
  readonly isInherited: boolean;
  readonly add: AddCell;
}

/**
 * Records of one stream with known columns, written to as few files as they need. Values that are none of their
 * column's type, and fields beyond the most columns a table may have, are kept in `_unfit`; records are rejected
 * only under the contract that says so.
 */
export class RecordWriter implements AsyncDisposable {
  readonly #state: LoaderState;
  readonly #columns: readonly Column[];
  readonly #cells: readonly Cell[];
  /** Fields of a record that have a place, or are left out. */
  readonly #names: ReadonlySet<string>;
  readonly #sink: ColumnsToParquet;
  readonly #rejects: RejectLog;
  /** Place of `_deleted` among the buffers; -1: there is none. */
  readonly #deletedAt: number;
  #records = 0;
  #written = 0;

  private constructor(state: LoaderState, columns: readonly Column[], plan: PlannedColumns) {
    this.#state = state;
    this.#columns = columns;
    this.#cells = plan.taken.map(({ column, field, mask }) => ({
      column,
      field,
      mask,
      name: column.name,
      isInherited: column.name in Object.prototype,
      add: addCellOf(field.type),
    }));
    this.#names = new Set(this.#cells.map(({ name }) => name));
    const name = state.scratchName('records');
    this.#rejects = new RejectLog(join(state.options.workFolder, `${name}-rejects.csv`));
    const { schema } = plan.placed;
    const deleted = this.#hasDeleted
      ? schema.find((field) => field.name === '_deleted')
      : undefined;
    const stored = [...plan.taken.map(({ field }) => field), ...(deleted ? [deleted] : [])];
    this.#deletedAt = deleted === undefined ? -1 : stored.length - 1;
    this.#sink = new ColumnsToParquet({
      folder: state.options.workFolder,
      name,
      columns: stored,
      stored: stored.map((field, position) => ({ position, field })),
      system: systemValues(state, schema),
      onFile: async (file) => {
        this.#written += file.rows;
        const published = await state.data.publish(file, null);
        if (published !== null) state.adds.push(published);
      },
    });
  }

  /** `columns`: those declared, and `UndeclaredColumns` behind them. Throws `schema_frozen`. */
  static async open(state: LoaderState, columns: readonly Column[]): Promise<RecordWriter> {
    const plan = await planColumns(state, columns);
    state.schema.accept(plan.placed);
    return new RecordWriter(state, columns, plan);
  }

  /** Whether records with these columns can go into the same files. */
  takes(columns: readonly Column[]): boolean {
    return (
      columns === this.#columns ||
      (columns.length === this.#columns.length &&
        columns.every(
          ({ name, type }, index) =>
            name === this.#columns[index]?.name && type === this.#columns[index]?.type,
        ))
    );
  }

  /** `onlyDeclared`: no record has another field than those of `columns`. */
  async write(records: readonly SourceRecord[], onlyDeclared = false): Promise<WrittenRecords> {
    const isStrict = this.#state.book.rules.contract === 'discard_row';
    let bytes = 0;
    let rejected = 0;
    for (let from = 0; from < records.length; from += rowsPerLook) {
      const before = this.#sink.bytes;
      for (const record of records.slice(from, from + rowsPerLook)) {
        const fault = isStrict ? this.#faultOf(record) : null;
        if (fault === null) {
          this.#add(record, onlyDeclared || isStrict);
          continue;
        }
        const reject = keptRecord(this.#state, record, fault);
        bytes += reject.text?.length ?? 0;
        rejected++;
        this.#rejects.add(reject);
        await this.#rejects.drain();
      }
      bytes += this.#sink.bytes - before;
      await this.#sink.settle();
    }
    return { bytes, rejected };
  }

  /**
   * Ends the last file. Throws `not_reconciled` when another number of rows was written. Answers how many records
   * were rejected that `write` did not know of: none.
   */
  async end(): Promise<number> {
    const { stream } = this.#state.options;
    await this.#sink.end();
    if (this.#written !== this.#records)
      throw notReconciled(stream.name, 'rows were lost or doubled', {
        read: this.#records,
        written: this.#written,
      });
    const files = await writeRejects(this.#state, this.#rejects, stream.name, null);
    this.#state.rejectFiles.push(...files);
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
    await this.#rejects[Symbol.asyncDispose]();
  }

  get #hasDeleted(): boolean {
    return this.#state.options.systemColumns.includes('_deleted');
  }

  #add(record: SourceRecord, onlyDeclared: boolean): void {
    const sink = this.#sink;
    const cells = this.#cells;
    const { columns, row } = sink;
    let unfits: Record<string, string> | null = null;
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index] as Cell;
      const buffer = columns[index] as ColumnBuffer;
      const value = cellValue(record, cell);
      if (value === null || value === undefined) {
        buffer.nulls.add(row);
        continue;
      }
      const { mask } = cell;
      const stored = mask === null ? value : this.#state.mask.text(mask, textOf(value));
      if (cell.add(buffer, stored)) continue;
      buffer.nulls.add(row);
      unfits ??= Object.create(null) as Record<string, string>;
      unfits[cell.name] = textOf(stored);
      if (this.#state.book.rules.contract === 'discard_value') this.#misfit(cell, stored, 1);
    }
    if (this.#deletedAt >= 0)
      (columns[this.#deletedAt] as BooleanBuffer).add(record['_deleted'] === true ? 1 : 0);
    if (!onlyDeclared) unfits = this.#keepOthers(record, unfits);
    if (unfits !== null) sink.unfitRow(JSON.stringify(unfits));
    sink.row = row + 1;
    this.#records++;
  }

  /** Fields that have no column, kept in `_unfit` unless the contract leaves them out. */
  #keepOthers(
    record: SourceRecord,
    unfits: Record<string, string> | null,
  ): Record<string, string> | null {
    const { mask, book } = this.#state;
    let kept = unfits;
    for (const [name, value] of this.#others(record)) {
      if (book.rules.contract === 'discard_value') {
        this.#keepOut(name, value, 1);
        continue;
      }
      const how = book.of(name).mask;
      kept ??= Object.create(null) as Record<string, string>;
      kept[name] = how === null ? textOf(value) : mask.text(how, textOf(value));
    }
    return kept;
  }

  /** Why a contract that discards rows refuses the record. */
  #faultOf(record: SourceRecord): RowFault | null {
    let fault: RowFault | null = null;
    for (const cell of this.#cells) {
      const value = cellValue(record, cell);
      if (value === null || value === undefined || cell.mask !== null) continue;
      if (recordCell(value, cell.field.type) !== unfit) continue;
      fault ??= faultOf(cell.name, cell.field.type);
      this.#misfit(cell, value, 0);
    }
    for (const [name, value] of this.#others(record)) {
      fault ??= faultOf(name, 'nothing');
      this.#keepOut(name, value, 0);
    }
    return fault;
  }

  *#others(record: SourceRecord): Generator<readonly [name: string, value: Json]> {
    for (const name of Object.keys(record)) {
      if (this.#names.has(name) || (name === '_deleted' && this.#hasDeleted)) continue;
      const value = record[name];
      if (value !== null && value !== undefined && this.#state.book.of(name).isTaken)
        yield [name, value];
    }
  }

  #misfit({ name, field }: Cell, value: Json, discarded: number): void {
    const { drift } = this.#state;
    drift.misfit(field.name, null, discarded);
    if (drift.wants(field.name, name) > 0) drift.sample(field.name, textOf(value));
  }

  #keepOut(name: string, value: Json, discarded: number): void {
    const { drift } = this.#state;
    drift.keepOut(name, null, discarded);
    if (drift.wants(name, name) > 0) drift.sample(name, textOf(value));
  }
}

const cellValue = (record: SourceRecord, { name, isInherited }: Cell): Json | undefined =>
  isInherited && !Object.hasOwn(record, name) ? undefined : record[name];

/** What became of records that were written. */
export interface WrittenRecords {
  readonly bytes: number;
  readonly rejected: number;
}
