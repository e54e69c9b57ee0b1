import type { SourceRecord } from '../connectors/connector.ts';
import { canonicalDialect, canonicalNull, csvLine } from '../formats/canonicalCsv.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Column, Field } from '../lake/schema.ts';
import { CsvToParquet } from './csvToParquet.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { recordCell, textOf, unfit } from './recordCell.ts';

const flushCharacters = 1 << 20;

/**
 * Records of one stream with known columns, written to as few files as they need. Values that are none of their
 * column's type, and fields no column has, are kept in `_unfit`; nothing is rejected.
 */
export class RecordWriter implements AsyncDisposable {
  readonly #state: LoaderState;
  readonly #columns: readonly Column[];
  readonly #fields: readonly Field[];
  readonly #names: ReadonlySet<string>;
  readonly #writer: CsvToParquet;
  #waiting = '';
  #longestRow = 0;
  #records = 0;
  #written = 0;

  private constructor(
    state: LoaderState,
    columns: readonly Column[],
    fields: readonly Field[],
    schema: readonly Field[],
  ) {
    this.#state = state;
    this.#columns = columns;
    this.#fields = fields;
    this.#names = new Set(columns.map(({ name }) => name));
    const deleted = columns.length + 1;
    const system = systemOutputs(state, schema, null, {
      _unfit: `c${columns.length}`,
      ...(this.#hasDeleted ? { _deleted: `c${deleted}` } : {}),
    });
    this.#writer = new CsvToParquet({
      db: state.db,
      folder: state.options.workFolder,
      name: state.scratchName('records'),
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

  static async open(state: LoaderState, columns: readonly Column[]): Promise<RecordWriter> {
    const placed = await state.schema.place(columns);
    state.schema.accept(placed);
    return new RecordWriter(state, columns, placed.fields, placed.schema);
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

  /** Answers how many bytes the records came to. */
  async write(records: readonly SourceRecord[]): Promise<number> {
    let bytes = 0;
    for (const record of records) {
      const line = this.#line(record);
      bytes += line.length;
      this.#longestRow = Math.max(this.#longestRow, line.length * 3);
      this.#waiting += line;
      this.#records++;
      if (this.#waiting.length >= flushCharacters) await this.#flush();
    }
    return bytes;
  }

  /** Ends the last file. Throws `not_reconciled` when DuckDB wrote another number of rows. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writer.end();
    if (this.#written !== this.#records || this.#writer.castFailures.length > 0)
      throw notReconciled(this.#state.options.stream.name, 'rows were lost or doubled', {
        read: this.#records,
        written: this.#written,
        ...this.#writer.castFailures[0],
      });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writer[Symbol.asyncDispose]();
  }

  get #hasDeleted(): boolean {
    return this.#state.options.systemColumns.includes('_deleted');
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    await this.#writer.write(Buffer.from(text), this.#longestRow);
  }

  #line(record: SourceRecord): string {
    let unfits: Record<string, string> | null = null;
    const keep = (name: string, text: string): void => {
      unfits ??= Object.create(null) as Record<string, string>;
      unfits[name] = text;
    };
    const cells = this.#fields.map(({ type }, index) => {
      const { name } = this.#columns[index] as Column;
      const value = record[name];
      const cell = recordCell(value, type);
      if (cell !== unfit) return cell;
      keep(name, textOf(value ?? null));
      return null;
    });
    const wanted = this.#state.options.stream.columns;
    for (const name of Object.keys(record)) {
      if (this.#names.has(name) || (name === '_deleted' && this.#hasDeleted)) continue;
      const value = record[name];
      if (value !== null && value !== undefined && (wanted === null || wanted.includes(name)))
        keep(name, textOf(value));
    }
    const deleted = this.#hasDeleted ? String(record['_deleted'] === true) : null;
    return csvLine([...cells, unfits === null ? null : JSON.stringify(unfits), deleted]);
  }
}
