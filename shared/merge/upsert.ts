import type { DuckDb } from '../duckdb/openDuckDb.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import type { ColumnRange } from './columnRange.ts';
import { compare, fromText } from './comparable.ts';
import { DeadRows } from './deadRows.ts';
import { finishMerge } from './finishMerge.ts';
import { IncomingRows } from './incomingRows.ts';
import { isUnchanged } from './isUnchanged.ts';
import { keyFilter } from './keyFilter.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, sameValues } from './parquetRows.ts';
import { rowsNear } from './rowsNear.ts';
import { type ScanPlan, scanLive } from './scanLive.ts';
import {
  fileColumn,
  placeColumn,
  posColumn,
  type ScratchColumn,
  type ScratchRows,
  scratchColumn,
} from './scratchRows.ts';

const sameCursorColumn: ScratchColumn = { name: 'same', type: 'BOOLEAN' };

type Upsert = Extract<MergeRule, { kind: 'upsert' }>;

/** One live row per key: the newest of the new ones against those of the table. */
export async function upsert(
  session: MergeSession,
  rule: Upsert,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { options } = session;
  const key = session.fields(rule.key);
  const cursor = rule.cursor === null ? null : session.field(rule.cursor);
  const deleted = options.schema.find(({ name }) => name === '_deleted') ?? null;
  const fields = distinct([...key, cursor, deleted]);
  const incoming = await IncomingRows.load(session, fields, (rangeOf) =>
    deleted !== null && !key.includes(deleted) && !mayBeTrue(rangeOf(deleted)) ? [deleted] : [],
  );
  const newest = cursor === null ? '' : `i.${columnOf(cursor)} DESC NULLS FIRST, `;
  await incoming.keepOnePerKey(key, `${newest}i.place DESC`);

  const dead = new DeadRows(session);
  const matches = await matchTable(session, incoming, dead, key, cursor);
  if (cursor !== null && (await isUnchanged(session, incoming, { matches, dead, key, cursor })))
    return nothing(options.adds);
  if (cursor !== null) await refuseOlder(session, incoming, dead, matches);
  if (rule.onDelete === 'remove' && deleted !== null)
    await incoming.lost.append(
      `SELECT place FROM ${incoming.sql} i ANTI JOIN ${incoming.lost.sql} l USING (place) WHERE ${columnOf(deleted)}`,
    );
  return { ...(await finishMerge(session, dead, incoming)), tombstones: 0 };
}

/** None of the new rows is any news. */
const nothing = (adds: readonly DataFile[]): Omit<Merged, 'bytesRead'> => ({
  adds: [],
  deletes: [],
  removes: [],
  deduplicated: adds.reduce((sum, { rows }) => sum + rows, 0),
  superseded: 0,
  tombstones: 0,
});

const mayBeTrue = ({ upper, mayHaveValues }: ColumnRange): boolean => mayHaveValues && upper !== 0;

const distinct = (fields: readonly (Field | null)[]): readonly Field[] => [
  ...new Set(fields.filter((field) => field !== null)),
];

/**
 * Answers (file, pos, place, newer, same) of the live rows that have a key of the new ones; `newer` is the row's cursor
 * where it beats that of the new one, `same` whether both are equal (null where one is null, or was not fetched).
 */
async function matchTable(
  session: MergeSession,
  incoming: IncomingRows,
  dead: DeadRows,
  key: readonly Field[],
  cursor: Field | null,
): Promise<ScratchRows> {
  const { db, options } = session;
  const columns = [fileColumn, posColumn, placeColumn];
  const matches = session.scratchRows(
    cursor === null
      ? columns
      : [...columns, { ...scratchColumn(cursor), name: 'newer' }, sameCursorColumn],
  );
  const column = cursor === null ? '' : columnOf(cursor);
  const newer =
    cursor === null
      ? ''
      : `, CASE WHEN t.${column} > i.${column} THEN t.${column} END, t.${column} = i.${column}`;
  const scan = {
    fields: distinct([...key, cursor]),
    plan: async () => ({
      filter: await keyFilter(db, incoming.sql, key),
      ...(cursor === null || key.includes(cursor)
        ? {}
        : { idle: await idleCursor(db, incoming, cursor) }),
    }),
  };
  for await (const batch of scanLive(session, options.live(), scan)) {
    const found = `SELECT t.file, t.pos, i.place${newer}
      FROM ${batch.rows} t JOIN ${rowsNear(incoming.sql, batch.files, key)} i ON ${sameValues('t', 'i', key)}`;
    await dead.endBatch(batch, await matches.append(`FROM ${batch.alive(found)}`));
  }
  return matches;
}

/** Where no row can be newer than any of the new ones, its cursor does not matter. */
async function idleCursor(
  db: DuckDb,
  incoming: IncomingRows,
  cursor: Field,
): Promise<NonNullable<ScanPlan['idle']>> {
  const column = columnOf(cursor);
  const text = cursor.type === 'binary' ? `hex(min(${column}))` : `CAST(min(${column}) AS VARCHAR)`;
  const [row] = await db.rows(`SELECT ${text} AS least FROM ${incoming.sql}`);
  const least = typeof row?.['least'] === 'string' ? row['least'] : null;
  const oldest = least === null ? null : fromText(cursor.type, least, 'lower');
  return (rangeOf) => {
    const { upper, mayHaveValues } = rangeOf(cursor);
    if (least === null || !mayHaveValues) return [cursor];
    // NaN is greater than every number, and bounds leave it out.
    if (cursor.type === 'float' || cursor.type === 'double') return [];
    return oldest !== null && upper !== null && compare(upper, oldest) <= 0 ? [cursor] : [];
  };
}

/**
 * A new row that any row of its key in the table is newer than loses; of that key only the newest row stays, so
 * that one is left whatever the table had.
 */
async function refuseOlder(
  session: MergeSession,
  incoming: IncomingRows,
  dead: DeadRows,
  matches: ScratchRows,
): Promise<void> {
  const newer = `SELECT file, pos, place,
      row_number() OVER (PARTITION BY place ORDER BY newer DESC, file DESC, pos DESC) AS rank
    FROM ${matches.sql} WHERE newer IS NOT NULL`;
  const kept = session.scratchRows([fileColumn, posColumn, placeColumn]);
  const { rows } = await kept.append(`SELECT file, pos, place FROM (${newer}) WHERE rank = 1`);
  if (rows === 0) return;
  await incoming.lost.append(`SELECT place FROM ${kept.sql}`);
  const going = session.scratchRows([fileColumn, posColumn]);
  await going.append(
    `SELECT file, pos FROM ${matches.sql} m ANTI JOIN ${kept.sql} k USING (file, pos)`,
  );
  await dead.replaceRows(going);
  await matches.clear();
}
