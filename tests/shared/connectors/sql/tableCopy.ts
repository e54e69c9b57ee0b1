import { ordinalOf } from '../../../../shared/connectors/sql/cursorValue.ts';
import type { SqlColumn } from '../../../../shared/connectors/sql/sqlDialect.ts';
import type { Row } from '../../../connectors/readBatch.ts';

export type Rule = 'upsert' | 'appendOnce' | 'append';

/** What was delivered between two checkpoints that were kept. */
export interface Delivery {
  readonly rows: readonly Row[];
  readonly replacesNullCursor: boolean;
}

/** The other side, as plainly as it can be said: a table in memory that takes what a reader delivers. */
export class TableCopy {
  rows: readonly Row[] = [];
  readonly #rule: Rule;
  readonly #cursor: string;
  readonly #kind: Pick<SqlColumn, 'cursor'>;

  constructor(rule: Rule, cursor: string, kind: SqlColumn['cursor']) {
    this.#rule = rule;
    this.#cursor = cursor;
    this.#kind = { cursor: kind };
  }

  commit(deliveries: readonly Delivery[]): void {
    const incoming = deliveries.flatMap(({ rows }) => rows);
    switch (this.#rule) {
      case 'append': {
        const replaces = deliveries.some(({ replacesNullCursor }) => replacesNullCursor);
        const kept = this.rows.filter((row) => !replaces || this.#at(row) !== null);
        this.rows = [...kept, ...incoming];
        return;
      }
      case 'appendOnce': {
        const identity = (row: Row): string => `${row['id']} ${this.#at(row)}`;
        const known = new Map(this.rows.map((row) => [identity(row), row]));
        for (const row of incoming) if (!known.has(identity(row))) known.set(identity(row), row);
        this.rows = [...known.values()];
        return;
      }
      case 'upsert': {
        const newest = new Map<unknown, Row>();
        for (const row of incoming) {
          const other = newest.get(row['id']);
          if (other === undefined || !this.#isOlder(row, other)) newest.set(row['id'], row);
        }
        for (const row of this.rows) {
          const other = newest.get(row['id']);
          const [at, otherAt] = [this.#at(row), other === undefined ? null : this.#at(other)];
          const wins = at !== null && otherAt !== null && at > otherAt;
          if (other === undefined || wins) newest.set(row['id'], row);
        }
        this.rows = [...newest.values()];
      }
    }
  }

  /** Within one commit a row without a cursor value is the newest. */
  #isOlder(row: Row, other: Row): boolean {
    const [at, otherAt] = [this.#at(row), this.#at(other)];
    return at !== null && (otherAt === null || at < otherAt);
  }

  /** null as well for what has no place in a time column. */
  #at(row: Row): bigint | null {
    const value = row[this.#cursor];
    return typeof value === 'string' ? ordinalOf(value, this.#kind) : null;
  }
}
