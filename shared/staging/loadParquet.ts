import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDbRow, sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';
import { fileUnreadable } from '../formats/fileUnreadable.ts';
import { mostColumns } from '../formats/mostColumns.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { unfitJson } from './guardedSql.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { parquetColumns } from './parquetColumns.ts';
import { faultsOf, parquetValue, rejectParquetRows } from './parquetRows.ts';
import { planColumns } from './plannedColumns.ts';

/** Larger inputs become several files. */
const fullFileBytes = 400 * 2 ** 20;

/**
 * Loads a Parquet file that lies on this machine, with its own types; what Iceberg has no type for is text, nested
 * values are JSON, or structs columns of their own. Throws `file_unreadable` for a file that is cut off or damaged, `not_reconciled` when not every
 * row its footer counts was written.
 */
export async function loadParquet(
  state: LoaderState,
  path: string,
  {
    name,
    sourceFile,
    rowsBefore = 0,
  }: {
    readonly name: string;
    readonly sourceFile: string | null;
    /** Rows of the whole file in front of those that lie here. */
    readonly rowsBefore?: number;
  },
): Promise<{ readonly read: number; readonly written: number; readonly rejected: number }> {
  const { db, options, schema } = state;
  const bytes = await checkFooter(path, name);
  const query = async (sql: string): Promise<readonly DuckDbRow[]> => {
    try {
      return await db.rows(sql);
    } catch (error) {
      throw asUnreadable(error, name);
    }
  };
  const file = sqlText(path);
  const [footer] = await query(`SELECT num_rows FROM parquet_file_metadata(${file})`);
  const read = Number(footer?.['num_rows']);
  const columns = await parquetColumns(query, path, state.book);
  if (columns.length > mostColumns)
    throw fileUnreadable(`${name} has ${columns.length} columns; a table may have ${mostColumns}.`);
  const { contract } = state.book.rules;
  const plan = await planColumns(state, columns, contract === 'discard_value' ? null : 0);
  const { placed } = plan;
  const values = plan.taken.map((planned) => parquetValue(state, columns, planned));
  const guarded = values.flatMap(({ guarded: each }) => each ?? []);
  const system = systemOutputs(state, placed.schema, sourceFile, {
    _unfit: contract === 'discard_row' ? 'NULL' : unfitJson(guarded),
  });
  const fields = [...placed.fields, ...system.fields];
  const expressions = [...values.map(({ expression }) => expression), ...system.expressions];
  const outputs = expressions.map(
    (sql, index) => `${sql} AS ${sqlName(fields[index]?.name ?? '')}`,
  );
  const faults = contract === 'discard_row' ? faultsOf(columns, plan, guarded) : [];
  const isFine =
    faults.length === 0 ? '' : ` WHERE NOT (${faults.map(({ sql }) => sql).join(' OR ')})`;
  const target = join(options.workFolder, `${state.scratchName('parquet')}.parquet`);
  const split = bytes > fullFileBytes ? `, FILE_SIZE_BYTES ${fullFileBytes}` : '';
  const files: DataFile[] = [];
  let written = 0;
  try {
    const results =
      read === 0
        ? []
        : await query(
            `COPY (SELECT ${outputs.join(', ')} FROM read_parquet(${file})${isFine}) TO ${sqlText(target)} (${copyOptions(fields)}${split})`,
          );
    for (const stats of results) {
      const rows = Number(stats['count']);
      written += rows;
      const localPath = String(stats['filename']);
      const published = await state.data.publish({ localPath, fields, rows, stats }, sourceFile);
      if (published !== null) files.push(published);
    }
  } finally {
    await rm(target, { recursive: true, force: true });
  }
  const rejects =
    written === read
      ? []
      : await rejectParquetRows(state, { path, columns, faults, sourceFile, rowsBefore });
  const rejected = rejects.reduce((sum, { rows }) => sum + rows, 0);
  if (written + rejected !== read)
    throw notReconciled(name, 'rows were lost or doubled', { read, written, rejected });
  schema.accept(placed);
  state.adds.push(...files);
  state.rejectFiles.push(...rejects);
  return { read, written, rejected };
}

/** A Parquet file ends as it begins; one that does not was cut off. Answers its size. */
async function checkFooter(path: string, name: string): Promise<number> {
  await using handle = await open(path);
  const { size } = await handle.stat();
  const tail = Buffer.alloc(4);
  await handle.read(tail, 0, 4, Math.max(0, size - 4));
  const magic = tail.toString('latin1');
  if (magic === 'PARE')
    throw fileUnreadable(`${name} is an encrypted Parquet file. Upload it without encryption.`);
  if (magic !== 'PAR1')
    throw fileUnreadable(`${name} is cut off: a Parquet file ends with PAR1. Upload it again.`, {
      bytes: size,
    });
  return size;
}

function asUnreadable(error: unknown, name: string): unknown {
  if (error instanceof HeadgateError || !(error instanceof Error)) return error;
  const [line = ''] = error.message.split('\n');
  return /^(Invalid Input|IO|Invalid|Serialization|Not implemented|Conversion|TProtocolException|Binder)/.test(
    line,
  )
    ? fileUnreadable(`${name} cannot be read as Parquet: ${line}`, {}, error)
    : error;
}
