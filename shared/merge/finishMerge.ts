import type { DataFile } from '../lake/dataFile.ts';
import { type DeadRows, sourceFileOf } from './deadRows.ts';
import { firstPlaces } from './incomingRows.ts';
import type { Merged } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { settleFiles } from './settleFiles.ts';

type Changes = Pick<Merged, 'adds' | 'deletes' | 'removes'>;

/** Turns dead rows of the table (null: none can be) and lost places of the new files into files. */
export async function finishMerge(
  session: MergeSession,
  dead: DeadRows | null,
  adds: readonly DataFile[],
): Promise<Omit<Merged, 'bytesRead' | 'tombstones'>> {
  const deduplicated = adds.length === 0 ? 0 : await session.count('SELECT count(*) FROM lost');
  const added = deduplicated === 0 ? { adds, deletes: [] } : await settleAdds(session, adds);
  const table = dead === null ? unchanged : await settleTable(session, dead);
  return {
    adds: [...table.adds, ...added.adds],
    deletes: [...table.deletes, ...added.deletes],
    removes: table.removes,
    deduplicated,
    superseded: dead === null ? 0 : await dead.count(),
  };
}

const unchanged: Changes = { adds: [], deletes: [], removes: [] };

async function settleTable(session: MergeSession, dead: DeadRows): Promise<Changes> {
  const touched = await dead.touched();
  const settled = await settleFiles(session, touched);
  const removed = touched.filter((_, index) => settled[index]?.kind !== 'deletes');
  return {
    adds: settled.flatMap((result) => (result.kind === 'rewritten' ? result.file : [])),
    deletes: settled.flatMap((result) => (result.kind === 'deletes' ? result.file : [])),
    removes: [...dead.whole, ...removed.map(({ file }) => file.path)],
  };
}

async function settleAdds(
  session: MergeSession,
  adds: readonly DataFile[],
): Promise<Pick<Merged, 'adds' | 'deletes'>> {
  const bases = firstPlaces(adds);
  const counts = await session.db.rows(
    `SELECT file, count(*) AS lost FROM (
       SELECT len(list_filter([${bases.join(', ')}]::BIGINT[], lambda base: base <= place)) - 1 AS file FROM lost
     ) GROUP BY file`,
  );
  const lost = new Map(counts.map((row) => [Number(row['file']), Number(row['lost'])]));
  const touched = adds.flatMap((file, index) => {
    const dead = lost.get(index) ?? 0;
    const base = bases[index] ?? 0;
    return dead === 0
      ? []
      : {
          file: { ...file, sourceFile: sourceFileOf(file, session), deletedBefore: 0 },
          dead,
          positions: `SELECT place - ${base} AS pos FROM lost WHERE place >= ${base} AND place < ${base + file.rows}`,
        };
  });
  const settled = await settleFiles(session, touched);
  const byPath = new Map(touched.map(({ file }, index) => [file.path, settled[index]]));
  return {
    adds: adds.flatMap((file) => {
      const result = byPath.get(file.path);
      if (result === undefined || result.kind === 'deletes') return file;
      return result.kind === 'rewritten' ? result.file : [];
    }),
    deletes: settled.flatMap((result) => (result.kind === 'deletes' ? result.file : [])),
  };
}
