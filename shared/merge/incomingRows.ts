import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnsOf } from './parquetRows.ts';
import { everyRow, type ScanPlan, scanLive } from './scanLive.ts';
import { placeColumn, type ScratchRows, scratchColumn } from './scratchRows.ts';

/** The new rows, as far as a rule needs their columns. */
export class IncomingRows {
  /** Places of new rows that are no rows of the table; each MUST be there once. */
  readonly lost: ScratchRows;
  readonly #session: MergeSession;
  readonly #fields: readonly Field[];
  #rows: ScratchRows;

  private constructor(session: MergeSession, fields: readonly Field[]) {
    this.#session = session;
    this.#fields = fields;
    this.lost = session.scratchRows([placeColumn]);
    this.#rows = this.#newRows();
  }

  /**
   * Loads columns of the new files. A row's place counts the rows of all new files from 0, so that later rows have
   * greater ones. Columns that are `idle` in a file are null.
   */
  static async load(
    session: MergeSession,
    fields: readonly Field[],
    idle: ScanPlan['idle'] = () => [],
  ): Promise<IncomingRows> {
    const incoming = new IncomingRows(session, fields);
    const { adds } = session.options;
    const places = firstPlaces(adds);
    const placeOf = new Map(adds.map(({ path }, index) => [path, places[index]]));
    const scan = { fields, plan: async () => ({ ...everyRow, idle }) };
    for await (const batch of scanLive(session, asLive(adds), scan)) {
      const first = batch.files[0]?.number ?? 0;
      const firsts = batch.files.map(({ live }) => placeOf.get(live.file.path));
      await incoming.#rows.append(
        `SELECT pos + ([${firsts.join(', ')}]::BIGINT[])[file - ${first} + 1], ${columnsOf(fields)} FROM ${batch.rows}`,
      );
      await batch.release(new Set());
    }
    return incoming;
  }

  /** SQL of a relation (place, columns) of the new rows that are left. */
  get sql(): string {
    return this.#rows.sql;
  }

  /**
   * All rows but one per key lose. `order` is SQL over `i` that puts the row that stays first. Costs one pass over
   * the keys where none occurs twice.
   */
  async keepOnePerKey(key: readonly Field[], order: string): Promise<void> {
    // Hashes take less memory than keys may; that two keys share one does no harm here.
    const hash = (prefix: string): string => `hash(${columnsOf(key, prefix)})`;
    const repeated = this.#session.scratchRows([{ name: 'h', type: 'UBIGINT' }]);
    const { rows } = await repeated.append(
      `SELECT h FROM (SELECT ${hash('')} AS h FROM ${this.sql}) GROUP BY h HAVING count(*) > 1`,
    );
    if (rows === 0) return;
    const { rows: losers } = await this.lost.append(
      `SELECT place FROM (
         SELECT i.place, row_number() OVER (PARTITION BY ${columnsOf(key, 'i.')} ORDER BY ${order}) AS rank
         FROM ${this.sql} i SEMI JOIN ${repeated.sql} r ON ${hash('i.')} = r.h
       ) WHERE rank > 1`,
    );
    await repeated.clear();
    if (losers === 0) return;
    const winners = this.#newRows();
    await winners.append(
      `SELECT i.* FROM ${this.sql} i ANTI JOIN ${this.lost.sql} l USING (place)`,
    );
    await this.#rows.clear();
    this.#rows = winners;
  }

  #newRows(): ScratchRows {
    return this.#session.scratchRows([placeColumn, ...this.#fields.map(scratchColumn)]);
  }
}

/** The place of the first row of each new file. */
export function firstPlaces(adds: readonly DataFile[]): readonly number[] {
  let next = 0;
  return adds.map(({ rows }) => {
    const first = next;
    next += rows;
    return first;
  });
}

async function* asLive(adds: readonly DataFile[]): AsyncGenerator<LiveFile> {
  for (const file of adds) yield { file, deletes: null };
}
