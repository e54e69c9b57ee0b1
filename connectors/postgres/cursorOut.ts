import type Cursor from 'pg-cursor';
import { formatCsvRecord } from '../../shared/connectors/sql/csvRecord.ts';
import type { RowBlock, RowReader } from '../../shared/connectors/sql/sqlDialect.ts';

type TextRow = readonly (string | null)[];

const bytesPerFetch = 1024 * 1024;
const rowsPerFetch = 5_000;

/** A portal's rows in the form COPY would have given them, for servers and proxies that refuse COPY. */
export class CursorOut implements RowReader {
  readonly #cursor: Cursor<TextRow>;
  /** How many rows a fetch asks for: few until it is known how wide they are. */
  #fetch = 10;
  #rows: readonly TextRow[] = [];

  constructor(cursor: Cursor<TextRow>) {
    this.#cursor = cursor;
  }

  async next(maxRows: number): Promise<RowBlock | null> {
    if (this.#rows.length === 0) this.#rows = await this.#cursor.read(this.#fetch);
    const rows = this.#rows.slice(0, maxRows);
    const last = rows.at(-1);
    if (last === undefined) return null;
    let text = '';
    for (const row of rows) text += formatCsvRecord(row);
    const bytes = Buffer.from(text);
    if (rows.length === this.#rows.length) {
      const fitting = Math.floor((bytesPerFetch * rows.length) / bytes.length);
      this.#fetch = Math.max(1, Math.min(fitting, this.#fetch * 4, rowsPerFetch));
    }
    this.#rows = this.#rows.slice(rows.length);
    return { bytes, rows: rows.length, last: () => last };
  }
}
