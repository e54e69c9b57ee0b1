import type { DataFile } from '../lake/dataFile.ts';
import { copyPositionDeletes, positionDeleteFile } from '../lake/positionDeleteFile.ts';
import type { LosingFile } from './copyOnWrite.ts';
import type { TouchedRows } from './deadRows.ts';
import type { MergeSession } from './mergeSession.ts';
import { rewriteDataFile } from './rewriteDataFile.ts';

/** What has to be known of a data file to take rows from it. */
export interface TouchedFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly sourceFile: string | null;
  readonly deletedBefore: number;
  /** SQL of a relation of those positions, as column `pos`. */
  readonly positionsBefore?: string;
}

/** What becomes of a file that loses rows. */
export type Settled =
  | { readonly kind: 'gone' }
  | { readonly kind: 'rewritten'; readonly file: DataFile }
  | { readonly kind: 'deletes'; readonly file: DataFile };

/** Uploads under way while DuckDB writes the next file. */
const mostUploads = 4;

/** Decides for each file and writes what it needs; answers in the order given. */
export async function settleFiles(
  session: MergeSession,
  touched: readonly TouchedRows[],
): Promise<readonly Settled[]> {
  const losing = touched.map(({ file, dead, positions }): Losing => {
    const { positionsBefore, deletedBefore } = file;
    const before =
      positionsBefore === undefined ? '' : ` UNION ALL SELECT pos FROM ${positionsBefore}`;
    const { bytes, rows } = file;
    return { file, bytes, rows, dead: dead + deletedBefore, positions: `${positions}${before}` };
  });
  const rewritten = session.copyOnWrite(losing.filter(({ dead, rows }) => dead < rows));
  const settled: Promise<Settled>[] = [];
  try {
    for (const file of losing) {
      const { finished } = await settle(session, file, rewritten.has(file));
      finished.catch(() => undefined);
      settled.push(finished);
      await settled.at(-mostUploads);
    }
    return await Promise.all(settled);
  } finally {
    await Promise.allSettled(settled);
  }
}

interface Losing extends LosingFile {
  readonly file: TouchedFile;
  /** SQL of the positions of all dead rows, as column `pos`. */
  readonly positions: string;
}

/** Resolves once DuckDB is free again; `finished` once the file is uploaded. */
async function settle(
  session: MergeSession,
  { file, rows, dead, positions }: Losing,
  isRewritten: boolean,
): Promise<{ readonly finished: Promise<Settled> }> {
  if (dead === rows) return { finished: Promise.resolve({ kind: 'gone' }) };
  if (isRewritten) {
    session.options.log.info('writing a file again without its dead rows', {
      path: file.path,
      rows,
      dead,
    });
    const written = await rewriteDataFile(session, file, positions, rows - dead);
    return { finished: Promise.resolve({ kind: 'rewritten', file: written }) };
  }
  const localPath = session.scratchPath('deletes');
  const [stats] = await session.db.rows(copyPositionDeletes(file.path, positions, localPath));
  return { finished: publishDeletes(session, file.path, localPath, stats, dead) };
}

async function publishDeletes(
  session: MergeSession,
  deletesFrom: string,
  localPath: string,
  stats: unknown,
  rows: number,
): Promise<Settled> {
  const path = await session.publish(localPath, 'deletes');
  const file = positionDeleteFile({ path, deletesFrom, stats });
  if (file.rows !== rows)
    throw new RangeError(`${deletesFrom}: ${file.rows} positions were written for ${rows} rows`);
  return { kind: 'deletes', file };
}
