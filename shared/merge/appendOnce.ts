import { finishMerge } from './finishMerge.ts';
import { IncomingRows } from './incomingRows.ts';
import { keyFilter } from './keyFilter.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { sameValues } from './parquetRows.ts';
import { rowsNear } from './rowsNear.ts';
import { scanLive } from './scanLive.ts';
import { placeColumn } from './scratchRows.ts';

type AppendOnce = Extract<MergeRule, { kind: 'appendOnce' }>;

/** New rows that the table, or an earlier place of the new rows, has already lose. */
export async function appendOnce(
  session: MergeSession,
  rule: AppendOnce,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { db, options } = session;
  const names = rule.cursor === null ? rule.key : [...rule.key, rule.cursor];
  const same = session.fields([...new Set(names)]);
  const incoming = await IncomingRows.load(session, same);
  await incoming.keepOnePerKey(same, 'i.place');
  const found = session.scratchRows([placeColumn]);
  const scan = {
    fields: same,
    plan: async () => ({ filter: await keyFilter(db, incoming.sql, same) }),
  };
  for await (const batch of scanLive(session, options.live(), scan)) {
    const near = rowsNear(incoming.sql, batch.files, same);
    const rows = `SELECT t.file, t.pos, i.place FROM ${batch.rows} t JOIN ${near} i ON ${sameValues('t', 'i', same)}`;
    await found.append(`SELECT DISTINCT place FROM ${batch.alive(rows)}`);
    await batch.release(new Set());
  }
  await incoming.lost.append(`SELECT DISTINCT place FROM ${found.sql}`);
  return { ...(await finishMerge(session, null, incoming)), tombstones: 0 };
}
