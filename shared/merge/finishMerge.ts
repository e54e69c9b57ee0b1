import { type DeadRows, sourceFileOf } from './deadRows.ts';
import { firstPlaces, type IncomingRows } from './incomingRows.ts';
import type { Merged } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import type { ScratchRows } from './scratchRows.ts';
import { settleFiles } from './settleFiles.ts';

type Changes = Pick<Merged, 'adds' | 'deletes' | 'removes'>;

/** Turns dead rows of the table and lost rows of the new files, where there can be any, into files. */
export async function finishMerge(
  session: MergeSession,
  dead: DeadRows | null,
  incoming: IncomingRows | null,
): Promise<Omit<Merged, 'bytesRead' | 'tombstones'>> {
  const added = incoming === null ? unchanged : await settleAdds(session, incoming.lost);
  const table = dead === null ? unchanged : await settleTable(session, dead);
  return {
    adds: [...table.adds, ...added.adds],
    deletes: [...table.deletes, ...added.deletes],
    removes: table.removes,
    deduplicated: incoming?.lost.rows ?? 0,
    superseded: dead?.rows ?? 0,
  };
}

const unchanged: Changes = { adds: [], deletes: [], removes: [] };

async function settleTable(session: MergeSession, dead: DeadRows): Promise<Changes> {
  const { touched } = dead;
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
  lostPlaces: ScratchRows,
): Promise<Pick<Merged, 'adds' | 'deletes'>> {
  const { adds } = session.options;
  if (lostPlaces.rows === 0) return { adds, deletes: [] };
  const bases = firstPlaces(adds);
  const counts = await session.db.rows(
    `SELECT file, count(*) AS lost FROM (
       SELECT len(list_filter([${bases.join(', ')}]::BIGINT[], lambda base: base <= place)) - 1 AS file FROM ${lostPlaces.sql}
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
          positions: `SELECT place - ${base} AS pos FROM ${lostPlaces.sql} WHERE place >= ${base} AND place < ${base + file.rows}`,
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
