import { finishMerge } from './finishMerge.ts';
import { keepOnePerKey, loadIncoming } from './incomingRows.ts';
import { keyFilter } from './keyFilter.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { sameValues } from './parquetRows.ts';
import { scanLive } from './scanLive.ts';

type AppendOnce = Extract<MergeRule, { kind: 'appendOnce' }>;

/** New rows that the table, or an earlier place of the new rows, has already lose. */
export async function appendOnce(
  session: MergeSession,
  rule: AppendOnce,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { db, options } = session;
  const names = rule.cursor === null ? rule.key : [...rule.key, rule.cursor];
  const same = session.fields([...new Set(names)]);
  await loadIncoming(session, same);
  await keepOnePerKey(session, same, 'i.place');
  await db.rows('CREATE TABLE found (place BIGINT)');
  const scan = {
    fields: same,
    plan: async () => ({ filter: await keyFilter(db, 'incoming', same) }),
  };
  for await (const batch of scanLive(session, options.live(), scan)) {
    const rows = `SELECT t.file, t.pos, i.place FROM ${batch.rows} t JOIN incoming i ON ${sameValues('t', 'i', same)}`;
    await db.rows(`INSERT INTO found SELECT DISTINCT place FROM ${batch.alive(rows)}`);
    await batch.release(new Set());
  }
  await db.rows('INSERT INTO lost SELECT DISTINCT place FROM found');
  return { ...(await finishMerge(session, null, options.adds)), tombstones: 0 };
}
