import { join } from 'node:path';
import type { SourceRecord } from '../connectors/connector.ts';
import { canonicalDialect, canonicalNull, csvCell, csvLine } from '../formats/canonicalCsv.ts';
import { faultOf, type RowFault } from '../formats/rowAdmission.ts';
import type { Json } from '../json.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Column } from '../lake/schema.ts';
import { CsvToParquet } from './csvToParquet.ts';
import { keptRecord } from './keptRecord.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { type PlannedColumns, planColumns } from './plannedColumns.ts';
import { recordCell, textOf, unfit } from './recordCell.ts';
import { RejectLog } from './rejectLog.ts';
import { writeRejects } from './writeRejects.ts';

const flushCharacters = 1 << 20;
const nullCell = `${canonicalNull},`;

/**
 * Records of one stream with known columns, written to as few files as they need. Values that are none of their
 * column's type, and fields beyond the most columns a table may have, are kept in `_unfit`; records are rejected
 * only under the contract that says so.
 */
export class RecordWriter implements AsyncDisposable {
  readonly #state: LoaderState;
  readonly #columns: readonly Column[];
  readonly #plan: PlannedColumns;
  /** Fields of a record that have a place, or are left out. */
  readonly #names: ReadonlySet<string>;
  readonly #writer: CsvToParquet;
  readonly #rejects: RejectLog;
  #waiting = '';
  #longestRow = 0;
  #records = 0;
  #written = 0;

  private constructor(state: LoaderState, columns: readonly Column[], plan: PlannedColumns) {
    this.#state = state;
    this.#columns = columns;
    this.#plan = plan;
    this.#names = new Set(plan.taken.map(({ column }) => column.name));
    const name = state.scratchName('records');
    this.#rejects = new RejectLog(join(state.options.workFolder, `${name}-rejects.csv`));
    const { fields, schema } = plan.placed;
    const system = systemOutputs(state, schema, null, {
      _unfit: `c${fields.length}`,
      ...(this.#hasDeleted ? { _deleted: `c${fields.length + 1}` } : {}),
    });
    this.#writer = new CsvToParquet({
      db: state.db,
      fifos: state.fifos,
      folder: state.options.workFolder,
      name,
      dialect: canonicalDialect,
      nullText: canonicalNull,
      columnTypes: [
        ...fields.map(({ type }) => (type === 'binary' ? 'VARCHAR' : duckdbType(type))),
        'VARCHAR',
        'BOOLEAN',
      ],
      expressions: [
        ...fields.map(({ type }, index) =>
          type === 'binary' ? `unhex(substr(c${index}, 3))` : `c${index}`,
        ),
        ...system.expressions,
      ],
      fields: [...fields, ...system.fields],
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

  async write(records: readonly SourceRecord[]): Promise<WrittenRecords> {
    let bytes = 0;
    let rejected = 0;
    for (const record of records) {
      const line = this.#line(record);
      if (typeof line !== 'string') {
        const reject = keptRecord(this.#state, record, line);
        bytes += reject.text?.length ?? 0;
        rejected++;
        this.#rejects.add(reject);
        await this.#rejects.drain();
        continue;
      }
      bytes += line.length;
      this.#longestRow = Math.max(this.#longestRow, line.length * 3);
      this.#waiting += line;
      this.#records++;
      if (this.#waiting.length >= flushCharacters) await this.#flush();
    }
    return { bytes, rejected };
  }

  /**
   * Ends the last file. Throws `not_reconciled` when DuckDB wrote another number of rows. Answers how many records
   * were rejected that `write` did not know of: none.
   */
  async end(): Promise<number> {
    const { stream } = this.#state.options;
    await this.#flush();
    await this.#writer.end();
    if (this.#written !== this.#records || this.#writer.castFailures.length > 0)
      throw notReconciled(stream.name, 'rows were lost or doubled', {
        read: this.#records,
        written: this.#written,
        ...(this.#state.book.hasMasks ? {} : this.#writer.castFailures[0]),
      });
    const files = await writeRejects(this.#state, this.#rejects, stream.name, null);
    this.#state.rejectFiles.push(...files);
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
    await this.#rejects[Symbol.asyncDispose]();
  }

  get #hasDeleted(): boolean {
    return this.#state.options.systemColumns.includes('_deleted');
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    await this.#writer.write(Buffer.from(text), this.#longestRow);
  }

  /** The record as a line of CSV, or why the contract refuses it. */
  #line(record: SourceRecord): string | RowFault {
    const { mask, book, drift } = this.#state;
    const { contract } = book.rules;
    let unfits: Record<string, string> | null = null;
    let fault: RowFault | null = null;
    const keep = (name: string, text: string): void => {
      unfits ??= Object.create(null) as Record<string, string>;
      unfits[name] = text;
    };
    // Texts are put together as they come: lists of cells would cost as much as the records themselves.
    let line = '';
    for (const { column, field, mask: how } of this.#plan.taken) {
      const value = record[column.name];
      let cell: string | null | typeof unfit = null;
      if (value != null)
        cell = how === null ? recordCell(value, field.type) : mask.text(how, textOf(value));
      if (cell === unfit) {
        const text = textOf(value ?? null);
        if (contract === 'discard_row') {
          fault ??= faultOf(column.name, field.type);
          drift.misfit(field.name, null, 0);
        } else {
          keep(column.name, text);
          if (contract === 'discard_value') drift.misfit(field.name, null, 1);
        }
        if (contract === 'discard_row' || contract === 'discard_value')
          if (drift.wants(field.name, column.name) > 0) drift.sample(field.name, text);
        cell = null;
      }
      line += cell === null ? nullCell : `${csvCell(cell)},`;
    }
    for (const name of Object.keys(record)) {
      if (this.#names.has(name) || (name === '_deleted' && this.#hasDeleted)) continue;
      const value = record[name];
      if (value == null) continue;
      const rule = book.of(name);
      if (!rule.isTaken) continue;
      if (contract === 'discard_row') fault ??= faultOf(name, 'nothing');
      if (contract === 'discard_row' || contract === 'discard_value')
        this.#keepOut(name, value, contract === 'discard_row' ? 0 : 1);
      else keep(name, rule.mask === null ? textOf(value) : mask.text(rule.mask, textOf(value)));
    }
    if (fault !== null) return fault;
    const deleted = this.#hasDeleted ? String(record['_deleted'] === true) : null;
    return line + csvLine([unfits === null ? null : JSON.stringify(unfits), deleted]);
  }

  #keepOut(name: string, value: Json, discarded: number): void {
    const { drift } = this.#state;
    drift.keepOut(name, null, discarded);
    if (drift.wants(name, name) > 0) drift.sample(name, textOf(value));
  }
}

/** What became of records that were written. */
export interface WrittenRecords {
  readonly bytes: number;
  readonly rejected: number;
}
