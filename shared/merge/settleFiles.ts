import type { DataFile } from '../lake/dataFile.ts';
import { copyPositionDeletes, positionDeleteFile } from '../lake/positionDeleteFile.ts';
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

/** Decides for each file, in the order given, and writes what it needs. */
export async function settleFiles(
  session: MergeSession,
  touched: readonly TouchedRows[],
): Promise<readonly Settled[]> {
  const settled: Promise<Settled>[] = [];
  try {
    for (const rows of touched) {
      const { finished } = await settle(session, rows);
      finished.catch(() => undefined);
      settled.push(finished);
      await settled.at(-mostUploads);
    }
    return await Promise.all(settled);
  } finally {
    await Promise.allSettled(settled);
  }
}

/** Resolves once DuckDB is free again; `finished` once the file is uploaded. */
async function settle(
  session: MergeSession,
  touched: TouchedRows,
): Promise<{ readonly finished: Promise<Settled> }> {
  const { db } = session;
  const { file, dead, positions } = touched;
  const all =
    file.positionsBefore === undefined
      ? positions
      : `${positions} UNION ALL SELECT pos FROM ${file.positionsBefore}`;
  const allDead = dead + file.deletedBefore;
  if (allDead === file.rows) return { finished: Promise.resolve({ kind: 'gone' }) };
  if (session.copyOnWrite({ ...file, dead: allDead }))
    return {
      finished: Promise.resolve({
        kind: 'rewritten',
        file: await rewriteDataFile(session, file, all, file.rows - allDead),
      }),
    };
  const localPath = session.scratchPath('deletes');
  const [stats] = await db.rows(copyPositionDeletes(file.path, all, localPath));
  return { finished: publishDeletes(session, file.path, localPath, stats, allDead) };
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
