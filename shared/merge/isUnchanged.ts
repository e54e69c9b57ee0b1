import type { Field } from '../lake/schema.ts';
import type { DeadRows } from './deadRows.ts';
import { IncomingRows } from './incomingRows.ts';
import { keyFilter } from './keyFilter.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf } from './parquetRows.ts';
import { scanLive } from './scanLive.ts';
import type { ScratchRows } from './scratchRows.ts';

/** Above these a commit is made without a look: whole rows are fetched for it. */
const mostRows = 1_000;
const mostFiles = 4;
/** Columns that say who wrote a row. */
const writers: ReadonlySet<string> = new Set(['_run_id', '_ingested_at', '_source_file']);

interface Matched {
  readonly matches: ScratchRows;
  readonly dead: DeadRows;
  readonly key: readonly Field[];
  readonly cursor: Field;
}

/**
 * Whether each new row that is left is its key's only row in the table already, value by value. That is all that the
 * overlap of two reads brings while its source is quiet, and worth no snapshot. `matches` and `dead`: of all of them.
 */
export async function isUnchanged(
  session: MergeSession,
  incoming: IncomingRows,
  { matches, dead, key, cursor }: Matched,
): Promise<boolean> {
  const { db, options } = session;
  if (matches.rows === 0 || matches.rows > mostRows || dead.touched.length > mostFiles)
    return false;
  // Where the table's cursor was not fetched, only one value of the new ones can be equal to it.
  const [seen] = await db.rows(
    `SELECT (SELECT count(*) FROM ${incoming.sql})::INTEGER AS rows, count(DISTINCT m.place)::INTEGER AS places,
       coalesce(bool_and(m.same), true) AS same,
       count(DISTINCT i.${columnOf(cursor)}) FILTER (m.same IS NULL)::INTEGER AS cursors
     FROM ${matches.sql} m JOIN ${incoming.sql} i USING (place)`,
  );
  const rows = Number(seen?.['rows']);
  if (rows !== matches.rows || rows !== seen?.['places']) return false;
  if (seen['same'] !== true || Number(seen['cursors']) > 1) return false;
  const fields = options.schema.filter(({ name }) => !writers.has(name));
  const whole = await IncomingRows.load(session, fields);
  const touched = new Set(dead.touched.map(({ file }) => file.path));
  const live = async function* () {
    for await (const file of options.live()) if (touched.has(file.file.path)) yield file;
  };
  const scan = {
    fields,
    plan: async () => ({ filter: await keyFilter(db, incoming.sql, key) }),
  };
  let same = 0;
  for await (const batch of scanLive(session, live(), scan)) {
    const equal = `SELECT t.file, t.pos FROM ${batch.rows} t
      JOIN (SELECT w.* FROM ${whole.sql} w SEMI JOIN ${incoming.sql} i USING (place)) w
      ON ${fields.map((field) => `${comparedOf('t', field)} IS NOT DISTINCT FROM ${comparedOf('w', field)}`).join(' AND ')}`;
    const [found] = await db.rows(`SELECT count(*)::INTEGER AS rows FROM (${batch.alive(equal)})`);
    same += Number(found?.['rows']);
    await batch.release(new Set());
  }
  return same === rows;
}

/** A row that is no tombstone may say so, or nothing. */
const comparedOf = (relation: string, field: Field): string => {
  const value = `${relation}.${columnOf(field)}`;
  return field.name === '_deleted' ? `coalesce(${value}, false)` : value;
};
