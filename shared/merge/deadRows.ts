import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import { deletedPositions } from './batchSql.ts';
import type { MergeSession } from './mergeSession.ts';
import type { Batch } from './scanLive.ts';
import type { ScratchRows } from './scratchRows.ts';
import type { TouchedFile } from './settleFiles.ts';

/** A file of which rows go. */
export interface TouchedRows {
  readonly file: TouchedFile;
  /** Rows that go now. */
  readonly dead: number;
  /** SQL of their positions, as column `pos`. */
  readonly positions: string;
}

/** Rows of the table that go: whole files, and single rows by file and position. */
export class DeadRows {
  readonly #session: MergeSession;
  #touched = new Map<number, TouchedRows>();
  readonly #whole: string[] = [];
  #wholeRows = 0;

  constructor(session: MergeSession) {
    this.#session = session;
  }

  /** Paths of the files that go as a whole and were not read. */
  get whole(): readonly string[] {
    return this.#whole;
  }

  /** Files of which rows go, in the order they were looked at. */
  get touched(): readonly TouchedRows[] {
    return [...this.#touched.values()];
  }

  /** Rows that go and were live. */
  get rows(): number {
    return this.touched.reduce((sum, { dead }) => sum + dead, this.#wholeRows);
  }

  /** A live file that goes without being read. */
  takeWhole({ file, deletes }: LiveFile): void {
    this.#whole.push(file.path);
    this.#wholeRows += file.rows - (deletes?.rows ?? 0);
  }

  /** Takes the rows of a batch that go, SQL of a relation with `file` and `pos`, and lets go of the batch's files. */
  async endBatch(
    batch: Batch,
    dead: { readonly rows: number; readonly sql: string },
  ): Promise<void> {
    const counts = dead.rows === 0 ? new Map<number, number>() : await this.#countsOf(dead.sql);
    for (const { number, live, deletes } of batch.files) {
      const count = counts.get(number);
      if (count === undefined) continue;
      const { path, bytes, rows } = live.file;
      this.#touched.set(number, {
        file: {
          path,
          bytes,
          rows,
          sourceFile: sourceFileOf(live.file, this.#session),
          deletedBefore: live.deletes?.rows ?? 0,
          ...(deletes === null ? {} : { positionsBefore: deletedPositions(deletes) }),
        },
        dead: count,
        positions: positionsIn(dead.sql, number),
      });
    }
    await batch.release(new Set(counts.keys()));
  }

  /** Goes by these rows of the same files instead. */
  async replaceRows(dead: ScratchRows): Promise<void> {
    const counts = await this.#countsOf(dead.sql);
    const before = this.#touched;
    this.#touched = new Map();
    for (const [number, { file }] of before) {
      const count = counts.get(number);
      if (count !== undefined)
        this.#touched.set(number, { file, dead: count, positions: positionsIn(dead.sql, number) });
    }
  }

  async #countsOf(relation: string): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#session.db.rows(
      `SELECT file, count(*) AS dead FROM ${relation} GROUP BY file`,
    );
    return new Map(rows.map(({ file, dead }) => [Number(file), Number(dead)]));
  }
}

const positionsIn = (relation: string, file: number): string =>
  `SELECT pos FROM ${relation} WHERE file = ${file}`;

/** The upload that all rows of a file came from; null for rows of none. */
export function sourceFileOf({ lowerBounds }: DataFile, { options }: MergeSession): string | null {
  const id = options.schema.find(({ name }) => name === '_source_file')?.id;
  const bound = id === undefined ? undefined : lowerBounds[id];
  return bound === undefined ? null : Buffer.from(bound, 'base64').toString();
}
