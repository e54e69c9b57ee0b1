import { sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { dataFileFromStats } from '../lake/dataFileFromStats.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import { DeadRows } from './deadRows.ts';
import { finishMerge } from './finishMerge.ts';
import { IncomingRows } from './incomingRows.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, columnsOf, sameValues } from './parquetRows.ts';
import { everyRow, scanLive } from './scanLive.ts';
import { fileColumn, posColumn, type ScratchRows, scratchColumn } from './scratchRows.ts';

type KeepOnly = Extract<MergeRule, { kind: 'keepOnly' }>;

/** Live rows whose key is not among the given ones go. Tombstones of earlier comparisons stay where more are made. */
export async function keepOnly(
  session: MergeSession,
  rule: KeepOnly,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { options } = session;
  const key = session.fields(rule.key);
  const deleted = rule.onDelete === 'tombstone' ? session.field('_deleted') : null;
  const incoming = await IncomingRows.load(session, key);
  const going = session.scratchRows([fileColumn, posColumn, ...key.map(scratchColumn)]);
  const dead = new DeadRows(session);
  const scan = {
    fields: deleted === null ? key : [...key, deleted],
    plan: async () => everyRow,
  };
  const isTombstone = deleted === null ? 'false' : `coalesce(t.${columnOf(deleted)}, false)`;
  for await (const batch of scanLive(session, options.live(), scan)) {
    const rows = `SELECT t.file, t.pos, ${columnsOf(key, 't.')} FROM ${batch.rows} t
      ANTI JOIN ${incoming.sql} i ON ${sameValues('t', 'i', key)} WHERE NOT ${isTombstone}`;
    await dead.endBatch(batch, await going.append(`FROM ${batch.alive(rows)}`));
  }
  const finished = await finishMerge(session, dead, null);
  const tombstones = deleted === null ? [] : await writeTombstones(session, going, key, deleted);
  return {
    ...finished,
    adds: [...finished.adds, ...tombstones],
    tombstones: tombstones.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** One row for each key that goes; no file where none does. */
async function writeTombstones(
  session: MergeSession,
  going: ScratchRows,
  key: readonly Field[],
  deleted: Field,
): Promise<readonly DataFile[]> {
  const { db, options } = session;
  if (going.rows === 0) return [];
  const [runId, ingestedAt] = session.fields(['_run_id', '_ingested_at']) as [Field, Field];
  const fields = [...key, runId, ingestedAt, deleted];
  const values = [
    ...key.map(columnOf),
    sqlText(options.runId),
    `TIMESTAMPTZ ${sqlText(options.ingestedAt.toISOString())}`,
    'true',
  ];
  const outputs = fields.map(
    ({ name, type }, index) => `${values[index]}::${duckdbType(type)} AS ${sqlName(name)}`,
  );
  const localPath = session.scratchPath('tombstones');
  const [stats] = await db.rows(
    `COPY (SELECT ${outputs.join(', ')} FROM (SELECT DISTINCT ${columnsOf(key)} FROM ${going.sql}))
     TO ${sqlText(localPath)} (${copyOptions(fields)})`,
  );
  const path = await session.publish(localPath, 'tombstones');
  return [dataFileFromStats({ path, fields, stats })];
}
