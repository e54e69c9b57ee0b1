import type { DuckDb } from '../duckdb/openDuckDb.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import type { ColumnRange } from './columnRange.ts';
import { compare, fromText } from './comparable.ts';
import { DeadRows } from './deadRows.ts';
import { finishMerge } from './finishMerge.ts';
import { keepOnePerKey, loadIncoming } from './incomingRows.ts';
import { keyFilter } from './keyFilter.ts';
import type { Merged, MergeRule } from './merge.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, sameValues } from './parquetRows.ts';
import { type ScanPlan, scanLive } from './scanLive.ts';

type Upsert = Extract<MergeRule, { kind: 'upsert' }>;

/** One live row per key: the newest of the new ones against those of the table. */
export async function upsert(
  session: MergeSession,
  rule: Upsert,
): Promise<Omit<Merged, 'bytesRead'>> {
  const { db, options } = session;
  const key = session.fields(rule.key);
  const cursor = rule.cursor === null ? null : session.field(rule.cursor);
  const deleted = options.schema.find(({ name }) => name === '_deleted') ?? null;
  await loadIncoming(session, distinct([...key, cursor, deleted]), (rangeOf) =>
    deleted !== null && !key.includes(deleted) && mayBeTrue(rangeOf(deleted))
      ? []
      : distinct([deleted]),
  );
  const newest = cursor === null ? '' : `i.${columnOf(cursor)} DESC NULLS FIRST, `;
  await keepOnePerKey(session, key, `${newest}i.place DESC`);

  const dead = new DeadRows(session);
  await matchTable(session, dead, key, cursor);
  if (cursor !== null) await refuseOlder(session);
  await db.rows('ALTER TABLE matches RENAME TO dead');
  if (rule.onDelete === 'remove' && deleted !== null)
    await db.rows(
      `INSERT INTO lost SELECT place FROM incoming WHERE ${columnOf(deleted)}
       AND place NOT IN (SELECT place FROM lost)`,
    );
  return { ...(await finishMerge(session, dead, options.adds)), tombstones: 0 };
}

const mayBeTrue = ({ upper, mayHaveValues }: ColumnRange): boolean => mayHaveValues && upper !== 0;

const distinct = (fields: readonly (Field | null)[]): readonly Field[] => [
  ...new Set(fields.filter((field) => field !== null)),
];

/**
 * Fills `matches (file, pos, place, newer)` with the live rows that have a key of the new ones; `newer` is the row's
 * cursor where it beats that of the new one.
 */
async function matchTable(
  session: MergeSession,
  dead: DeadRows,
  key: readonly Field[],
  cursor: Field | null,
): Promise<void> {
  const { db, options } = session;
  const newerType = cursor === null ? 'BOOLEAN' : duckdbType(cursor.type);
  await db.rows(
    `CREATE TABLE matches (file INTEGER, pos BIGINT, place BIGINT, newer ${newerType})`,
  );
  const column = cursor === null ? '' : columnOf(cursor);
  const newer =
    cursor === null ? 'NULL' : `CASE WHEN t.${column} > i.${column} THEN t.${column} END`;
  const scan = {
    fields: distinct([...key, cursor]),
    plan: async () => ({
      filter: await keyFilter(db, 'incoming', key),
      ...(cursor === null || key.includes(cursor) ? {} : { idle: await idleCursor(db, cursor) }),
    }),
  };
  for await (const batch of scanLive(session, options.live(), scan)) {
    const found = `SELECT t.file, t.pos, i.place, ${newer} AS newer
      FROM ${batch.rows} t JOIN incoming i ON ${sameValues('t', 'i', key)}`;
    await db.rows(`INSERT INTO matches SELECT file, pos, place, newer FROM ${batch.alive(found)}`);
    await dead.endBatch(batch, 'matches');
  }
}

/** Where no row can be newer than any of the new ones, its cursor does not matter. */
async function idleCursor(db: DuckDb, cursor: Field): Promise<NonNullable<ScanPlan['idle']>> {
  const column = columnOf(cursor);
  const text = cursor.type === 'binary' ? `hex(min(${column}))` : `CAST(min(${column}) AS VARCHAR)`;
  const [row] = await db.rows(`SELECT ${text} AS least FROM incoming`);
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
async function refuseOlder(session: MergeSession): Promise<void> {
  const { db } = session;
  if ((await session.count('SELECT count(*) FROM matches WHERE newer IS NOT NULL')) === 0) return;
  await db.rows(
    `CREATE TABLE kept AS SELECT file, pos, place FROM (
       SELECT file, pos, place,
         row_number() OVER (PARTITION BY place ORDER BY newer DESC, file DESC, pos DESC) AS rank
       FROM matches WHERE newer IS NOT NULL
     ) WHERE rank = 1`,
  );
  await db.rows('INSERT INTO lost SELECT place FROM kept');
  await db.rows(
    'DELETE FROM matches WHERE newer IS NOT NULL AND (file, pos) IN (SELECT (file, pos) FROM kept)',
  );
}
