import type { DataFile } from '../lake/dataFile.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import { deletedPositions } from './batchSql.ts';
import type { MergeSession } from './mergeSession.ts';
import type { Batch } from './scanLive.ts';
import type { TouchedFile } from './settleFiles.ts';

/** Rows of the table that go: whole files by name, the others in the table `dead (file, pos)`. */
export class DeadRows {
  readonly #session: MergeSession;
  readonly #files = new Map<number, TouchedFile>();
  readonly #whole: string[] = [];
  #wholeRows = 0;

  constructor(session: MergeSession) {
    this.#session = session;
  }

  get whole(): readonly string[] {
    return this.#whole;
  }

  /** A live file that goes without being read. */
  takeWhole({ file, deletes }: LiveFile): void {
    this.#whole.push(file.path);
    this.#wholeRows += file.rows - (deletes?.rows ?? 0);
  }

  /** Ends a batch: remembers the files that a table with a column `file` names now, and lets go of the others. */
  async endBatch(batch: Batch, table: string): Promise<void> {
    const [first, last] = [batch.files[0]?.number ?? 0, batch.files.at(-1)?.number ?? 0];
    const rows = await this.#session.db.rows(
      `SELECT DISTINCT file FROM ${table} WHERE file BETWEEN ${first} AND ${last}`,
    );
    const named = new Set(rows.map(({ file }) => Number(file)));
    for (const { number, live, deletes } of batch.files)
      if (named.has(number)) {
        const { path, bytes, rows: fileRows } = live.file;
        this.#files.set(number, {
          path,
          bytes,
          rows: fileRows,
          sourceFile: sourceFileOf(live.file, this.#session),
          deletedBefore: live.deletes?.rows ?? 0,
          ...(deletes === null ? {} : { positionsBefore: deletedPositions(deletes) }),
        });
      }
    await batch.release(named);
  }

  /** Of the table, those that were live. */
  async count(): Promise<number> {
    return this.#wholeRows + (await this.#session.count('SELECT count(*) FROM dead'));
  }

  /** The files that the table `dead` names, each with the query of its rows there. */
  async touched(): Promise<readonly TouchedRows[]> {
    const rows = await this.#session.db.rows(
      'SELECT file, count(*) AS dead FROM dead GROUP BY file ORDER BY file',
    );
    return rows.map(({ file, dead }) => {
      const touched = this.#files.get(Number(file));
      if (touched === undefined) throw new RangeError(`no file ${file} was looked at`);
      return {
        file: touched,
        dead: Number(dead),
        positions: `SELECT pos FROM dead WHERE file = ${file}`,
      };
    });
  }
}

/** A file of which rows go. */
export interface TouchedRows {
  readonly file: TouchedFile;
  /** Rows that go now. */
  readonly dead: number;
  /** SQL of their positions, as column `pos`. */
  readonly positions: string;
}

/** The upload that all rows of a file came from; null for rows of none. */
export function sourceFileOf({ lowerBounds }: DataFile, { options }: MergeSession): string | null {
  const id = options.schema.find(({ name }) => name === '_source_file')?.id;
  const bound = id === undefined ? undefined : lowerBounds[id];
  return bound === undefined ? null : Buffer.from(bound, 'base64').toString();
}
