import { open, rm } from 'node:fs/promises';
import { sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { dataFileFromStats } from '../lake/dataFileFromStats.ts';
import { icebergTypeOf } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, parquetRows } from './parquetRows.ts';
import type { TouchedFile } from './settleFiles.ts';
import { writeAt } from './writeAt.ts';

/**
 * Writes a data file again without some of its rows, in the same order, with all its columns under the same field
 * ids, in the table's types. `dead` is SQL of their positions. The only step of a merge that reads a whole file.
 */
export async function rewriteDataFile(
  session: MergeSession,
  file: TouchedFile,
  dead: string,
  rowsLeft: number,
): Promise<DataFile> {
  const { db, lake } = session;
  const [input, output] = [session.scratchPath('whole'), session.scratchPath('rewritten')];
  try {
    {
      await using handle = await open(input, 'w', 0o600);
      await lake.readAll(file.path, [{ from: 0, to: file.bytes }], (bytes, from) =>
        writeAt(handle, bytes, from),
      );
    }
    const fields = await fieldsOf(session, input);
    const columns = fields.map((field) => `${columnOf(field)} AS ${sqlName(field.name)}`);
    const [stats] = await db.rows(
      `COPY (SELECT ${columns.join(', ')} FROM ${parquetRows([input], fields, file.rows)}
         WHERE file_row_number NOT IN (SELECT pos FROM (${dead})))
       TO ${sqlText(output)} (${copyOptions(fields)})`,
    );
    await rm(input, { force: true });
    const path = await session.publish(output, 'merged');
    const rewritten = dataFileFromStats({
      path,
      fields,
      stats,
      ...(file.sourceFile === null ? {} : { sourceFile: file.sourceFile }),
    });
    if (rewritten.rows !== rowsLeft)
      throw new RangeError(`${file.path}: ${rewritten.rows} rows are left of ${rowsLeft}`);
    return rewritten;
  } finally {
    for (const path of [input, output]) await rm(path, { force: true });
  }
}

/** The file's columns in their order, in the table's types where the table has them still. */
async function fieldsOf({ db, options }: MergeSession, path: string): Promise<readonly Field[]> {
  const current = new Map(options.schema.map((field) => [field.id, field]));
  const described = new Map(
    (await db.rows(`DESCRIBE SELECT * FROM read_parquet(${sqlText(path)})`)).map((row) => [
      String(row['column_name']),
      String(row['column_type']),
    ]),
  );
  const columns = await db.rows(
    `SELECT name, field_id FROM parquet_schema(${sqlText(path)}) WHERE field_id IS NOT NULL`,
  );
  return columns.map(({ name, field_id: id }) => ({
    id: Number(id),
    name: String(name),
    type: current.get(Number(id))?.type ?? icebergTypeOf(described.get(String(name)) ?? ''),
  }));
}
