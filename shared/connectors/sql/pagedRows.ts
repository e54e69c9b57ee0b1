import { formatCsvRecord } from './csvRecord.ts';
import type { RowBlock, RowReader, SqlRow } from './sqlDialect.ts';

/** One answer's share of a result. */
export interface RowPage {
  readonly rows: readonly SqlRow[];
  /** Rows that come after those, a few at a time: of a page that is too long to be held. */
  readonly more?: AsyncGenerator<readonly SqlRow[], undefined>;
  /** Where the next page is; null: this is the last. */
  readonly next: string | null;
}

/** A block is handed over when it holds about this much. */
const blockCharacters = 256 * 1024;

/**
 * Rows of a result that comes in pages over HTTP, in the form of `copyCsv`. The page after the one that is being read is
 * asked for meanwhile, unless the one that is read comes a few rows at a time: two are in memory at most. Its `place` is
 * good for as long as the source keeps the result.
 */
export class PagedRows implements RowReader {
  readonly #fetch: (page: string) => Promise<RowPage>;
  /** Where the current page is, or the one to come. */
  #at: string;
  /** Rows of it that are taken. */
  #taken: number;
  /** Rows of it that came before those that are held. */
  #before = 0;
  #page: RowPage | null = null;
  #ahead: Promise<RowPage> | null = null;

  /** Begins at a page, or at a place of an earlier reader of the same result. */
  constructor(begin: string, fetch: (page: string) => Promise<RowPage>) {
    const place = /^(\d+)@(.*)$/s.exec(begin);
    this.#at = place?.[2] ?? begin;
    this.#taken = Number(place?.[1] ?? 0);
    this.#fetch = fetch;
  }

  place(): string {
    return `${this.#taken}@${this.#at}`;
  }

  async next(maxRows: number): Promise<RowBlock | null> {
    for (;;) {
      const page = await this.#current();
      if (this.#taken < this.#before + page.rows.length) return this.#take(page.rows, maxRows);
      const more = await page.more?.next();
      if (more !== undefined && more.done !== true) {
        this.#before += page.rows.length;
        this.#page = { ...page, rows: more.value };
        continue;
      }
      if (page.next === null) return null;
      this.#at = page.next;
      this.#taken = 0;
      this.#before = 0;
      this.#page = null;
    }
  }

  async #current(): Promise<RowPage> {
    if (this.#page !== null) return this.#page;
    const page = await (this.#ahead ?? this.#fetch(this.#at));
    this.#page = page;
    const isWhole = page.more === undefined;
    this.#ahead = page.next === null || !isWhole ? null : this.#fetch(page.next);
    // Heard when it is asked for; a reader may turn away before.
    this.#ahead?.catch(() => {});
    return page;
  }

  #take(rows: readonly SqlRow[], maxRows: number): RowBlock {
    let text = '';
    let last: SqlRow = [];
    let count = 0;
    while (count < maxRows && text.length < blockCharacters) {
      const row = rows[this.#taken - this.#before];
      if (row === undefined) break;
      text += formatCsvRecord(row);
      last = row;
      count += 1;
      this.#taken += 1;
    }
    return { bytes: Buffer.from(text), rows: count, last: () => last };
  }
}
