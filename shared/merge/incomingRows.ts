import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, columnsOf, sameValues } from './parquetRows.ts';
import { everyRow, type ScanPlan, scanLive } from './scanLive.ts';

/**
 * Loads columns of the new files into the table `incoming (place, columns)`, and makes the empty table `lost (place)`.
 * A place counts the rows of all new files from 0, so that later rows have greater ones. Columns that are `idle` in a
 * file are null.
 */
export async function loadIncoming(
  session: MergeSession,
  fields: readonly Field[],
  idle: ScanPlan['idle'] = () => [],
): Promise<void> {
  const { db, options } = session;
  const columns = fields.map((field) => `, ${columnOf(field)} ${duckdbType(field.type)}`).join('');
  await db.rows(`CREATE TABLE incoming (place BIGINT${columns})`);
  await db.rows('CREATE TABLE lost (place BIGINT)');
  const places = firstPlaces(options.adds);
  const placeOf = new Map(options.adds.map(({ path }, index) => [path, places[index]]));
  const scan = { fields, plan: async () => ({ ...everyRow, idle }) };
  for await (const batch of scanLive(session, asLive(options.adds), scan)) {
    const first = batch.files[0]?.number ?? 0;
    const firsts = batch.files.map(({ live }) => placeOf.get(live.file.path));
    await db.rows(
      `INSERT INTO incoming SELECT pos + ([${firsts.join(', ')}]::BIGINT[])[file - ${first} + 1], ${columnsOf(fields)}
       FROM ${batch.rows}`,
    );
    await batch.release(new Set());
  }
}

/** The place of the first row of each new file. */
export function firstPlaces(adds: readonly DataFile[]): readonly number[] {
  let next = 0;
  return adds.map(({ rows }) => {
    const first = next;
    next += rows;
    return first;
  });
}

/**
 * Moves the places of all rows but one per key from `incoming` to `lost`. `order` is SQL that puts the row that stays
 * first. Costs one pass over the keys where none occurs twice.
 */
export async function keepOnePerKey(
  session: MergeSession,
  key: readonly Field[],
  order: string,
): Promise<void> {
  const { db } = session;
  const columns = columnsOf(key);
  await db.rows(
    `CREATE TABLE repeated AS SELECT ${columns} FROM incoming GROUP BY ${columns} HAVING count(*) > 1`,
  );
  if ((await session.count('SELECT count(*) FROM repeated')) > 0) {
    await db.rows(
      `INSERT INTO lost SELECT place FROM (
         SELECT i.place, row_number() OVER (PARTITION BY ${columnsOf(key, 'i.')} ORDER BY ${order}) AS rank
         FROM incoming i SEMI JOIN repeated r ON ${sameValues('i', 'r', key)}
       ) WHERE rank > 1`,
    );
    await db.rows('DELETE FROM incoming WHERE place IN (SELECT place FROM lost)');
  }
  await db.rows('DROP TABLE repeated');
}

async function* asLive(adds: readonly DataFile[]): AsyncGenerator<LiveFile> {
  for (const file of adds) yield { file, deletes: null };
}
